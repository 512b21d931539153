"""Long work gives way: the more others have to do, the longer it rests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estampe.tracking.recording import pace
from estampe.tracking.recording.pace import Crowd, paced

if TYPE_CHECKING:
    import pytest


class Clock:
    """A clock that sleeping moves, by so much more as others hold the interpreter."""

    def __init__(self, late_s: float) -> None:
        self.late_s = late_s
        self.now_s = 0.0
        self.rests_s: list[float] = []

    def perf_counter(self) -> float:
        return self.now_s

    monotonic = perf_counter

    def sleep(self, seconds: float) -> None:
        self.rests_s.append(seconds)
        self.now_s += seconds + self.late_s


def _work(clock: Clock, items: int) -> None:
    for _ in paced(range(items)):
        clock.now_s += 0.001


def _clock(monkeypatch: pytest.MonkeyPatch, late_s: float) -> Clock:
    clock = Clock(late_s)
    monkeypatch.setattr(pace, "time", clock)
    monkeypatch.setattr(pace, "_pace", pace._Pace())
    return clock


def test_nothing_is_lost_of_what_is_paced() -> None:
    assert list(paced(range(1_000))) == list(range(1_000))


def test_short_work_does_not_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = _clock(monkeypatch, late_s=0.1)
    assert list(paced("abc")) == ["a", "b", "c"]
    assert clock.rests_s == []


def test_who_has_the_interpreter_alone_rests_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = _clock(monkeypatch, late_s=0.0)
    _work(clock, 20)
    assert set(clock.rests_s) == {pace._SHORTEST_S}


def test_who_disturbs_others_rests_longer_but_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = _clock(monkeypatch, late_s=0.001)
    _work(clock, 20)
    assert clock.rests_s == sorted(clock.rests_s)
    assert clock.rests_s[-1] == pace._LONGEST_S


def test_when_others_are_done_it_goes_faster_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = _clock(monkeypatch, late_s=0.001)
    _work(clock, 20)
    clock.late_s = 0.0
    _work(clock, 20)
    assert clock.rests_s[-1] == pace._SHORTEST_S


class Door:
    """Where visits come in."""

    def __init__(self) -> None:
        self.came = 0

    def arrived(self) -> int:
        return self.came


def _crowd(monkeypatch: pytest.MonkeyPatch) -> tuple[Clock, Door, Crowd]:
    clock, door = Clock(0.0), Door()
    monkeypatch.setattr(pace, "time", clock)
    return clock, door, Crowd(door.arrived)


def test_where_nobody_comes_work_does_not_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, _, crowd = _crowd(monkeypatch)
    clock.now_s += 1
    assert crowd.times() == 0


def test_the_more_come_the_longer_work_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, door, crowd = _crowd(monkeypatch)
    seen = []
    for visits in (150, 1_500, 15_000, 1_000_000, 0):
        clock.now_s += 1
        door.came += visits
        seen.append(crowd.times())
    assert seen == [0.1, 1.0, 10.0, pace._MOST_TIMES, 0.0]


def test_a_moment_says_nothing_of_a_crowd(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, door, crowd = _crowd(monkeypatch)
    clock.now_s += 0.01
    door.came += 1_000
    assert crowd.times() == 0
    clock.now_s += 0.99
    assert crowd.times() > 0.6
