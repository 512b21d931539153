"""Turns: blocking work is done in threads of its own, a few calls of a key at a time."""

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


class Turns:
    """Calls that wait for threads: each key has its turn, so that nobody waits for all that another one asks.

    Parameters:
        name: of the threads.
        threads: how many there are.
        at_once: how many of them one key may have.
        per_key: calls of one key at once, those that wait with them.
        refusal: the problem of further ones.
    """

    def __init__(self, name: str, *, threads: int, at_once: int, per_key: int, refusal: Kind) -> None:
        self.threads = ThreadPoolExecutor(threads, name)
        self._at_once = at_once
        self._per_key = per_key
        self._refusal = refusal
        self._by_key: Counter[str] = Counter()
        self._turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def take(self, key_id: str, work: Callable[[*Facts], Answer], *facts: *Facts) -> Answer:
        """Return what a blocking function returns, called in a thread when it is the key's turn.

        Raises:
            Problem: too many calls of the key wait already.
        """
        turn = self._turns.setdefault(key_id, asyncio.Semaphore(self._at_once))
        with self._waiting(key_id):
            async with turn:
                return await asyncio.get_running_loop().run_in_executor(self.threads, work, *facts)

    @contextmanager
    def _waiting(self, key_id: str) -> Iterator[None]:
        if self._by_key[key_id] >= self._per_key:
            detail = f"{self._per_key} such calls of this key are under way already; let one end first."
            raise Problem(self._refusal, detail, headers=[RETRY])
        self._by_key[key_id] += 1
        try:
            yield
        finally:
            self._by_key[key_id] -= 1
            self._by_key += Counter()  # drops the zeros

    def close(self) -> None:
        """Start nothing more."""
        self.threads.shutdown(wait=True, cancel_futures=True)
