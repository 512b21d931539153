"""What the handlers share."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from estampe.http.gate import Gate
from estampe.http.room import Room
from estampe.http.streams import Streams
from estampe.http.turns import Turns

if TYPE_CHECKING:
    from estampe.catalog import Keys
    from estampe.events import Customer
    from estampe.http.metrics import Metrics
    from estampe.log import EventLog, Logs
    from estampe.settings import Settings

_DECODERS = 2
"""Threads that decode large bodies: Python runs one at a time anyway, and a hostile body takes half a gigabyte."""


class Services:
    """The settings, the logs, and all that watches over requests.

    Parameters:
        settings: the operator's choices.
        logs: the logs of the data folder.
        keys: the catalog's keys.
        metrics: what is counted.
    """

    def __init__(self, settings: Settings, logs: Logs, keys: Keys, metrics: Metrics) -> None:
        self.settings = settings
        self._logs = logs
        self._open: dict[str, EventLog] = {}
        self.gate = Gate(keys, settings)
        self.metrics = metrics
        metrics.watch(self._open)
        self.readers = ThreadPoolExecutor(settings.scan_threads, "reader")
        self.decoders = ThreadPoolExecutor(_DECODERS, "decoder")
        self.streams = Streams(settings, self.metrics.streams_open)
        self.turns = Turns()
        self.room = Room(settings)

    async def log_of(self, customer: Customer) -> EventLog:
        """Return a customer's log; the first time it is opened in a thread."""
        if customer.name not in self._open:
            loop = asyncio.get_running_loop()
            self._open[customer.name] = await loop.run_in_executor(self.readers, self._logs.of, customer)
        return self._open[customer.name]

    def close(self) -> None:
        """Start nothing more in threads."""
        for threads in (self.readers, self.decoders):
            threads.shutdown(wait=True, cancel_futures=True)
        self.turns.close()
