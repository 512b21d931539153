"""Turns: whatever one key asks to be counted, another key's call is next."""

from __future__ import annotations

import asyncio
from threading import Barrier, Event
from typing import TYPE_CHECKING

import pytest

from estampe.http.problems import Kind, Problem
from estampe.http.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def turns() -> Iterator[Turns]:
    turns = Turns("turn", threads=2, at_once=1, per_key=16, refusal=Kind.TOO_MANY_STATISTICS)
    yield turns
    turns.close()


def test_a_call_returns_what_was_counted(turns: Turns) -> None:
    assert asyncio.run(turns.take("A", lambda low, high: high - low, 3, 10)) == 7


def test_another_key_does_not_wait_for_all_that_one_asks(turns: Turns) -> None:
    done = Event()

    async def ask() -> tuple[bool, list[int]]:
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(turns.take("A", lambda n: done.wait(60) and n, n)) for n in range(8)]
            await asyncio.sleep(0)
            other = await turns.take("B", lambda: not done.is_set())
            done.set()
        return other, [each.result() for each in asked]

    assert asyncio.run(ask()) == (True, list(range(8)))


def test_calls_beyond_those_that_may_wait_are_refused_until_one_ends(turns: Turns) -> None:
    done = Event()

    async def ask() -> Problem:
        async with asyncio.TaskGroup() as group:
            for _ in range(16):
                group.create_task(turns.take("A", done.wait, 60))
            await asyncio.sleep(0)
            with pytest.raises(Problem) as caught:
                await turns.take("A", done.wait, 60)
            assert await turns.take("B", lambda: True)
            done.set()
        assert await turns.take("A", done.wait, 60)
        return caught.value

    problem = asyncio.run(ask())
    assert problem.kind is Kind.TOO_MANY_STATISTICS
    assert ("retry-after", "1") in problem.headers


def test_a_fault_ends_the_turn(turns: Turns) -> None:
    async def ask() -> int:
        with pytest.raises(ZeroDivisionError):
            await turns.take("A", lambda: 1 // 0)
        return await turns.take("A", lambda: 1)

    assert asyncio.run(ask()) == 1


def test_a_key_may_have_some_threads_at_once_but_not_all() -> None:
    turns = Turns("turn", threads=3, at_once=2, per_key=8, refusal=Kind.TOO_MANY_CALLS)
    together, done = Barrier(2, timeout=60), Event()

    def meet() -> bool:
        together.wait()
        return done.wait(60)

    async def ask() -> bool:
        async with asyncio.TaskGroup() as group:
            for _ in range(4):
                group.create_task(turns.take("A", meet))
            await asyncio.sleep(0)
            other = await turns.take("B", lambda: not done.is_set())
            done.set()
        return other

    try:
        assert asyncio.run(ask())
    finally:
        turns.close()
