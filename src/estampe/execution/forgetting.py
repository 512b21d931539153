"""Forgetting: what nobody will ask for any more leaves the catalog, an hour after the other."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from estampe.catalog import CatalogUnavailable, Copies, Pressure
from estampe.instants import clock_ms

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    import structlog

    from estampe.catalog import Calls, Catalog, Customers
    from estampe.settings import Settings

T = TypeVar("T")

_EVERY_S = 3_600

_HOUR_MS = 3_600_000

_DAY_MS = 24 * _HOUR_MS


class Forgetting:
    """Forgets calls that can be repeated no more, marks that no rule counts any more, and copies of old messages.

    Parameters:
        catalog: where marks and copies are.
        customers: the catalog's customers.
        calls: the calls.
        settings: `call_hours`, `copy_days`.
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
        settings: Settings,
        waiting_ms: int,
        threads: Executor,
        journal: structlog.stdlib.BoundLogger,
    ) -> None:
        self._catalog = catalog
        self._customers = customers
        self._calls = calls
        self._call_ms = round(settings.call_hours * _HOUR_MS)
        self._copy_ms = round(settings.copy_days * _DAY_MS)
        self._waiting_ms = waiting_ms
        self._threads = threads
        self._journal = journal

    async def run(self) -> None:
        """Forget every hour until the task is cancelled."""
        while True:
            try:
                await self._ask(self.forget)
                while await self._ask(self.forget_copies):
                    pass  # there may be many; between two slices the server may end
            except CatalogUnavailable as exc:
                self._journal.warning("forgetting later", reason=str(exc))
            await asyncio.sleep(_EVERY_S)

    def forget(self) -> None:
        """Forget calls and marks that are to be forgotten now."""
        now_ms = clock_ms()
        self._calls.forget(now_ms - self._call_ms)
        for customer in self._customers.numbers():
            Pressure(self._catalog, customer).forget(now_ms - self._waiting_ms)

    def forget_copies(self) -> bool:
        """Forget some of the copies that are to be forgotten now; return whether there may be more."""
        return Copies(self._catalog).forget(clock_ms() - self._copy_ms)

    async def _ask(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)
