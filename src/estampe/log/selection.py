"""A query made ready for the file: a span of positions, and filters by interned numbers, keys and times."""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from estampe.events import EventType
from estampe.log import sql, store
from estampe.log.keys import (
    activation_bucket,
    contact_key,
    hash_key,
    set_key,
)
from estampe.log.port import LAST_MS, POSITION_BITS, Clause
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
