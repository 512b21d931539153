"""A query made ready for the file: a span of positions, and filters by interned numbers, keys and times."""

from __future__ import annotations

from array import array
from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from estampe.events import EventType
from estampe.log import sql, store
from estampe.log.keys import (
    activated_places,
    activation_bucket,
    bucket_of,
    contact_key,
    hash_key,
    places_of,
    set_key,
)
from estampe.log.port import LAST_MS, POSITION_BITS, Clause
from estampe.log.sealed import Sealed, Span, segment, spans_of, united, within
from estampe.verdicts import HitClass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import apsw

    from estampe.log.port import Query

NOTHING = -1


class Wanted(NamedTuple):
    """Events of any of these kinds and any of these actions; None is all of them."""

    kinds: tuple[int, ...] | None
    actions: tuple[int, ...] | None

    def bindings(self) -> dict[str, str | None]:
        """Return them as the statements take them."""
        return {"kinds": _json(self.kinds), "actions": _json(self.actions)}


class Activated(NamedTuple):
    """Events of activations from a time to before another, Unix milliseconds."""

    low_ms: int
    high_ms: int

    def buckets(self) -> dict[str, int]:
        """Return the buckets of keys that hold them, as the statements name them."""
        return {"bucket_low": activation_bucket(self.low_ms), "bucket_high": activation_bucket(self.high_ms - 1)}


class Selection(NamedTuple):
    """Positions from `low` to before `high`, and filters; None or nothing filters nothing.

    `wanted`: what any of them describes; an empty tuple is nothing at all.
    `contact_key`, `hash_key`, `set_key`: NOTHING matches nothing.
    `classes`: of hits. `annotated`: say what hits are classified as.
    """

    low: int
    high: int
    wanted: tuple[Wanted, ...] | None
    contact_key: int | None
    hash_key: int | None
    set_key: int | None
    activated: Activated | None
    classes: tuple[str, ...]
    annotated: bool

    @property
    def empty(self) -> bool:
        """Whether there can be no such event."""
        activated = self.activated
        return self.low >= self.high or self.wanted == () or bool(activated and activated.low_ms >= activated.high_ms)

    @property
    def keys(self) -> list[int]:
        """The keys that must match, all of them."""
        return [key for key in (self.contact_key, self.hash_key, self.set_key) if key is not None]

    @property
    def robots_only(self) -> bool:
        """Whether only hits are selected that were classified."""
        return bool(self.classes) and HitClass.HUMAN not in self.classes

    def statement(self, *, descending: bool) -> str:
        """Return the statement that reads recent events."""
        return sql.recent(self._conditions(), descending=descending, annotated=self.annotated)

    def _conditions(self) -> Iterator[str]:
        if self.wanted is not None:
            yield sql.is_wanted(self.wanted)
        if self.contact_key is not None:
            yield sql.HAS_CONTACT
        if self.hash_key is not None:
            yield sql.HAS_HASH
        if self.set_key is not None:
            yield sql.HAS_SET
        if self.activated is not None:
            yield sql.IS_ACTIVATED
        if self.classes:
            yield sql.has_class(self.classes)

    def bindings(self) -> dict[str, Any]:
        """Return what the conditions compare with."""
        low_ms, high_ms = self.activated or (None, None)
        return {
            "contact_key": self.contact_key,
            "hash_key": self.hash_key,
            "set_key": self.set_key,
            "activated_low": low_ms,
            "activated_high": high_ms,
        }


def select(connection: apsw.Connection, query: Query, final_ms: int) -> Selection:
    """Resolve a query; nothing at or after `final_ms` is selected."""
    end_ms = final_ms if query.end_ms is None else min(query.end_ms, final_ms)
    return Selection(
        low=_position(query.start_ms or 0),
        high=_position(end_ms),
        wanted=_wanted(connection, query),
        contact_key=None if query.contact is None else contact_key(query.contact) or NOTHING,
        hash_key=None if query.hash is None else hash_key(query.hash.lower()) or NOTHING,
        set_key=None if query.set is None else set_key(query.set),
        activated=_activated(query),
        classes=tuple(each.value for each in query.classes),
        annotated=query.annotate,
    )


def _position(time_ms: int) -> int:
    return min(max(time_ms, 0), LAST_MS) << POSITION_BITS


def _activated(query: Query) -> Activated | None:
    if query.activation_start_ms is None and query.activation_end_ms is None:
        return None
    end_ms = LAST_MS + 1 if query.activation_end_ms is None else min(query.activation_end_ms, LAST_MS)
    return Activated(min(max(query.activation_start_ms or 0, 0), LAST_MS), max(end_ms, 0))


def _wanted(connection: apsw.Connection, query: Query) -> tuple[Wanted, ...] | None:
    """Return what the query and each of its clauses want together, without what can't be."""
    whole = Clause(
        channel=query.channel,
        types=query.types,
        subtypes=query.subtypes,
        actions=() if query.action is None else (query.action,),
    )
    hits = (Clause(types=(EventType.HIT,)),) if query.classes else ()
    found = tuple(
        Wanted(_kinds(connection, (whole, clause, *hits)), _actions(connection, (whole, clause)))
        for clause in _joined(query.clauses or (Clause(),))
    )
    if Wanted(None, None) in found:
        return None
    return tuple(wanted for wanted in found if () not in wanted)


def _joined(clauses: Iterable[Clause]) -> Iterator[Clause]:
    """Yield the same clauses, those that differ by their actions only as one."""
    alike: dict[Clause, list[tuple[str, ...]]] = defaultdict(list)
    for clause in clauses:
        alike[msgspec.structs.replace(clause, actions=())].append(clause.actions)
    for clause, actions in alike.items():
        yield msgspec.structs.replace(clause, actions=() if () in actions else tuple(chain(*actions)))


def _kinds(connection: apsw.Connection, clauses: Iterable[Clause]) -> tuple[int, ...] | None:
    numbers = [
        {number for (number,) in store.rows(connection, sql.KINDS_LIKE, _likeness(clause))}
        for clause in clauses
        if clause.types or clause.subtypes or clause.channel is not None
    ]
    return tuple(sorted(set.intersection(*numbers))) if numbers else None


def _likeness(clause: Clause) -> dict[str, str | None]:
    return {
        "channel": clause.channel,
        "types": _json(clause.types or None),
        "subtypes": _json(clause.subtypes or None),
    }


def _actions(connection: apsw.Connection, clauses: Sequence[Clause]) -> tuple[int, ...] | None:
    named = [set(clause.actions) for clause in clauses if clause.actions]
    if not named:
        return None
    numbers = (store.value(connection, sql.ACTION, {"name": name}) for name in set.intersection(*named))
    return tuple(sorted(number for number in numbers if number is not None))


def _json(values: tuple[int | str, ...] | None) -> str | None:
    return None if values is None else msgspec.json.encode(values).decode()


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
