"""The log's clock never goes back, and comes back to the machine's."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from estampe.log.clock import LEAD_SPEED, Clock

HOUR_S = 3600.0


class Times:
    """What the two clocks of a machine say."""

    def __init__(self) -> None:
        self.wall_s = 1_700_000_000.0
        self.steady_s = 5.0

    def clock(self, floor_ms: int = 0) -> Clock:
        return Clock(floor_ms, lambda: self.wall_s, lambda: self.steady_s)

    def pass_s(self, seconds: float) -> None:
        self.wall_s += seconds
        self.steady_s += seconds


def test_it_follows_the_machine() -> None:
    times = Times()
    clock = times.clock()
    assert clock.now_ms() == 1_700_000_000_000
    times.pass_s(0.25)
    assert clock.now_ms() == 1_700_000_000_250


def test_it_begins_at_its_floor() -> None:
    assert Times().clock(1_800_000_000_000).now_ms() == 1_800_000_000_000


def test_set_back_an_hour_it_goes_on_more_slowly_until_it_is_caught_up_with() -> None:
    times = Times()
    clock = times.clock()
    before_ms = clock.now_ms()
    times.wall_s -= HOUR_S
    times.pass_s(10)
    assert clock.now_ms() == before_ms + 10_000 * LEAD_SPEED
    times.pass_s(2 * HOUR_S)
    assert clock.now_ms() == int(times.wall_s * 1000)


def test_set_forward_an_hour_it_follows_at_once() -> None:
    times = Times()
    clock = times.clock()
    before_ms = clock.now_ms()
    times.wall_s += HOUR_S
    assert clock.now_ms() == before_ms + HOUR_S * 1000


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(-1e6, 1e6))))
def test_it_never_goes_back_and_is_never_behind_the_machine(moves: list[tuple[float, float]]) -> None:
    times = Times()
    clock = times.clock()
    last_ms = clock.now_ms()
    for passed_s, jump_s in moves:
        times.pass_s(passed_s)
        times.wall_s += jump_s
        now_ms = clock.now_ms()
        assert now_ms >= last_ms
        assert now_ms >= int(times.wall_s * 1000)
        last_ms = now_ms
