"""A log with old events, new ones or both, some of its hits classified, and how to check what it selects."""

from __future__ import annotations

from collections import Counter
from contextlib import closing, contextmanager
from itertools import cycle
from typing import TYPE_CHECKING, NamedTuple

from activity import JUDGEMENTS, Activity, judge, lines, selected

from estampe.events import encode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from uuid import UUID

    from engines import Engine

    from estampe.log import EventLog, Query
    from estampe.verdicts import Classification

START_MS = 1_600_000_000_000
EVENTS = 420
AGES = ("new", "old", "both")


class Stored(NamedTuple):
    """A log, what is in it by position, and how its hits are classified."""

    log: EventLog
    bodies: list[bytes]
    judged: dict[UUID, Classification]

    def selected(self, query: Query) -> list[bytes]:
        """Return what a query without a limit must give."""
        return selected(self.bodies, query, self.judged)

    def check(self, query: Query) -> None:
        """See that a query gives what it must."""
        found, expected = lines(self.log, query), self.selected(query)
        if query.sort:
            assert found == expected[: query.limit]
        else:
            assert len(found) == len(expected[: query.limit])
            assert Counter(found) <= Counter(expected)


@contextmanager
def stored_in(engine: Engine, folder: Path, age: str) -> Iterator[Stored]:
    """Make a log with three events a millisecond.

    `both` has old ones, new ones, and new ones before, between and behind the old. Some hits are classified before
    more events come and are put away, and others after.
    """
    events = Activity().events(START_MS + number // 3 for number in range(EVENTS))
    first = events if age != "both" else [*events[12:39], *events[69:141]]
    hits = [event.id for event in events if event.type == "hit"]
    judged = {event_id: judgement for event_id, judgement in zip(hits, cycle(JUDGEMENTS), strict=False) if judgement}
    there = {event.id for event in first[::2]}
    with closing(engine.open(folder)) as log:
        log.import_history(first)
        judge(log, {event_id: judgement for event_id, judgement in judged.items() if event_id in there})
        if age != "new":
            engine.settle(log)
        log.import_history(events)
        judge(log, judged)
        yield Stored(log, [encode(event) for event in events], judged)
