"""Streams: lists being sent, their number limited, read one chunk ahead, and cut off where they must be."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from estampe.http.exchange import ClientGone
from estampe.http.problems import RETRY, Kind, Problem

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Iterator
    from concurrent.futures import Executor

    from prometheus_client import Gauge

    from estampe.http.exchange import Exchange
    from estampe.settings import Settings


class Streams:
    """The lists being sent.

    Parameters:
        settings: `streams_limit` and `streams_per_key`.
        gauge: shows how many there are.
    """

    def __init__(self, settings: Settings, gauge: Gauge) -> None:
        self._limit = settings.streams_limit
        self._per_key = settings.streams_per_key
        self._gauge = gauge
        self._tasks: set[asyncio.Task[object]] = set()
        self._by_key: Counter[str] = Counter()

    @contextmanager
    def opened(self, key_id: str) -> Iterator[None]:
        """Count the current task as a stream of a key while it lasts.

        Raises:
            Problem: there are too many, in all or of this key.
        """
        self._refuse_too_many(key_id)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  only ever called in a task
        self._tasks.add(task)
        self._by_key[key_id] += 1
        self._gauge.inc()
        try:
            yield
        finally:
            self._gauge.dec()
            self._by_key[key_id] -= 1
            self._by_key += Counter()  # drops the zeros
            self._tasks.discard(task)

    def cut(self) -> int:
        """Break off all streams, visibly to their readers; return how many."""
        for task in self._tasks:
            task.cancel()
        return len(self._tasks)

    def _refuse_too_many(self, key_id: str) -> None:
        if len(self._tasks) >= self._limit:
            raise Problem(Kind.OVERLOADED, f"All {self._limit} lists are taken; try again.", headers=[RETRY])
        if self._by_key[key_id] >= self._per_key:
            detail = f"This key reads {self._per_key} lists at once already; let one end first."
            raise Problem(Kind.TOO_MANY_LISTS, detail, headers=[RETRY])


async def read_ahead(chunks: Generator[bytes], threads: Executor) -> AsyncGenerator[bytes]:
    """Yield the chunks of a blocking generator, read in threads, one ahead of who asks.

    Parameters:
        chunks: never yields empty bytes; closed at the end.
        threads: where it is read.
    """
    loop = asyncio.get_running_loop()
    coming = loop.run_in_executor(threads, next, chunks, b"")
    try:
        while chunk := await asyncio.shield(coming):
            coming = loop.run_in_executor(threads, next, chunks, b"")
            yield chunk
    finally:
        # A generator must not be closed while a thread is in it.
        await asyncio.wait([coming])
        coming.exception()
        chunks.close()


async def send_on(exchange: Exchange, first: bytes, chunks: AsyncGenerator[bytes]) -> None:
    """Send the chunks of an answer that has been started, to its end.

    Raises:
        ClientGone, ClientStalled: there is nobody to send to any more.
    """
    gone = asyncio.ensure_future(exchange.gone())
    try:
        await exchange.send(first, more=True)
        async for chunk in chunks:
            await asyncio.sleep(0)  # Other requests get their turn.
            if gone.done():
                raise ClientGone
            await exchange.send(chunk, more=True)
        await exchange.send(b"", more=False)
    finally:
        gone.cancel()
