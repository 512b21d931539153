"""Waiting: none gets lost or comes twice, none before its time, and those of a message come together."""

from __future__ import annotations

from uuid import UUID

from hitting import click
from hypothesis import given
from hypothesis import strategies as st

from estampe.tracking.linking.links import Addressed
from estampe.tracking.recording.recording import taken_of
from estampe.tracking.recording.waiting import Waiting

MESSAGES = [Addressed(1, "000PE4", "0000000A", UUID(int=number)) for number in range(4)]
VISITS = [[taken_of(click(message, "a")) for _ in range(40)] for message in MESSAGES]
ADD = st.tuples(st.integers(0, 3), st.integers(0, 20))
TAKE = st.tuples(st.just(-1), st.integers(1, 9))
STEPS = st.lists(ADD | TAKE, max_size=40)


@given(steps=STEPS)
def test_each_visit_comes_once_and_in_its_time(steps: list[tuple[int, int]]) -> None:
    waiting, now_ms = Waiting(), 0
    left = [list(visits) for visits in VISITS]
    due_ms: dict[int, int] = {}  # of each message that waits
    added: list[UUID] = []
    found: list[UUID] = []

    def check(most: int) -> None:
        for each in waiting.due(now_ms, most):
            assert due_ms[each.message.stamp] <= now_ms
            found.append(each.kept.id)

    for number, amount in steps:
        if number >= 0:
            each = left[number].pop()
            stamp = each.message.stamp
            waits = any(visit.kept.id in set(added) - set(found) for visit in VISITS[number])
            due_ms[stamp] = min(due_ms[stamp], now_ms + amount) if waits else now_ms + amount
            waiting.add(each, now_ms + amount)
            added.append(each.kept.id)
        else:
            now_ms += 3
            check(amount)
        assert len(waiting) == len(added) - len(found)
    now_ms += 100
    check(1_000)
    assert sorted(found) == sorted(added)
    assert not waiting


def test_those_of_a_message_come_together_with_the_first() -> None:
    waiting = Waiting()
    (first, second), (other, _) = VISITS[0][:2], VISITS[1][:2]
    for each, due_ms in ((second, 50), (first, 10), (other, 20)):
        waiting.add(each, due_ms)
    assert waiting.due(9, 10) == []
    assert waiting.due(10, 10) == [second, first]
    assert waiting.due(50, 10) == [other]


def test_what_is_too_much_at_once_comes_next() -> None:
    waiting = Waiting()
    for each in VISITS[0][:5]:
        waiting.add(each, 10)
    assert [len(waiting.due(10, 2)) for _ in range(4)] == [2, 2, 1, 0]
