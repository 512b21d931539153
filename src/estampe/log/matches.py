"""Where sealed events of a selection are: the next segment that holds some, and at which places."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, NamedTuple

from estampe.log import sql, store
from estampe.log.keys import activated_places, bucket_of, places_of
from estampe.log.sealed import Sealed, Span, segment, spans_of, united, within

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import apsw

    from estampe.log.selection import Activated, Selection, Wanted


class Match(NamedTuple):
    """A segment that holds selected events, and at which places (None: all are)."""

    sealed: Sealed
    spans: Sequence[Span] | None


class Keyed(NamedTuple):
    """A segment whose keys point to places."""

    first: int
    last: int
    id: int
    places: Sequence[int]


class Matches:
    """Finds the next segment that holds selected events, in one direction of time.

    Segments come and go while a list is read, so each step asks anew, in the snapshot that also reads the
    rows.
    """

    def __init__(self, selection: Selection, *, descending: bool) -> None:
        self._selection = selection
        self._descending = descending
        self._layout: int | None = None
        self._keyed: list[Keyed] = []

    def next(self, connection: apsw.Connection, low: int, high: int) -> Match | None:
        """Return the nearest segment with selected events whose span reaches into [low, high)."""
        if self._selection.keys:
            return self._next_keyed(connection, low, high)
        while low < high and (sealed := self._nearest(connection, low, high)):
            spans = self._spans(connection, sealed)
            if spans is None or spans:
                return Match(sealed, spans)
            low, high = (low, sealed.first) if self._descending else (sealed.last + 1, high)
        return None

    def _nearest(self, connection: apsw.Connection, low: int, high: int) -> Sealed | None:
        """Return the nearest segment that has events of wanted kinds and actions, and some of the activations."""
        activated = self._selection.activated
        while True:
            bounds = {"low": low, "high": high}
            sealed = self._nearest_wanted(connection, bounds)
            if activated is None or sealed is None:
                return sealed
            low, high = (low, sealed.last + 1) if self._descending else (sealed.first, high)
            bounds = {"low": low, "high": high, **activated.buckets()}
            row = store.row(connection, sql.NEXT_ACTIVATED[self._descending], bounds)
            if row is None or row[0] == sealed.id:
                return Sealed(*row) if row else None
            low, high = (low, row[2] + 1) if self._descending else (row[1], high)

    def _nearest_wanted(self, connection: apsw.Connection, bounds: dict[str, int]) -> Sealed | None:
        if self._selection.wanted is None:
            row = store.row(connection, sql.NEXT_SEGMENT[self._descending], bounds)
        else:
            first = self._next_run(connection, bounds, self._selection.wanted)
            row = None if first is None else store.row(connection, sql.SEGMENT_AT, {"first": first})
        return Sealed(*row) if row else None

    def _next_run(self, connection: apsw.Connection, bounds: dict[str, int], wanted: Iterable[Wanted]) -> int | None:
        """Return where the nearest segment with runs of wanted actions or kinds starts."""
        reaching = store.value(connection, sql.FIRST_REACHING, bounds)
        if reaching is None:
            return None
        bounds = {**bounds, "low": reaching}
        starts = [store.value(connection, self._next_run_of(each), {**bounds, **each.bindings()}) for each in wanted]
        nearest = max if self._descending else min
        return nearest((start for start in starts if start is not None), default=None)

    def _next_run_of(self, wanted: Wanted) -> str:
        return (sql.NEXT_KIND_RUN if wanted.actions is None else sql.NEXT_ACTION_RUN)[self._descending]

    def _spans(
        self, connection: apsw.Connection, sealed: Sealed, keyed: Sequence[int] | None = None
    ) -> list[Span] | None:
        """Return the places in a segment that all filters select, of those that keys point to if there are any."""
        spans = None if keyed is None else spans_of(keyed)
        if self._selection.wanted is not None:
            spans = _both(spans, self._runs(connection, sealed.first, self._selection.wanted))
        if self._selection.activated is not None and spans != []:
            spans = _both(spans, self._activated(connection, sealed, self._selection.activated))
        return spans

    def _runs(self, connection: apsw.Connection, first: int, wanted: Iterable[Wanted]) -> list[Span]:
        """Return the places of wanted actions and kinds in a segment."""
        found: list[Span] = []
        for each in wanted:
            statement = sql.KIND_RUNS if each.actions is None else sql.ACTION_RUNS
            runs = store.rows(connection, statement, {"first": first, **each.bindings()})
            found.extend(Span(place, place + count) for place, count in runs)
        return united(found)

    def _activated(self, connection: apsw.Connection, sealed: Sealed, activated: Activated) -> list[Span]:
        """Return the places in a segment that belong to activations of the span of time."""
        bindings = {"id": sealed.id, **activated.buckets()}
        places: list[int] = []
        for (entries,) in store.rows(connection, sql.ACTIVATION_KEYS, bindings):
            places.extend(activated_places(*activated, entries))
        return spans_of(sorted(places))

    def _next_keyed(self, connection: apsw.Connection, low: int, high: int) -> Match | None:
        layout = store.state(connection, "layout")
        if layout != self._layout:
            self._layout = layout
            self._keyed = sorted(self._find_keyed(connection, low, high), reverse=not self._descending)
        while self._keyed:
            nearest = self._keyed[-1]
            if nearest.last >= low and nearest.first < high:
                sealed = segment(connection, nearest.id)
                if spans := self._spans(connection, sealed, nearest.places):
                    return Match(sealed, spans)
            self._keyed.pop()
        return None

    def _find_keyed(self, connection: apsw.Connection, low: int, high: int) -> list[Keyed]:
        """Find the places that have every key, in all segments."""
        found: dict[int, Keyed] | None = None
        for key in self._selection.keys:
            having = {
                segment_id: Keyed(first, last, segment_id, array("H", places))
                for segment_id, first, last, entries in store.rows(
                    connection, sql.CONTACT_KEYS, {"bucket": bucket_of(key)}
                )
                if last >= low and first < high and (places := places_of(key, entries))
            }
            found = having if found is None else _in_both(found, having)
        return list((found or {}).values())


def _both(spans: list[Span] | None, others: list[Span]) -> list[Span]:
    """Return the places that are in both; None is all places."""
    return others if spans is None else [cut for start, end in spans for cut in within(others, start, end)]


def _in_both(some: dict[int, Keyed], others: dict[int, Keyed]) -> dict[int, Keyed]:
    both = {}
    for segment_id in some.keys() & others.keys():
        places = sorted(set(some[segment_id].places) & set(others[segment_id].places))
        if places:
            both[segment_id] = some[segment_id]._replace(places=places)
    return both
