"""Segments as JSON, and what is done with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType

from estampe.http.bodies import converted, invalid_body
from estampe.http.records.desk import Date, date, pages
from estampe.instants import InvalidInstant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estampe.catalog import Segment as Kept
    from estampe.http.records.desk import Desk

Given = TypeVar("Given")

Members = Annotated[list[str], Meta(max_length=10_000)]
"""Ids of targets; others wait while they are added, so there is a limit."""


class Segment(Struct, frozen=True, kw_only=True, rename="camel"):
    """A segment: a list of targets.

    Parameters:
        type: such lists are kept by hand.
        expiration: when it is of no more use, if it ever is.
        is_test: its targets get tests.
        targets_count: how many targets are in it.
    """

    type: Literal["static"] = "static"
    id: int
    name: str
    description: str
    creation: Date
    expiration: Date | None
    is_test: bool
    targets_count: int


class NewSegment(Struct, frozen=True, kw_only=True, rename="camel"):
    """A segment to be made.

    Parameters:
        type: `static` is all there is.
        expiration: an instant.
    """

    type: Literal["static"] = "static"
    name: str
    description: str | None = None
    expiration: str | None = None
    is_test: bool | None = None


class SegmentChange(Struct, frozen=True, kw_only=True, rename="camel"):
    """Members that take the place of those a segment has."""

    type: Literal["static"] = "static"
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    expiration: str | UnsetType | None = UNSET
    is_test: bool | UnsetType | None = UNSET


def list_segments(desk: Desk) -> list[Segment]:
    """Return all segments."""
    return [_shown(segment) for segment in desk.segments.list()]


def create_segment(desk: Desk, body: dict[str, Any]) -> Segment:
    """Make a segment."""
    new = _read(body, NewSegment)
    made = desk.segments.create(
        new.name,
        description=new.description or "",
        is_test=bool(new.is_test),
        expires_ms=_instant(new.expiration),
    )
    return _shown(made)


def get_segment(desk: Desk, segment: int) -> Segment:
    """Return a segment."""
    return _shown(desk.segments.get(segment))


def update_segment(desk: Desk, segment: int, body: dict[str, Any]) -> Segment:
    """Change a segment."""
    change = _read(body, SegmentChange)
    changed = desk.segments.update(
        segment,
        name=change.name,
        description=change.description,
        is_test=UNSET if change.is_test is None else change.is_test,
        expires_ms=UNSET if change.expiration is UNSET else _instant(change.expiration),
    )
    return _shown(changed)


def delete_segment(desk: Desk, segment: int) -> None:
    """Delete a segment."""
    desk.segments.delete(segment)


def list_members(desk: Desk, segment: int) -> Iterator[list[str]]:
    """Yield the ids of a segment's targets."""
    for page in pages(lambda after, limit: desk.segments.contacts(segment, after, limit)):
        yield [contact.id for contact in page]


def add_members(desk: Desk, segment: int, body: list[str]) -> int:
    """Put targets into a segment; return how many were not in it."""
    return desk.segments.add_all(segment, body)


def remove_members(desk: Desk, segment: int) -> None:
    """Take all targets out of a segment."""
    desk.segments.empty(segment)


def add_member(desk: Desk, contact: str, segment: int) -> None:
    """Put a target into a segment."""
    desk.segments.add(segment, contact)


def remove_member(desk: Desk, contact: str, segment: int) -> None:
    """Take a target out of a segment."""
    desk.segments.remove(segment, contact)


def _read(body: dict[str, Any], type_: type[Given]) -> Given:
    if body.get("type") == "dynamic":
        raise invalid_body("dynamic segments are not supported, write static - at `$.type`")
    return converted(body, type_)


def _instant(text: str | None) -> int | None:
    try:
        return None if text is None else parse_instant(text)
    except InvalidInstant as exc:
        raise invalid_body(f"{exc} - at `$.expiration`") from exc


def _shown(segment: Kept) -> Segment:
    return Segment(
        id=segment.id,
        name=segment.name,
        description=segment.description,
        creation=date(segment.created_ms),
        expiration=None if segment.expires_ms is None else date(segment.expires_ms),
        is_test=segment.is_test,
        targets_count=segment.targets_count,
    )
