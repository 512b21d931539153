"""Turns: statistics are counted in threads of their own, one call of a key at a time."""

from __future__ import annotations

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple
from weakref import WeakValueDictionary

from estampe.http.problems import RETRY, Kind, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Answer = TypeVar("Answer")
Facts = TypeVarTuple("Facts")

_THREADS = 2
"""Counting a long span by hours takes seconds and a hundred megabytes; lists have threads of their own meanwhile."""

_PER_KEY = 16
"""Calls of one key at once: one is counted, the others wait."""


class Turns:
    """Calls for statistics: each key has its turn, so that nobody waits for all that another one asks."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, "counter")
        self._by_key: Counter[str] = Counter()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def take(self, key_id: str, count: Callable[[*Facts], Answer], *facts: *Facts) -> Answer:
        """Return what a blocking function returns, called in a thread when it is the key's turn.

        Raises:
            Problem: too many calls of the key wait already.
        """
        lock = self._locks.setdefault(key_id, asyncio.Lock())
        with self._waiting(key_id):
            async with lock:
                return await asyncio.get_running_loop().run_in_executor(self._threads, count, *facts)

    @contextmanager
    def _waiting(self, key_id: str) -> Iterator[None]:
        if self._by_key[key_id] >= _PER_KEY:
            detail = f"This key asks for {_PER_KEY} statistics at once already; let one end first."
            raise Problem(Kind.TOO_MANY_STATISTICS, detail, headers=[RETRY])
        self._by_key[key_id] += 1
        try:
            yield
        finally:
            self._by_key[key_id] -= 1
            self._by_key += Counter()  # drops the zeros

    def close(self) -> None:
        """Start nothing more."""
        self._threads.shutdown(wait=True, cancel_futures=True)
