"""What each operation takes as body, answers, and may refuse: one row for each but the lists, which are alike."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST

from estampe.events.schema import reference
from estampe.http.problems import Kind
from estampe.http.route import ListRoute, RecordRoute
from estampe.http.schemas import (
    BODIES,
    EVENTS,
    RECEIPTS,
    ROWS,
    SELECTION,
    STATISTICS,
    draft_of,
    events_of,
    examples_of,
    record_schemas,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estampe.events.schema import Schema
    from estampe.http.route import Route

Media = dict[str, Any]

JSON = "application/json"
NDJSON = "application/x-ndjson"

_GATE = (
    Kind.MISSING_KEY,
    Kind.WRONG_KEY,
    Kind.REVOKED_KEY,
    Kind.EXPIRED_KEY,
    Kind.MISSING_SCOPE,
    Kind.RATE_LIMITED,
)
_QUERY = (Kind.INVALID_PARAMETER, Kind.UNKNOWN_PARAMETER, Kind.REPEATED_PARAMETER, Kind.QUERY_TOO_LONG)
_STREAM = (Kind.NOT_ACCEPTABLE, Kind.TOO_MANY_LISTS, Kind.OVERLOADED)
_BODY = (
    Kind.INVALID_BODY,
    Kind.STALLED_BODY,
    Kind.BODY_TOO_LARGE,
    Kind.UNSUPPORTED_MEDIA_TYPE,
    Kind.UNSUPPORTED_ENCODING,
    Kind.TOO_MANY_BODIES,
    Kind.NO_ROOM,
)
_PUBLISH = (
    Kind.INVALID_EVENTS,
    Kind.FOREIGN_IDENTITY,
    Kind.BATCH_TOO_LARGE,
    Kind.LOG_BUSY,
    Kind.NOT_READY,
    Kind.LOG_FULL,
)

_CATALOG = (Kind.TOO_MANY_CALLS, Kind.CATALOG_UNAVAILABLE)

_WATERMARK = ("X-Events-Complete-Until", "X-Events-Epoch")
_LIST = ("Vary", "Content-Encoding", *_WATERMARK)
_DOCUMENT = ("Vary", "Content-Encoding", "ETag", "Cache-Control")


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What an operation answers.

    Parameters:
        status: the status where all is well.
        says: what the answer is, a sentence.
        content: its media types.
        headers: the names of its own headers, beside those that every answer has.
        kinds: the problems that may occur, beside those of every operation.
        takes: the media types of the request's body.
        optional: whether that body may be left out.
        same: answers 304 to who has it already.
    """

    status: HTTPStatus = HTTPStatus.OK
    says: str
    content: Media
    headers: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    takes: Media | None = None
    optional: bool = False
    same: bool = False


def answer_of(route: Route) -> Answer:
    """Return what an operation answers."""
    if isinstance(route, ListRoute):
        found = _list(route)
    elif isinstance(route, RecordRoute):
        found = _record(route)
    else:
        found = _OTHERS[route.method, route.path]
    return msgspec.structs.replace(found, kinds=(*_common(route), *found.kinds, Kind.INTERNAL))


def _common(route: Route) -> tuple[Kind, ...]:
    """Return the problems that come with what a route takes."""
    places = {parameter.place for parameter in route.parameters}
    path = (Kind.NOT_FOUND,) if "path" in places else ()
    return (*path, *(_QUERY if places else ()), *(_GATE if route.scope else ()))


def _list(route: ListRoute) -> Answer:
    takes = _whole(reference("CampaignSelection"), SELECTION) if route.method == "POST" else None
    return Answer(
        says="The events, streamed.",
        content=_items(events_of(route.types), examples_of(route)),
        headers=_LIST,
        kinds=(*_STREAM, *([Kind.NEVER_OCCURRED] if route.named else []), *(_BODY if takes else ())),
        takes=takes,
    )


def _record(route: RecordRoute) -> Answer:
    taken, given = record_schemas()[route.name]
    examples = BODIES.get(route.name, {})
    return Answer(
        status=HTTPStatus.OK if given else HTTPStatus.NO_CONTENT,
        says=route.says,
        content=_whole(given, examples["gives"]) if given else {},
        headers=route.headers,
        kinds=(*_CATALOG, *(_BODY if taken else ()), *(_STREAM[1:] if route.method == "GET" else ()), *route.refuses),
        takes={media: {"schema": taken, "example": examples["takes"]} for media in route.media} if taken else None,
        optional=route.optional,
    )


def _items(schema: Schema, examples: Sequence[Any]) -> Media:
    """Say of lines what is said of an array: OpenAPI 3.2 describes a media type of many items as their array."""
    array = {"type": "array", "items": schema}
    return {JSON: {"schema": array, "example": examples}, NDJSON: {"schema": array}}


def _whole(schema: Schema, example: Any) -> Media:
    return {JSON: {"schema": schema, "example": example}}


def _state(word: str) -> Media:
    schema = {"type": "object", "properties": {"status": {"type": "string", "const": word}}, "required": ["status"]}
    return _whole(schema, {"status": word})


def _text(media_type: str) -> Media:
    return {media_type: {"schema": {"type": "string"}}}


_OTHERS: dict[tuple[str, str], Answer] = {
    ("POST", "/actions/events"): Answer(
        status=HTTPStatus.CREATED,
        says="All drafts are on the disk: a receipt for each, in order.",
        content=_whole({"type": "array", "items": reference("Receipt")}, RECEIPTS),
        kinds=(*_BODY, *_PUBLISH),
        takes=_items(reference("Draft"), [draft_of(event) for event in EVENTS[:2]]),
    ),
    ("GET", "/actions/{id}/statistics"): Answer(
        says="The action's figures.",
        content=_whole(reference("Statistics"), STATISTICS),
        headers=_WATERMARK,
        kinds=(Kind.NEVER_OCCURRED, Kind.TOO_MANY_STATISTICS),
    ),
    ("GET", "/actions/statistics"): Answer(
        says="A row for each period and group that has events.",
        content=_whole({"type": "array", "items": reference("Row")}, ROWS),
        headers=_WATERMARK,
        kinds=(Kind.TOO_MANY_STATISTICS,),
    ),
    ("GET", "/health/live"): Answer(says="The process serves.", content=_state("live")),
    ("GET", "/health/ready"): Answer(says="Events can be kept.", content=_state("ready"), kinds=(Kind.NOT_READY,)),
    ("GET", "/metrics"): Answer(says="Counts and gauges.", content=_text(CONTENT_TYPE_LATEST)),
    ("GET", "/openapi.json"): Answer(
        says="This document.",
        content={JSON: {"schema": {"type": "object"}}},
        headers=_DOCUMENT,
        kinds=(Kind.NOT_ACCEPTABLE,),
        same=True,
    ),
    ("GET", "/docs"): Answer(
        says="The page.",
        content=_text("text/html"),
        headers=_DOCUMENT,
        kinds=(Kind.NOT_ACCEPTABLE,),
        same=True,
    ),
}
