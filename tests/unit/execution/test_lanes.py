"""Turns: lanes with room are taken one after the other, and nobody starves."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from estampe.catalog import Lane
from estampe.execution.lanes import Lanes

A, B, C = (Lane(1, "a.example"), Lane(1, "b.example"), Lane(2, "a.example"))


def _taken(lanes: Lanes, count: int = 1) -> list[Lane]:
    return [lane for lane, _ in lanes.take(lambda _: count, 100)]


def test_customers_take_turns_and_so_do_the_lanes_of_each_in_the_order_in_which_they_came() -> None:
    lanes = Lanes()
    lanes.add([A, B])
    lanes.add([A, C])
    assert _taken(lanes, 5) == [A, C, B]
    assert dict(lanes.take(lambda _: 5, 100)) == {}


def test_a_lane_without_room_waits_behind_those_that_have_some() -> None:
    lanes = Lanes()
    lanes.add([A, B])
    assert dict(lanes.take(lambda lane: 0 if lane == A else 3, 100)) == {B: 3}
    lanes.add([B])
    assert _taken(lanes) == [A, B]


def test_no_more_are_taken_than_asked_for() -> None:
    lanes = Lanes()
    lanes.add([A, B, C])
    assert dict(lanes.take(lambda _: 4, 6)) == {A: 4, C: 2}
    assert dict(lanes.take(lambda _: 4, 6)) == {B: 4}


def test_a_lane_comes_into_the_row_when_its_time_has_come() -> None:
    lanes = Lanes()
    lanes.add_later({A: 2_000, B: 1_000, C: None})
    assert lanes.next_ms() == 1_000
    lanes.wake(1_500)
    assert (_taken(lanes), lanes.next_ms()) == ([B], 2_000)
    lanes.wake(2_000)
    assert (_taken(lanes), lanes.next_ms()) == ([A], None)


def test_who_writes_to_many_domains_has_no_more_turns_than_who_writes_to_one() -> None:
    lanes = Lanes()
    lanes.add(Lane(1, f"{number}.example") for number in range(1_000))
    lanes.add([C])
    assert C in dict(lanes.take(lambda _: 1, 2))


def test_a_lane_that_is_added_while_turns_are_taken_has_its_turn_too() -> None:
    lanes, left = Lanes(), Counter({A: 3, B: 1, C: 2})
    lanes.add(left)
    turns = []
    for lane, count in lanes.take(lambda _: 1, 100):
        turns.append(lane)
        left[lane] -= count
        lanes.add([lane] if left[lane] else [])
    assert turns == [A, C, B, C, A, A]
    assert not lanes


def test_times_that_are_no_lanes_next_are_forgotten() -> None:
    """A lane in which one message waits for hours comes to its turn a thousand times before."""
    lanes = Lanes()
    for now_ms in range(1_000):
        lanes.add_later({A: 10_000})
        lanes.add_later({A: now_ms, B: 20_000})
        lanes.wake(now_ms)
        assert _taken(lanes) == [A]
    assert len(lanes._later) < 200
    lanes.add_later({A: 10_000})
    assert lanes.next_ms() == 10_000


@given(messages=st.dictionaries(st.sampled_from([A, B, C]), st.integers(1, 400), min_size=2))
def test_who_has_few_messages_waits_for_a_turn_of_each_other_and_no_longer(messages: dict[Lane, int]) -> None:
    """However many one lane has, all others of its customer get as many turns as it does until they are done."""
    lanes, left, sent, turns = Lanes(), dict(messages), Counter[Lane](), Counter[Lane]()
    lanes.add(messages)
    while left:
        for lane, count in dict(lanes.take(lambda lane: min(8, left[lane]), 8)).items():
            sent[lane] += count
            turns[lane] += 1
            left[lane] -= count
            if left[lane]:
                lanes.add([lane])
            else:
                del left[lane]
        waiting = [turns[lane] for lane in left if lane.customer == 1]
        assert not waiting or max(waiting) - min(waiting) <= 1
    assert sent == messages


def test_who_keeps_us_less_busy_goes_first() -> None:
    busy = Counter({1: 3, 2: 0})
    lanes = Lanes(busy.__getitem__)
    lanes.add([A, B, C])
    taken = []
    for lane, _ in lanes.take(lambda _: 1, 3):
        taken.append(lane)
        busy[lane.customer] += 1
    assert taken == [C, A, B]
