"""Forgetting: what nobody will ask for any more leaves the catalog, an hour after the other."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from estampe.catalog import CatalogUnavailable, Pressure
from estampe.instants import clock_ms

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import structlog

    from estampe.catalog import Calls, Catalog, Customers

_EVERY_S = 3_600

_HOUR_MS = 3_600_000


class Forgetting:
    """Forgets calls that can be repeated no more, and marks that no rule counts any more.

    Parameters:
        catalog: where marks are.
        customers: the catalog's customers.
        calls: the calls.
        call_hours: how long a call may be repeated.
        waiting_ms: how long a message that was counted may wait until it is sent, milliseconds.
        threads: where the catalog is asked.
        journal: is told when it has to wait.
    """

    def __init__(  # noqa: PLR0913  one for each part that it calls
        self,
        *,
        catalog: Catalog,
        customers: Customers,
        calls: Calls,
        call_hours: float,
        waiting_ms: int,
        threads: Executor,
        journal: structlog.stdlib.BoundLogger,
    ) -> None:
        self._catalog = catalog
        self._customers = customers
        self._calls = calls
        self._call_ms = round(call_hours * _HOUR_MS)
        self._waiting_ms = waiting_ms
        self._threads = threads
        self._journal = journal

    async def run(self) -> None:
        """Forget every hour until the task is cancelled."""
        while True:
            try:
                await asyncio.get_running_loop().run_in_executor(self._threads, self.forget)
            except CatalogUnavailable as exc:
                self._journal.warning("forgetting later", reason=str(exc))
            await asyncio.sleep(_EVERY_S)

    def forget(self) -> None:
        """Forget what is to be forgotten now."""
        now_ms = clock_ms()
        self._calls.forget(now_ms - self._call_ms)
        for customer in self._customers.numbers():
            Pressure(self._catalog, customer).forget(now_ms - self._waiting_ms)
