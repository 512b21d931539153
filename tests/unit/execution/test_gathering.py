"""Work that is shared: in groups, in order, and each for itself where one fails."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from estampe.execution.gathering import MOST, Gathering

if TYPE_CHECKING:
    from collections.abc import Sequence


def test_what_comes_meanwhile_is_done_together() -> None:
    groups: list[list[int]] = []
    first = threading.Event()

    def work(items: Sequence[int]) -> Sequence[int]:
        groups.append(list(items))
        first.wait(10)
        return [item * 2 for item in items]

    async def run() -> list[int]:
        with ThreadPoolExecutor(1) as threads:
            gathering = Gathering(work, threads)
            tasks = [asyncio.ensure_future(gathering.do(0))]
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            tasks += [asyncio.ensure_future(gathering.do(item)) for item in range(1, 5)]
            await asyncio.sleep(0)
            first.set()
            return await asyncio.gather(*tasks)

    assert asyncio.run(run()) == [0, 2, 4, 6, 8]
    assert [item for group in groups for item in group] == [0, 1, 2, 3, 4]
    assert len(groups) < 5


def test_an_item_that_breaks_the_work_breaks_no_other() -> None:
    def work(items: Sequence[int]) -> Sequence[int]:
        return [12 // item for item in items]

    async def run() -> list[int | BaseException]:
        with ThreadPoolExecutor(1) as threads:
            gathering = Gathering(work, threads)
            return await asyncio.gather(*(gathering.do(item) for item in (1, 0, 3)), return_exceptions=True)

    whole, broken, last = asyncio.run(run())
    assert (whole, last) == (12, 4)
    assert isinstance(broken, ZeroDivisionError)


def test_a_group_has_its_limit() -> None:
    sizes: list[int] = []

    def work(items: Sequence[int]) -> Sequence[None]:
        sizes.append(len(items))
        return [None] * len(items)

    async def run() -> None:
        with ThreadPoolExecutor(1) as threads:
            gathering = Gathering(work, threads)
            await asyncio.gather(*(gathering.do(item) for item in range(2 * MOST + 1)))

    asyncio.run(run())
    assert sum(sizes) == 2 * MOST + 1
    assert max(sizes) == MOST


def test_who_stops_waiting_stops_nobody_else() -> None:
    release = threading.Event()

    def work(items: Sequence[int]) -> Sequence[int]:
        release.wait(10)
        return list(items)

    async def run() -> int:
        with ThreadPoolExecutor(1) as threads:
            gathering = Gathering(work, threads)
            gone, stays = asyncio.ensure_future(gathering.do(1)), asyncio.ensure_future(gathering.do(2))
            await asyncio.sleep(0)
            gone.cancel()
            release.set()
            with pytest.raises(asyncio.CancelledError):
                await gone
            return await stays

    assert asyncio.run(run()) == 2
