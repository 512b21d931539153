"""A query made ready for the file: a span of positions, and filters by interned numbers and keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from estampe.log import sql, store
from estampe.log.keys import bucket_of, contact_key, hash_key, places_of
from estampe.log.port import POSITION_BITS
from estampe.log.sealed import Sealed, Span, segment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import apsw

    from estampe.log.port import Query

LAST_MS = (1 << (63 - POSITION_BITS)) - 1
NOTHING = -1


class Selection(NamedTuple):
    """Positions from `low` to before `high`, and filters; None filters nothing, NOTHING matches nothing."""

    low: int
    high: int
    kinds: tuple[int, ...] | None
    action: int | None
    contact_key: int | None
    hash_key: int | None

    @property
    def filtered(self) -> bool:
        """Whether anything but time selects."""
        return any(part is not None for part in self[2:])

    @property
    def keys(self) -> list[int]:
        """The keys of contacts that must match, all of them."""
        return [key for key in (self.contact_key, self.hash_key) if key is not None]

    def bindings(self) -> dict[str, Any]:
        """Return the filters as the statements name them."""
        kinds = None if self.kinds is None else msgspec.json.encode(self.kinds).decode()
        return {
            "kinds": kinds,
            "action": self.action,
            "contact_key": self.contact_key,
            "hash_key": self.hash_key,
        }


def select(connection: apsw.Connection, query: Query, final_ms: int) -> Selection:
    """Resolve a query; nothing at or after `final_ms` is selected."""
    end_ms = final_ms if query.end_ms is None else min(query.end_ms, final_ms)
    return Selection(
        low=_position(query.start_ms or 0),
        high=_position(end_ms),
        kinds=_kinds(connection, query),
        action=_action(connection, query.action),
        contact_key=None if query.contact is None else contact_key(query.contact) or NOTHING,
        hash_key=None if query.hash is None else hash_key(query.hash.lower()) or NOTHING,
    )


def _position(time_ms: int) -> int:
    return min(max(time_ms, 0), LAST_MS) << POSITION_BITS


def _kinds(connection: apsw.Connection, query: Query) -> tuple[int, ...] | None:
    if not (query.types or query.subtypes or query.channel is not None):
        return None
    return tuple(
        number
        for number, channel, event_type, subtype in store.rows(connection, sql.KINDS)
        if (not query.types or event_type in query.types)
        and (not query.subtypes or subtype in query.subtypes)
        and query.channel in (None, channel)
    )


def _action(connection: apsw.Connection, name: str | None) -> int | None:
    if name is None:
        return None
    number = store.value(connection, sql.ACTION, {"name": name})
    return NOTHING if number is None else number


class Match(NamedTuple):
    """A segment that holds selected events, and at which places (None: all are)."""

    sealed: Sealed
    spans: Sequence[Span] | None


class Matches:
    """Finds the next segment that holds selected events, in one direction of time.

    Segments come and go while a list is read, so each step asks anew, in the snapshot that also reads the
    rows.
    """

    def __init__(self, selection: Selection, *, descending: bool) -> None:
        self._selection = selection
        self._descending = descending
        self._layout: int | None = None
        self._keyed: list[Match] = []

    def next(self, connection: apsw.Connection, low: int, high: int) -> Match | None:
        """Return the nearest segment with selected events whose span reaches into [low, high)."""
        if low >= high or self._selection.kinds == ():
            return None
        if self._selection.keys:
            return self._next_keyed(connection, low, high)
        bounds = {"low": low, "high": high, **self._selection.bindings()}
        if not self._selection.filtered:
            row = store.row(connection, sql.NEXT_SEGMENT[self._descending], bounds)
            return Match(Sealed(*row), None) if row else None
        first = self._next_run(connection, bounds)
        if first is None:
            return None
        sealed = Sealed(*store.rows(connection, sql.SEGMENT_AT, {"first": first})[0])
        return Match(sealed, self._runs(connection, first))

    def _next_run(self, connection: apsw.Connection, bounds: dict[str, Any]) -> int | None:
        """Return where the nearest segment with runs of the selected action or kinds starts."""
        bounds["low"] = store.value(connection, sql.FIRST_REACHING, bounds)
        if bounds["low"] is None:
            return None
        if self._selection.action is not None:
            found: int | None = store.value(connection, sql.NEXT_ACTION_RUN[self._descending], bounds)
            return found
        statement = sql.NEXT_KIND_RUN[self._descending]
        starts = [store.value(connection, statement, {**bounds, "kind": kind}) for kind in self._selection.kinds or ()]
        nearest = max if self._descending else min
        return nearest((start for start in starts if start is not None), default=None)

    def _runs(self, connection: apsw.Connection, first: int) -> list[Span]:
        """Return the places of the selected action or kinds in a segment."""
        statement = sql.KIND_RUNS if self._selection.action is None else sql.ACTION_RUNS
        runs = store.rows(connection, statement, {"first": first, **self._selection.bindings()})
        return [Span(place, place + count) for place, count in runs]

    def _next_keyed(self, connection: apsw.Connection, low: int, high: int) -> Match | None:
        layout = store.state(connection, "layout")
        if layout != self._layout:
            self._layout = layout
            found = self._find_keyed(connection, low, high)
            self._keyed = sorted(found, key=lambda match: match.sealed.first, reverse=not self._descending)
        while self._keyed and not self._keyed[-1].sealed.reaches(low, high):
            self._keyed.pop()
        return self._keyed[-1] if self._keyed else None

    def _find_keyed(self, connection: apsw.Connection, low: int, high: int) -> Iterator[Match]:
        """Find the places that have every key, and are of the selected action and kinds, in all segments."""
        narrowed = self._selection.kinds is not None or self._selection.action is not None
        for segment_id, places in self._keyed_places(connection).items():
            sealed = segment(connection, segment_id)
            if not sealed.reaches(low, high):
                continue
            runs = self._runs(connection, sealed.first) if narrowed else [Span(0, sealed.events)]
            kept = [place for place in sorted(places) if any(start <= place < end for start, end in runs)]
            if kept:
                yield Match(sealed, [Span(place, place + 1) for place in kept])

    def _keyed_places(self, connection: apsw.Connection) -> dict[int, set[int]]:
        found: dict[int, set[int]] | None = None
        for key in self._selection.keys:
            having = {
                segment_id: set(places)
                for segment_id, entries in store.rows(connection, sql.CONTACT_KEYS, {"bucket": bucket_of(key)})
                if (places := places_of(key, entries))
            }
            if found is not None:
                having = {each: having[each] & found[each] for each in having.keys() & found.keys()}
            found = having
        return found or {}
