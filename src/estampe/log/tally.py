"""Counters: how many events each hour has of each action, kind and trait, and which contacts an action reached.

They are kept in the transaction that adds the events, so they are never behind, and never wrong after a crash. A
`Tally` gathers what a batch changes and stores it at once.
"""

from __future__ import annotations

from collections import Counter
from heapq import merge
from itertools import groupby, repeat
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from estampe.log import sql, store
from estampe.log.port import HOUR_MS, LAST_MS, POSITION_BITS, Audience, Count, Counting
from estampe.verdicts import HitClass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import apsw

    from estampe.log.entry import Entry

CONTENT = {"redirection", "form"}
"""The kinds of hit that follow a link of the message's own content."""


class Reactions(NamedTuple):
    """How often a contact hit an action; also a change of it, then a part may be negative."""

    opens: int = 0
    clicks: int = 0
    effective: int = 0

    def plus(self, other: Reactions) -> Reactions:
        """Return the sum."""
        return Reactions(self.opens + other.opens, self.clicks + other.clicks, self.effective + other.effective)

    def minus(self, other: Reactions) -> Reactions:
        """Return the difference."""
        return Reactions(self.opens - other.opens, self.clicks - other.clicks, self.effective - other.effective)

    def audience(self) -> Audience:
        """Return what this one contact counts for."""
        return Audience(
            reactive=int(self.opens + self.clicks > 0),
            openers=int(self.opens > 0),
            clickers=int(self.clicks > 0),
            effective=int(self.effective > 0),
        )


NONE = Reactions()

EVERY_ACTION = 0
"""Under this number, which no action has, counts of all actions together are kept."""


class Tally:
    """What a batch of events changes in the counters."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[int, int, int, str]] = Counter()
        self._reactions: dict[tuple[int, str], Reactions] = {}

    def add(self, entry: Entry, position: int, numbers: tuple[int, int], times: int = 1) -> None:
        """Count an event at a position, given the numbers of its kind and action; -1 takes it off again."""
        kind, action = numbers
        self._counts[action, (position >> POSITION_BITS) // HOUR_MS, kind, entry.trait] += times
        if entry.contact and entry.trait == HitClass.HUMAN and entry.kind.is_hit:
            key = action, entry.contact
            self._reactions[key] = self._reactions.get(key, NONE).plus(_reaction(entry.kind.subtype, times))

    def store(self, connection: apsw.Connection) -> None:
        """Change the counters in the file; inside a transaction."""
        together: Counter[tuple[int, int, int, str]] = Counter()
        for (_, hour, kind, trait), change in self._counts.items():
            together[EVERY_ACTION, hour, kind, trait] += change
        counts = [(*key, change) for key, change in (*self._counts.items(), *together.items()) if change]
        connection.execute(sql.ADD_COUNTS, (_json(counts),))
        for *key, change in counts:
            if change < 0:
                connection.execute(sql.DROP_COUNT, key)
        self._store_reactions(connection)

    def _store_reactions(self, connection: apsw.Connection) -> None:
        changes = [(*key, *change) for key, change in self._reactions.items() if change != NONE]
        if not changes:
            return
        audiences: dict[int, Audience] = {}
        for action, contact, *after in store.rows(connection, sql.ADD_REACTORS, (_json(changes),)):
            now = Reactions(*after)
            before = now.minus(self._reactions[action, contact])
            pairs = zip(now.audience(), before.audience(), audiences.get(action, _NOBODY), strict=True)
            audiences[action] = Audience(*(total + new - old for new, old, total in pairs))
            if now == NONE:
                connection.execute(sql.DROP_REACTOR, (action, contact))
        for action, change in audiences.items():
            if change != _NOBODY:
                connection.execute(sql.ADD_AUDIENCE, (action, *change))
            if change.reactive < 0:
                connection.execute(sql.DROP_AUDIENCE, (action,))


_NOBODY = Audience(0, 0, 0, 0)


def _reaction(subtype: str, times: int) -> Reactions:
    if subtype == "open":
        return Reactions(opens=times)
    return Reactions(clicks=times, effective=times if subtype in CONTENT else 0)


def _json(rows: Sequence[tuple[int | str, ...]]) -> str:
    return msgspec.json.encode(rows).decode()


def counts(connection: apsw.Connection, counting: Counting) -> Iterator[Count]:
    """Yield counts in order of period, then facets; see `port.Counting`."""
    bindings = {
        "period": (counting.period_ms or LAST_MS) // HOUR_MS,
        "action": counting.action,
        "low": (counting.start_ms or 0) // HOUR_MS,
        "high": (LAST_MS if counting.end_ms is None else counting.end_ms) // HOUR_MS + (counting.end_ms is None),
        "limit": -1 if counting.limit is None else counting.limit,
    }
    statement = sql.counted(counting.by, one_action=counting.action is not None)
    for period, *names, events in store.rows(connection, statement, bindings):
        yield Count(period * HOUR_MS, tuple(names), events)


def audience(connection: apsw.Connection, action: str) -> Audience:
    """Return how many contacts reacted to an action."""
    row = store.row(connection, sql.AUDIENCE, {"name": action})
    return Audience(*row) if row else _NOBODY


def differences(connection: apsw.Connection, anew: apsw.Connection) -> Iterator[str]:
    """Yield a sentence for each counter of a log that is not as in `anew`, where the same events were counted."""
    for table, statement in sql.ALL_COUNTERS.items():
        sides = (
            zip(store.each(side, statement), repeat(word)) for side, word in ((connection, "has"), (anew, "lacks"))
        )
        for row, found in groupby(merge(*sides), itemgetter(0)):
            words = [word for _, word in found]
            if len(words) == 1:
                yield f"{table} {words[0]} {row}"
