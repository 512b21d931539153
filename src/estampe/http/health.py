"""For those who watch the server: is it alive, is it ready, what does it count."""

from __future__ import annotations

import asyncio
import tempfile
import time
from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_LATEST

from estampe.http.problems import Kind, Problem

if TYPE_CHECKING:
    from pathlib import Path

    from estampe.http.exchange import Exchange
    from estampe.http.services import Services

_ASK_AGAIN_S = 1.0
"""The disk is asked at most so often, however often strangers ask us."""


class Live:
    """Answers as long as the process serves at all."""

    async def __call__(self, exchange: Exchange) -> None:
        """Answer 200."""
        await exchange.answer(200, b'{"status":"live"}', "application/json")


class Ready:
    """Answers whether events can be kept.

    Parameters:
        data: the data folder.
    """

    def __init__(self, data: Path) -> None:
        self._data = data
        self._asked_s = 0.0
        self._fault: str | None = None

    async def __call__(self, exchange: Exchange) -> None:
        """Answer 200.

        Raises:
            Problem: the data folder cannot be written.
        """
        now_s = time.monotonic()
        if now_s - self._asked_s >= _ASK_AGAIN_S:
            self._asked_s = now_s
            self._fault = await asyncio.to_thread(_write_fault, self._data)
        if self._fault:
            raise Problem(Kind.NOT_READY, f"The data folder cannot be written: {self._fault}.")
        await exchange.answer(200, b'{"status":"ready"}', "application/json")


class Count:
    """Answers the metrics.

    Parameters:
        services: what the handlers share.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    async def __call__(self, exchange: Exchange) -> None:
        """Answer in Prometheus' text format."""
        threads, render = self._services.readers, self._services.metrics.render
        body = await asyncio.get_running_loop().run_in_executor(threads, render)
        await exchange.answer(200, body, CONTENT_TYPE_LATEST)


def _write_fault(data: Path) -> str | None:
    try:
        with tempfile.TemporaryFile(dir=data) as file:
            file.write(b"ready")
            file.flush()
    except OSError as exc:
        return exc.strerror or "unknown"
    return None
