"""What the handlers share."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from estampe.catalog import Customers
from estampe.http.gate import Gate
from estampe.http.problems import Kind, Problem
from estampe.http.room import Room
from estampe.http.streams import Streams
from estampe.http.turns import Turns

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from estampe.bounces.bounces import Bounces
    from estampe.catalog import Catalog, Keys
    from estampe.events import Customer
    from estampe.execution.executing import Execution
    from estampe.http.metrics import Metrics
    from estampe.log import EventLog, Logs
    from estampe.settings import Settings
    from estampe.tracking.tracking import Tracking

_DECODERS = 2
"""Threads that decode large bodies: Python runs one at a time anyway, and a hostile body takes half a gigabyte."""


class Services:
    """The settings, the logs, and all that watches over requests.

    Parameters:
        settings: the operator's choices.
        logs: the logs of the data folder.
        keys: the catalog's keys.
        metrics: what is counted.
        catalog: what is kept besides events.
        execution: takes executions and sends messages; None: nothing is sent.
        tracking: makes events of what people do with messages; None: links lead nowhere.
        bounces: makes events of reports of mail servers; None: nobody can bring any.
    """

    def __init__(  # noqa: PLR0913  one for each part that handlers reach
        self,
        settings: Settings,
        logs: Logs,
        keys: Keys,
        metrics: Metrics,
        *,
        catalog: Catalog,
        execution: Execution | None = None,
        tracking: Tracking | None = None,
        bounces: Bounces | None = None,
    ) -> None:
        self.settings = settings
        self.catalog = catalog
        self.customers = Customers(catalog)
        self._execution = execution
        self.tracking = tracking
        self._bounces = bounces
        self._logs = logs
        self._open: dict[str, EventLog] = {}
        self.gate = Gate(keys, settings)
        self.metrics = metrics
        metrics.watch(self._open)
        if tracking:
            metrics.watch_spool(tracking.spool)
        if bounces:
            metrics.watch_quarantine(bounces.quarantine)
        self.readers = ThreadPoolExecutor(settings.scan_threads, "reader")
        self.decoders = ThreadPoolExecutor(_DECODERS, "decoder")
        self.streams = Streams(settings, self.metrics.streams_open)
        self.turns = Turns("counter", threads=2, at_once=1, per_key=16, refusal=Kind.TOO_MANY_STATISTICS)
        self.clerks = Turns("clerk", threads=8, at_once=4, per_key=256, refusal=Kind.TOO_MANY_CALLS)
        self.room = Room(settings)

    @property
    def execution(self) -> Execution:
        """What takes executions and sends messages.

        Raises:
            Problem: there is none.
        """
        if self._execution is None:
            raise Problem(Kind.NOT_READY, "This server sends nothing.")
        return self._execution

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Send what waits, and make events of visits and of reports, for as long as the block lasts."""
        async with AsyncExitStack() as stack:
            if self.tracking:
                await stack.enter_async_context(self.tracking.running())
            if self._bounces:
                await stack.enter_async_context(self._bounces.running())
            if self._execution:
                await stack.enter_async_context(self._execution.running())
            yield

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
        self.clerks.close()
