"""Events by their positions, wherever in the file they are."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple

from estampe.log import sql, store
from estampe.log.port import LAST_POSITION
from estampe.log.sealed import FRAME_BITS, Sealed, Span, sheets
from estampe.log.segment import open_places, open_positions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import apsw


class Lines(NamedTuple):
    """Events by position, and the positions that are still to be looked at."""

    found: Mapping[int, bytes]
    left: Sequence[int]


def lines_at(connection: apsw.Connection, positions: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    """Yield the events at those of some (rising) positions that have one."""
    while positions:
        found, positions = next_lines(connection, positions)
        yield from found.items()


def next_lines(connection: apsw.Connection, positions: Sequence[int]) -> Lines:
    """Read the events at the first of some (rising) positions: those before the next segment, and those in it."""
    row = store.row(connection, sql.NEXT_SEGMENT[False], {"low": positions[0], "high": LAST_POSITION})
    if row is None:
        return Lines(_recent(connection, positions), ())
    sealed = Sealed(*row)
    start, end = bisect_left(positions, sealed.first), bisect_right(positions, sealed.last)
    inside = _sealed(connection, sealed, frozenset(positions[start:end]))
    return Lines(_recent(connection, positions[:start]) | inside, positions[end:])


def _recent(connection: apsw.Connection, positions: Sequence[int]) -> dict[int, bytes]:
    found = ((position, store.value(connection, sql.ROW, {"position": position})) for position in positions)
    return {position: line for position, line in found if line is not None}


def _sealed(connection: apsw.Connection, sealed: Sealed, positions: frozenset[int]) -> dict[int, bytes]:
    """Return the events at those of some positions that a segment has; only frames that hold one are opened."""
    spans = list(_spans(connection, sealed, positions))
    found: dict[int, bytes] = {}
    for sheet in sheets(connection, sealed, spans) if spans else ():
        pairs = zip(sheet.open_positions(), sheet.open(), strict=True)
        found.update(pair for pair in pairs if pair[0] in positions)
    return found


def _spans(connection: apsw.Connection, sealed: Sealed, positions: frozenset[int]) -> Iterator[Span]:
    """Yield the first place of each frame that holds one of some positions."""
    starts = open_places(sealed.places)
    every = {"first": sealed.id << FRAME_BITS, "last": (sealed.id + 1 << FRAME_BITS) - 1}
    for number, packed in store.each(connection, sql.FRAME_POSITIONS, every) if positions else ():
        if not positions.isdisjoint(open_positions(packed)):
            yield Span(starts[number], starts[number] + 1)
