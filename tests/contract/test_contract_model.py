"""Any sequence of what can happen to a log, against a plain list of what must be in it."""

from __future__ import annotations

import shutil
import tempfile
from bisect import insort
from collections import Counter
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from activity import ACTIONS, HASH, Activity, bodies, lines, selected
from engines import Wall
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from estampe.events import encode
from estampe.log import Query, TimestampAhead

if TYPE_CHECKING:
    from uuid import UUID

    from engines import Engine

    from estampe.events import Draft, Event

PAST_MS = 1_600_000_000_000
MEMORY = Path("/dev/shm")  # noqa: S108  thousands of commits need no disk: a crash is a copy here

queries = st.builds(
    Query,
    types=st.sampled_from([(), (), ("hit",), ("hit", "activation")]),
    subtypes=st.sampled_from([(), (), ("open", "soft")]),
    channel=st.sampled_from([None, None, "sms"]),
    action=st.sampled_from([None, None, *map(str, ACTIONS)]),
    contact=st.sampled_from([None, None, None, "C2"]),
    hash=st.sampled_from([None, None, None, HASH]),
    sort=st.sampled_from([None, "asc", "desc"]),
    limit=st.sampled_from([None, None, 1, 20]),
)


class Kept(NamedTuple):
    """An event as the log must have it."""

    timestamp_ms: int
    id: UUID
    body: bytes


