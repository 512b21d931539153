"""Gathering: what comes while work is under way is done together by the next piece of it, as a log shares an fsync."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST = 500
"""Items of one group."""


class Gathering(Generic[Item, Result]):
    """Hands items to blocking work in groups; one group at a time, in the order in which they came.

    Parameters:
        work: takes a group and returns a result for each item, in order; where it fails, each item is tried alone.
        threads: where the work is done.
    """

    def __init__(self, work: Callable[[Sequence[Item]], Sequence[Result]], threads: Executor) -> None:
        self._work = work
        self._threads = threads
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._working: asyncio.Task[None] | None = None

    async def do(self, item: Item) -> Result:
        """Have the work done for an item and return its result."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        self._waiting.append((item, future))
        if self._working is None:
            self._working = loop.create_task(self._run())
        return await future

    async def _run(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            if not await self._do(group, alone=len(group) == 1):
                for one in group:
                    await self._do([one], alone=True)
        self._working = None

    async def _do(self, group: Sequence[tuple[Item, asyncio.Future[Result]]], *, alone: bool) -> bool:
        """Do the work for a group; return whether all is said: what one item breaks, the others are not to suffer."""
        loop = asyncio.get_running_loop()
        try:
            results = await loop.run_in_executor(self._threads, self._work, [item for item, _ in group])
        except Exception as error:  # noqa: BLE001  whoever waits is told, whatever it is
            if alone:
                _tell(group[0][1], error)
            return alone
        for (_, future), result in zip(group, results, strict=True):
            if not future.done():
                future.set_result(result)
        return True


def _tell(future: asyncio.Future[Result], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
