"""The API described for programs (OpenAPI 3.1): made from the route table, the event model and the kinds of problem.

`python -m estampe.http.openapi` writes it without code samples; `docs/openapi.json` is what it wrote last.
"""

from __future__ import annotations

import sys
from functools import cache
from http import HTTPStatus
from itertools import groupby
from typing import TYPE_CHECKING, Any

import msgspec

from estampe.events.schema import reference
from estampe.http.answers import answer_of
from estampe.http.headers import HEADERS, KEYED, headers_of
from estampe.http.problems import MEDIA_TYPE, Kind, ProblemDetails
from estampe.http.reference.samples import code_samples
from estampe.http.routes import OPERATIONS
from estampe.http.schemas import PARAMETERS, all_schemas
from estampe.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from estampe.http.answers import Answer
    from estampe.http.route import Parameter, Route

Node = dict[str, Any]
"""A part of the document."""

_ABOUT = """\
Everything that happened to a customer's messages, in one append-only log of events: each accepted, cancelled, sent,
bounced, hit, answered message leaves one. And what makes messages: actions, and the targets that they are executed for.

- Send your key in the header `X-Key`. It belongs to one customer, and sees and changes what is that customer's only.
- A list is a bare JSON array, streamed however long it is; a connection that closes before the array does means that
  it is not whole. `Accept: application/x-ndjson` asks for one event a line, `Accept-Encoding` takes `zstd` and `gzip`.
- `HEAD` answers the headers of every `GET`.
- A list ends where `X-Events-Complete-Until` says: take that as the next `start`, and you see each event once.
- Every error is a problem (RFC 9457) that says what is wrong and how to mend it; decide by its `type`. A method that
  a path does not have is answered 405, with its methods in `Allow`.
- Members and types of events that are not described here may come at any time: keep or ignore them.
"""

_TAGS = {
    "actions": "What happened to the messages of all actions, or of one. These lists hold the events of every channel.",
    "reactivities": "What followed the activations of actions: a window for the activation, one for what followed.",
    "notifications": "The same of notifications, which have a number for an id.",
    "targets": "What happened to one contact.",
    "display": "What was displayed.",
    "campaigns": "What happened to the messages that were executed as one set, or by one action.",
    "statistics": "Counts, kept as events are published, so that reading them reads no event.",
    "composing actions": "The actions themselves: write one, validate it in two steps, look at its messages.",
    "executing actions": "Messages: each execution of an action for a target is one, from its `execution` event on.",
    "contacts": "The contacts that actions are executed for.",
    "segments": "Lists of targets, kept by hand.",
    "redlist and blacklist": "Whom not to write to: targets that want no messages, addresses that get none.",
    "marketing pressure": "How many messages a target may get in a time; what is too much is cancelled.",
    "publishing": "Events come in as drafts: the log gives them their timestamp and their place.",
    "health": "For those who watch the server.",
    "documentation": "This API, described by the server itself.",
}

_KEY = "A key of one customer; each operation names the scope that it needs. `estampe key create` makes keys."


@cache
def encoded() -> bytes:
    """Return the document as compact JSON, with code samples."""
    whole = document()
    for route in OPERATIONS:
        whole["paths"][route.path][route.method.lower()]["x-codeSamples"] = code_samples(route)
    return msgspec.json.encode(whole)


def document() -> Node:
    """Return the document without code samples."""
    shared = _Shared()
    paths = _paths(shared)
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Estampe",
            "version": __version__,
            "summary": "Marketing actions and their events.",
            "description": _ABOUT,
            "license": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
            "contact": {"name": "The operator of this server"},
        },
        "servers": [{"url": "/", "description": "The server that this document comes from."}],
        "tags": [{"name": name, "description": _TAGS[name]} for name in dict.fromkeys(each.tag for each in OPERATIONS)],
        "paths": paths,
        "components": {
            "securitySchemes": {"Key": {"type": "apiKey", "in": "header", "name": "X-Key", "description": _KEY}},
            "headers": {name: _header(name) for name in HEADERS},
            **shared.components,
            "schemas": all_schemas(),
        },
    }