class LogMachine(RuleBasedStateMachine):
    """A log and its model: what is kept in order, and what was announced."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine = engine
        self.scratch = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
        self.folder = self.scratch / "0"
        self.wall = Wall()
        self.log = engine.open(self.folder, wall=self.wall)
        self.activity = Activity()
        self.kept: list[Kept] = []
        self.positions: dict[UUID, int] = {}
        self.announced_ms = 0
        self.epoch = self.log.watermark().epoch

    def _known(self, which: list[int]) -> list[UUID]:
        return [self.kept[number % len(self.kept)].id for number in which if self.kept]

    @rule(fresh=st.integers(0, 30), known=st.lists(st.integers(0, 500), max_size=4), twice=st.booleans())
    def publish(self, fresh: int, known: list[int], *, twice: bool) -> None:
        """New ids, none, known ones, and the same one twice in a call."""
        drafts = [*self.activity.drafts(fresh // 2), *self.activity.named_drafts(fresh - fresh // 2)]
        drafts += [draft for event_id in self._known(known) for draft in self.activity.drafts(1, id=str(event_id))]
        drafts += drafts[-2:] if twice else []
        self._publish(drafts)

    def _publish(self, drafts: list[Draft]) -> None:
        receipts = self.log.publish(drafts).result()
        ids = {event.id for event in self.kept}
        for receipt, body in zip(receipts, bodies(drafts, receipts), strict=True):
            assert receipt.duplicate == (receipt.id in ids)
            assert self.positions.setdefault(receipt.id, receipt.position) == receipt.position
            if not receipt.duplicate:
                assert receipt.timestamp_ms >= self.announced_ms
                ids.add(receipt.id)
                self._keep(Kept(receipt.timestamp_ms, receipt.id, body))

    def _keep(self, event: Kept) -> None:
        insort(self.kept, event, key=lambda kept: kept.timestamp_ms)

    @rule(
        offsets_ms=st.lists(st.integers(0, 40), max_size=40),
        beside=st.lists(st.integers(0, 500), max_size=3),
        known=st.lists(st.integers(0, 500), max_size=3),
    )
    def bring_in(self, offsets_ms: list[int], beside: list[int], known: list[int]) -> None:
        """Events of the past, events of milliseconds that have some, and events that are there."""
        times_ms = [PAST_MS + offset_ms for offset_ms in offsets_ms]
        times_ms += [self.kept[number % len(self.kept)].timestamp_ms for number in beside if self.kept]
        repeated = [self.activity.event(PAST_MS + 20, event_id) for event_id in self._known(known)]
        new = self.activity.events(times_ms)
        assert self.log.import_history([*new, *repeated]) == (len(new), len(repeated))
        self._import(new)

    def _import(self, new: list[Event]) -> None:
        for event in new:
            self._keep(Kept(event.timestamp, event.id, encode(event)))
        epoch = self.log.watermark().epoch
        assert epoch > self.epoch if new else epoch == self.epoch
        self.epoch = epoch

    @rule()
    def bring_in_the_future(self) -> None:
        """Is refused, whatever else is in the import."""
        ahead = self.activity.event(self.log.watermark().complete_until_ms + 3_600_000)
        with pytest.raises(TimestampAhead):
            self.log.import_history([self.activity.event(PAST_MS), ahead])

    @rule()
    def put_away(self) -> None:
        self.engine.settle(self.log)

    @rule()
    def compact(self) -> None:
        self.log.compact()

    @rule(ahead_s=st.sampled_from([-3600, -1, 0, 1, 3600]))
    def set_the_clock(self, ahead_s: float) -> None:
        self.wall.ahead_s = ahead_s

    @rule(ahead_s=st.sampled_from([None, -3600, 3600]))
    def reopen(self, ahead_s: float | None) -> None:
        self.log.close()
        self._open(ahead_s)

    @rule(ahead_s=st.sampled_from([None, -3600, 3600]))
    def crash(self, ahead_s: float | None) -> None:
        copy = self.scratch / str(int(self.folder.name) + 1)
        self.engine.crash(self.folder, copy)
        self.log.close()
        self.folder = copy
        self._open(ahead_s)

    def _open(self, ahead_s: float | None) -> None:
        if ahead_s is not None:
            self.wall.ahead_s = ahead_s
        self.log = self.engine.open(self.folder, wall=self.wall)

    @rule(query=queries, bounds=st.lists(st.integers(0, 500), max_size=2))
    def scan(self, query: Query, bounds: list[int]) -> None:
        if self.kept:
            times_ms = [self.kept[number % len(self.kept)].timestamp_ms for number in bounds]
            names = ("start_ms", "end_ms")[: len(times_ms)]
            members = {name: getattr(query, name) for name in query.__struct_fields__}
            query = Query(**(members | dict(zip(names, times_ms, strict=True))))
        expected = selected([event.body for event in self.kept], query)
        found = lines(self.log, query)
        if query.sort:
            assert found == expected[: query.limit]
        else:
            assert len(found) == len(expected[: query.limit])
            assert Counter(found) <= Counter(expected)

    @precondition(lambda self: self.kept)
    @rule(after=st.integers(0, 500))
    def follow(self, after: int) -> None:
        number = after % len(self.kept)
        with closing(self.log.subscribe(0)) as follower:
            placed = [each for batch in iter(lambda: follower.next(0), ()) for each in batch]
        assert [each.body for each in placed] == [event.body for event in self.kept]
        assert all(earlier.position < later.position for earlier, later in pairwise(placed))
        for event, each in zip(self.kept, placed, strict=True):
            assert self.positions.setdefault(event.id, each.position) == each.position
        with closing(self.log.subscribe(placed[number].position)) as follower:
            following = follower.next(0)
        assert list(following) == placed[number + 1 :][: len(following)]
        assert following or number + 1 == len(placed)

    @invariant()
    def the_watermark_never_goes_back(self) -> None:
        watermark = self.log.watermark()
        assert watermark.complete_until_ms >= self.announced_ms
        assert watermark.epoch == self.epoch
        self.announced_ms = watermark.complete_until_ms

    @invariant()
    def everything_is_there_in_order(self) -> None:
        assert lines(self.log, Query(sort="asc")) == [event.body for event in self.kept]

    def teardown(self) -> None:
        """See that the log finds itself sound, and tidy up."""
        findings = self.log.verify()
        self.log.close()
        shutil.rmtree(self.scratch)
        assert (findings.events, findings.faults) == (len(self.kept), ())


def test_a_log_does_as_a_list_would(engine: Engine) -> None:
    run_state_machine_as_test(
        lambda: LogMachine(engine), settings=settings(max_examples=40, stateful_step_count=30, deadline=None)
    )
