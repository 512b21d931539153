"""The tide: commits never fall below what was announced, whatever order things happen in."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from estampe.log.clock import Clock
from estampe.log.tide import LEASE_MS, Tide

START_S = 1_700_000_000.0


class TideMachine(RuleBasedStateMachine):
    """A tide, what is on its disk, and what it has told so far."""

    def __init__(self) -> None:
        super().__init__()
        self.wall_s = START_S
        self.steady_s = 0.0
        self.stored_last_ms = -1
        self.stored_ceiling_ms = 0
        self.announced_ms = 0
        self.committed_ms = -1
        self.in_flight_ms: int | None = None
        self.start()

    def start(self) -> None:
        self.in_flight_ms = None
        self.tide = Tide(self.stored_last_ms, self.stored_ceiling_ms, self._clock)

    def _clock(self, floor_ms: int) -> Clock:
        return Clock(floor_ms, lambda: self.wall_s, lambda: self.steady_s)

    @rule(seconds=st.sampled_from([0.0001, 0.001, 0.3, 2.0, 60.0]))
    def pass_time(self, seconds: float) -> None:
        self.wall_s += seconds
        self.steady_s += seconds

    @rule(seconds=st.sampled_from([-3600.0, -1.0, -0.002, 0.002, 1.0, 3600.0]))
    def set_the_clock(self, seconds: float) -> None:
        self.wall_s += seconds

    @precondition(lambda self: self.in_flight_ms is None)
    @rule()
    def begin(self) -> None:
        timestamp_ms = self.tide.rise()
        if timestamp_ms is not None:
            assert timestamp_ms >= self.announced_ms
            assert timestamp_ms > self.committed_ms
            self.in_flight_ms = timestamp_ms

    @precondition(lambda self: self.in_flight_ms is not None)
    @rule(failed=st.booleans(), told=st.booleans())
    def commit(self, *, failed: bool, told: bool) -> None:
        """With the ceiling that is due; and crash before anyone is told, or go on."""
        ceiling_ms = self.tide.next_ceiling_ms()
        if not failed:
            self.stored_last_ms = self.committed_ms = self.in_flight_ms or 0
            self.stored_ceiling_ms = ceiling_ms or self.stored_ceiling_ms
        if not told:
            self.start()
            return
        self.tide.settle()
        self.tide.lease(None if failed else ceiling_ms)
        self.in_flight_ms = None

    @rule(told=st.booleans())
    def store_ceiling(self, *, told: bool) -> None:
        """Between two commits; and crash before it is noted, or go on."""
        ceiling_ms = self.tide.next_ceiling_ms()
        self.stored_ceiling_ms = ceiling_ms or self.stored_ceiling_ms
        if told:
            self.tide.lease(ceiling_ms)
        else:
            self.start()

    @rule()
    def announce(self) -> None:
        watermark_ms = self.tide.watermark_ms()
        assert watermark_ms >= self.announced_ms
        assert watermark_ms <= max(self.stored_ceiling_ms, self.stored_last_ms + 1)
        assert self.in_flight_ms is None or watermark_ms <= self.in_flight_ms
        self.announced_ms = watermark_ms

    @rule()
    def crash(self) -> None:
        self.start()

    @precondition(lambda self: self.in_flight_ms is None)
    @rule()
    def close(self) -> None:
        """With the last time that binds stored as the ceiling."""
        self.stored_ceiling_ms = self.tide.ebb()
        self.announce()
        self.start()


TestTide = TideMachine.TestCase
TestTide.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)


class Times:
    """A clock by hand."""

    def __init__(self) -> None:
        self.now_s = START_S

    def tide(self, last_ms: int = -1, ceiling_ms: int = 0) -> Tide:
        return Tide(last_ms, ceiling_ms, lambda floor_ms: Clock(floor_ms, lambda: self.now_s, lambda: self.now_s))


def test_a_millisecond_has_one_commit() -> None:
    times = Times()
    tide = times.tide()
    first_ms = tide.rise()
    tide.settle()
    assert first_ms == START_S * 1000
    assert tide.rise() is None
    times.now_s += 0.001
    assert tide.rise() == first_ms + 1


def test_the_watermark_waits_for_a_commit_on_its_way() -> None:
    times = Times()
    tide = times.tide()
    tide.lease(tide.next_ceiling_ms())
    begun_ms = tide.rise()
    times.now_s += 0.5
    assert tide.watermark_ms() == begun_ms
    tide.settle()
    assert tide.watermark_ms() == START_S * 1000 + 500


def test_the_watermark_stops_at_the_stored_ceiling() -> None:
    times = Times()
    tide = times.tide()
    assert tide.watermark_ms() == 0
    tide.lease(tide.next_ceiling_ms())
    times.now_s += 3600
    assert tide.watermark_ms() == START_S * 1000 + LEASE_MS
    tide.lease(tide.next_ceiling_ms())
    assert tide.watermark_ms() == times.now_s * 1000


def test_a_new_ceiling_is_due_before_the_old_one_is_reached() -> None:
    times = Times()
    tide = times.tide()
    tide.lease(tide.next_ceiling_ms())
    assert tide.next_ceiling_ms() is None
    times.now_s += LEASE_MS * 0.6 / 1000
    assert tide.next_ceiling_ms() is not None


def test_what_was_stored_binds_a_clock_that_was_set_back() -> None:
    times = Times()
    ceiling_ms = int(START_S * 1000) + 3_600_000
    tide = times.tide(last_ms=5, ceiling_ms=ceiling_ms)
    assert tide.watermark_ms() == ceiling_ms
    assert tide.rise() == ceiling_ms