class _Shared:
    """Parts that stand in several places of the document, each kept once."""

    def __init__(self) -> None:
        self.components: dict[str, dict[str, Node]] = {"parameters": {}, "responses": {}}

    def keep(self, place: str, name: str, node: Node) -> Node:
        """Return a reference to a part, which is kept under its name, or under a numbered one if that is taken."""
        kept = self.components[place]
        known = next((key for key, other in kept.items() if other == node), None)
        key = known or next(key for key in (name, *(f"{name}{n}" for n in range(2, len(kept) + 3))) if key not in kept)
        kept[key] = node
        return _named(place, key)


def _paths(shared: _Shared) -> dict[str, Node]:
    paths: dict[str, Node] = {}
    request_id = {"name": "X-Request-Id", "in": "header", **_header("X-Request-Id")}
    for route in OPERATIONS:
        operations = paths.setdefault(route.path, {"parameters": [shared.keep("parameters", "requestId", request_id)]})
        operations[route.method.lower()] = _operation(route, shared)
    return paths


def _operation(route: Route, shared: _Shared) -> Node:
    answer = answer_of(route)
    body = {"requestBody": {"required": not answer.optional, "content": answer.takes}} if answer.takes else {}
    return {
        "operationId": route.name,
        "tags": [route.tag],
        "summary": route.summary,
        "description": " ".join(filter(None, (route.description, _needs(route)))),
        "security": [{"Key": []}] if route.scope else [],
        "parameters": [shared.keep("parameters", each.name, _parameter(each, route)) for each in route.parameters],
        **body,
        "responses": {
            f"{status}": shared.keep("responses", name, node) for status, name, node in _responses(route, answer)
        },
    }


def _needs(route: Route) -> str:
    return f"Needs a key with the scope `{route.scope}`." if route.scope else "Needs no key."


def _parameter(parameter: Parameter, route: Route) -> Node:
    schema = PARAMETERS[parameter.form]
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.place == "path" or route.one_of == (parameter.name,),
        "description": parameter.meaning,
        "schema": schema,
        "example": int(parameter.example) if schema.get("type") == "integer" else parameter.example,
    }


def _responses(route: Route, answer: Answer) -> Iterator[tuple[int, str, Node]]:
    """Yield each answer's status, its name, and what it is."""
    headers = _headers(*answer.headers, *(KEYED if route.scope else ()))
    content = {"content": answer.content} if answer.content else {}
    yield answer.status, route.name, {"description": answer.says, "headers": headers, **content}
    if answer.same:
        yield HTTPStatus.NOT_MODIFIED, "same", {"description": "It is still the same.", "headers": headers}
    for status, kinds in _by_status(answer.kinds):
        yield status, ".".join(kind.slug for kind in kinds), _problem(status, kinds)


def _by_status(kinds: Iterable[Kind]) -> Iterator[tuple[int, list[Kind]]]:
    """Group kinds by status, in the order of their table."""
    there = [kind for kind in Kind if kind in set(kinds)]
    return ((status, list(some)) for status, some in groupby(there, key=lambda kind: kind.status))


def _problem(status: int, kinds: Sequence[Kind]) -> Node:
    these = {"properties": {"type": {"enum": [_type(kind) for kind in kinds]}, "status": {"const": status}}}
    schema = {"allOf": [reference(ProblemDetails.__name__), these]}
    examples = {kind.slug: {"summary": kind.title, "value": _example(kind)} for kind in kinds}
    keyed = ("Cache-Control",) if status == HTTPStatus.UNAUTHORIZED else KEYED
    return {
        "description": " ".join(f"{kind.title}." for kind in kinds),
        "headers": _headers(*(name for kind in kinds for name in headers_of(kind)), *keyed),
        "content": {MEDIA_TYPE: {"schema": schema, "examples": examples}},
    }


def _example(kind: Kind) -> Node:
    return {"type": _type(kind), "title": kind.title, "status": kind.status, "detail": kind.remedy}


def _type(kind: Kind) -> str:
    return f"/problems/{kind.slug}"


def _headers(*names: str) -> Node:
    return {name: _named("headers", name) for name in dict.fromkeys(("X-Request-Id", *names))}


def _header(name: str) -> Node:
    header = HEADERS[name]
    return {"description": header.meaning, "schema": header.schema, "example": header.example}


def _named(place: str, name: str) -> Node:
    return {"$ref": f"#/components/{place}/{name}"}


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(document()), indent=1) + b"\n")
