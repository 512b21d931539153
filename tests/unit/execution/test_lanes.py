"""Turns: lanes with room are taken one after the other, and nobody starves."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from estampe.catalog import Lane
from estampe.execution.lanes import Lanes

A, B, C = (Lane(1, "a.example"), Lane(1, "b.example"), Lane(2, "a.example"))


def test_lanes_are_taken_in_the_order_in_which_they_came() -> None:
    lanes = Lanes()
    lanes.add([A, B])
    lanes.add([A, C])
    assert list(lanes.take(lambda _: 5, 100)) == [A, B, C]
    assert lanes.take(lambda _: 5, 100) == {}


def test_a_lane_without_room_waits_behind_those_that_have_some() -> None:
    lanes = Lanes()
    lanes.add([A, B])
    assert lanes.take(lambda lane: 0 if lane == A else 3, 100) == {B: 3}
    lanes.add([B])
    assert list(lanes.take(lambda _: 1, 100)) == [A, B]


def test_no_more_are_taken_than_asked_for() -> None:
    lanes = Lanes()
    lanes.add([A, B, C])
    assert lanes.take(lambda _: 4, 6) == {A: 4, B: 2}
    assert lanes.take(lambda _: 4, 6) == {C: 4}


def test_a_lane_comes_into_the_row_when_its_time_has_come() -> None:
    lanes = Lanes()
    lanes.add_later({A: 2_000, B: 1_000, C: None})
    assert lanes.next_ms() == 1_000
    lanes.wake(1_500)
    assert (list(lanes.take(lambda _: 1, 9)), lanes.next_ms()) == ([B], 2_000)
    lanes.wake(2_000)
    assert (list(lanes.take(lambda _: 1, 9)), lanes.next_ms()) == ([A], None)


@given(messages=st.dictionaries(st.sampled_from([A, B, C]), st.integers(1, 400), min_size=2))
def test_who_has_few_messages_waits_for_a_turn_of_each_other_and_no_longer(messages: dict[Lane, int]) -> None:
    """However many one lane has, all others get as many turns as it does until they are done."""
    lanes, left, sent, turns = Lanes(), dict(messages), Counter[Lane](), Counter[Lane]()
    lanes.add(messages)
    while left:
        for lane, count in lanes.take(lambda lane: min(8, left[lane]), 8).items():
            sent[lane] += count
            turns[lane] += 1
            left[lane] -= count
            if left[lane]:
                lanes.add([lane])
            else:
                del left[lane]
        waiting = [turns[lane] for lane in left]
        assert not waiting or max(waiting) - min(waiting) <= 1
    assert sent == messages
