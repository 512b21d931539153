"""Sealed events as they are read from the file: one segment, some of its places, their frames."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from estampe.log import sql, store
from estampe.log.keys import bucket_of, id_key, places_of
from estampe.log.segment import open_lines, open_order, open_places, open_positions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import apsw

SEGMENT_BITS = 32
FRAME_BITS = 16


class Sealed(NamedTuple):
    """A segment's row: its id, the span of positions it covers, and how its frames lie."""

    id: int
    first: int
    last: int
    events: int
    places: bytes
    places_order: bytes

    def reaches(self, low: int, high: int) -> bool:
        """Whether the span reaches into the positions from `low` to before `high`."""
        return self.last >= low and self.first < high

    def order(self) -> Sequence[int]:
        """Return the places by rising position."""
        return open_order(self.places_order)

    def frame_of(self, place: int) -> int:
        """Return the number of the frame that holds a place."""
        return bisect_right(open_places(self.places), place) - 1


class Span(NamedTuple):
    """Places from `start` to before `end`."""

    start: int
    end: int


def spans_of(places: Iterable[int]) -> list[Span]:
    """Return rising places as spans: neighbours share one."""
    spans: list[Span] = []
    start = end = -1
    for place in places:
        if place == end:
            end += 1
            continue
        if start >= 0:
            spans.append(Span(start, end))
        start, end = place, place + 1
    return [*spans, Span(start, end)] if start >= 0 else spans


def united(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order, those that meet or overlap as one."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def within(spans: Sequence[Span], first: int, end: int) -> list[Span]:
    """Return what of spans (in order, none meeting another) lies in the places from `first` to before `end`."""
    start = bisect_right(spans, first, key=_end)
    met = spans[start : bisect_left(spans, end, start, key=_start)]
    return [Span(max(span.start, first), min(span.end, end)) for span in met]


_start, _end = itemgetter(0), itemgetter(1)


class Sheet(NamedTuple):
    """A frame as read, still packed; `place` is its first line's, `length` how many lines it has."""

    place: int
    length: int
    positions: bytes
    lines: bytes

    @property
    def span(self) -> Span:
        """The places of its lines."""
        return Span(self.place, self.place + self.length)

    def open(self) -> list[bytes]:
        """Return the events, in the order of their places."""
        return open_lines(self.lines)

    def open_positions(self) -> list[int]:
        """Return the events' positions, in the order of their places."""
        return open_positions(self.positions)


def segment(connection: apsw.Connection, segment_id: int) -> Sealed:
    """Read a segment's row by its id."""
    return Sealed(*store.rows(connection, sql.SEGMENT, {"id": segment_id})[0])


def sheets(connection: apsw.Connection, sealed: Sealed, spans: Sequence[Span] | None = None) -> list[Sheet]:
    """Read the frames of a segment that hold places of `spans` (None: all of them), in order."""
    starts = [*open_places(sealed.places), sealed.events]
    found = []
    for first, last in _neighbours(sealed, spans):
        bounds = {"first": sealed.id << FRAME_BITS | first, "last": sealed.id << FRAME_BITS | last}
        for number, positions, lines in store.rows(connection, sql.FRAMES, bounds):
            found.append(Sheet(starts[number], starts[number + 1] - starts[number], positions, lines))
    return found


def _neighbours(sealed: Sealed, spans: Sequence[Span] | None) -> Iterator[tuple[int, int]]:
    """Yield the frames to read as runs (first, last) of neighbours, each frame once."""
    starts = open_places(sealed.places)
    if spans is None:
        yield 0, len(starts) - 1
        return
    frame_of = sealed.frame_of
    wanted = {number for start, end in spans for number in range(frame_of(start), frame_of(end - 1) + 1)}
    for start, end in spans_of(sorted(wanted)):
        yield start, end - 1


def ids(connection: apsw.Connection, sealed: Sealed) -> frozenset[bytes]:
    """Return the ids of a segment's events as they are written in them."""
    return frozenset(_id_in(line) for sheet in sheets(connection, sealed) for line in sheet.open())


def _id_in(line: bytes) -> bytes:
    # The member is the second of every event, and inside a string its quotes would be escaped.
    start = line.index(b'"id":"') + 6
    return line[start : start + 36]


def position_of_id(connection: apsw.Connection, event_id: bytes) -> int | None:
    """Return the position of a sealed event by its id (16 bytes), None if no segment has it."""
    text = str(UUID(bytes=event_id)).encode()
    key = id_key(event_id)
    for segment_id, entries in store.rows(connection, sql.ID_KEYS, {"bucket": bucket_of(key)}):
        for place in places_of(key, entries):
            [sheet] = sheets(connection, segment(connection, segment_id), [Span(place, place + 1)])
            if _id_in(sheet.open()[place - sheet.place]) == text:
                return sheet.open_positions()[place - sheet.place]
    return None
