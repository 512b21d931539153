"""Any sequence of what can happen to a log, against a plain list of what must be in it."""

from __future__ import annotations

import shutil
import tempfile
from bisect import insort
from collections import Counter
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, get_args

import pytest
from activity import ACTIONS, VERDICTS, Activity, bodies, lines, selected
from engines import Wall
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from queries import NEVER, changed, queries
from tallies import DAY_MS, counted, reached

from estampe.events import encode
from estampe.log import HOUR_MS, Counting, Facet, Query, TimestampAhead

if TYPE_CHECKING:
    from uuid import UUID

    from engines import Engine

    from estampe.events import Draft, Event
    from estampe.verdicts import Classification

EDGE_MS = 1_600_000_000_000 // HOUR_MS * HOUR_MS
PAST_MS = EDGE_MS - 20
"""What is brought in lies on both sides of an hour's edge."""
MEMORY = Path("/dev/shm")  # noqa: S108  thousands of commits need no disk: a crash is a copy here

numbers = st.integers(0, 500)
countings = st.builds(
    Counting,
    start_ms=st.sampled_from([None, EDGE_MS - HOUR_MS, EDGE_MS, EDGE_MS + HOUR_MS]),
    end_ms=st.sampled_from([None, None, EDGE_MS, EDGE_MS + HOUR_MS]),
    action=st.sampled_from([None, None, *map(str, ACTIONS), NEVER]),
    period_ms=st.sampled_from([None, HOUR_MS, DAY_MS]),
    by=st.lists(st.sampled_from(get_args(Facet)), max_size=5, unique=True).map(tuple),
)


class Kept(NamedTuple):
    """An event as the log must have it."""

    timestamp_ms: int
    id: UUID
    body: bytes
    is_hit: bool


class LogMachine(RuleBasedStateMachine):
    """A log and its model: what is kept in order, how hits are judged, and what was announced."""

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
        self.judged: dict[UUID, Classification] = {}
        self.announced_ms = 0
        self.epoch = self.log.watermark().epoch

    def _known(self, which: list[int]) -> list[UUID]:
        return [self.kept[number % len(self.kept)].id for number in which if self.kept]

    @property
    def _stored(self) -> list[bytes]:
        return [event.body for event in self.kept]

    @rule(fresh=st.integers(0, 30), known=st.lists(numbers, max_size=4), twice=st.booleans(), judged=st.booleans())
    def publish(self, fresh: int, known: list[int], *, twice: bool, judged: bool) -> None:
        """New ids, none, known ones, and the same one twice in a call; hits with a judgement, that known ones keep."""
        drafts = [*self.activity.drafts(fresh // 2), *self.activity.named_drafts(fresh - fresh // 2)]
        drafts += [draft for event_id in self._known(known) for draft in self.activity.drafts(1, id=str(event_id))]
        drafts += drafts[-2:] if twice else []
        self._publish(drafts, self.activity.judgements(drafts) if judged else [None] * len(drafts))

    def _publish(self, drafts: list[Draft], judgements: list[Classification | None]) -> None:
        receipts = self.log.publish(drafts, judgements if any(judgements) else ()).result()
        ids = {event.id for event in self.kept}
        for draft, judgement, receipt, body in zip(drafts, judgements, receipts, bodies(drafts, receipts), strict=True):
            assert receipt.duplicate == (receipt.id in ids)
            assert self.positions.setdefault(receipt.id, receipt.position) == receipt.position
            if not receipt.duplicate:
                assert receipt.timestamp_ms >= self.announced_ms
                ids.add(receipt.id)
                self._keep(Kept(receipt.timestamp_ms, receipt.id, body, draft.type == "hit"))
                if judgement:
                    self.judged[receipt.id] = judgement

    def _keep(self, event: Kept) -> None:
        insort(self.kept, event, key=lambda kept: kept.timestamp_ms)

    @rule(
        offsets_ms=st.lists(st.integers(0, 40), max_size=40),
        beside=st.lists(numbers, max_size=3),
        known=st.lists(numbers, max_size=3),
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
            self._keep(Kept(event.timestamp, event.id, encode(event), event.type == "hit"))
        self._rewritten(anything=bool(new))

    def _rewritten(self, *, anything: bool) -> None:
        epoch = self.log.watermark().epoch
        assert epoch > self.epoch if anything else epoch == self.epoch
        self.epoch = epoch

    @precondition(lambda self: self.kept)
    @rule(which=st.lists(numbers, max_size=8), verdict=st.sampled_from(VERDICTS))
    def judge(self, which: list[int], verdict: Classification) -> None:
        """Hits and others, judged so already, otherwise, or not at all."""
        meant = {event.id: event for event in (self.kept[number % len(self.kept)] for number in which)}
        with closing(self.log.subscribe(0)) as follower:
            placed = [each.position for batch in iter(lambda: follower.next(0), ()) for each in batch]
        places = dict(zip((event.id for event in self.kept), placed, strict=True))
        anew = [each for each in meant.values() if each.is_hit and self.judged.get(each.id) != verdict]
        assert self.log.classify({places[event_id]: verdict for event_id in meant}) == len(anew)
        self.judged |= {event.id: verdict for event in anew}
        self._rewritten(anything=bool(anew))

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

    @rule(query=queries(st.none()), bounds=st.lists(numbers, max_size=2))
    def scan(self, query: Query, bounds: list[int]) -> None:
        if self.kept:
            times_ms = [self.kept[number % len(self.kept)].timestamp_ms for number in bounds]
            query = changed(query, **dict(zip(("start_ms", "end_ms"), times_ms, strict=False)))
        expected = selected(self._stored, query, self.judged)
        found = lines(self.log, query)
        if query.sort:
            assert found == expected[: query.limit]
        else:
            assert len(found) == len(expected[: query.limit])
            assert Counter(found) <= Counter(expected)

    @rule(counting=countings)
    def count(self, counting: Counting) -> None:
        assert list(self.log.counts(counting)) == counted(self._stored, counting, self.judged)

    @rule(action=st.sampled_from([*map(str, ACTIONS), NEVER]))
    def meet_the_audience(self, action: str) -> None:
        assert self.log.audience(action) == reached(self._stored, action, self.judged)

    @rule()
    def recount(self) -> None:
        """Finds nothing to mend, ever."""
        assert self.log.recount() == (len(self.kept), ())

    @precondition(lambda self: self.kept)
    @rule(after=numbers)
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
        assert lines(self.log, Query(sort="asc")) == self._stored

    @invariant()
    def every_event_is_counted_once(self) -> None:
        assert sum(count.events for count in self.log.counts(Counting())) == len(self.kept)

    def teardown(self) -> None:
        """See that the log finds itself sound, and tidy up."""
        findings, recount = self.log.verify(), self.log.recount()
        self.log.close()
        shutil.rmtree(self.scratch)
        assert (findings.events, findings.faults) == (len(self.kept), ())
        assert recount == (len(self.kept), ())


def test_a_log_does_as_a_list_would(engine: Engine) -> None:
    run_state_machine_as_test(
        lambda: LogMachine(engine), settings=settings(max_examples=40, stateful_step_count=30, deadline=None)
    )
