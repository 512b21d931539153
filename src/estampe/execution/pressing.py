"""Pressing: asks for many messages together whether marketing pressure lets them be sent, and counts those it lets."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING

from estampe.catalog import Pressure, Reservation
from estampe.execution.gathering import Gathering

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor
    from uuid import UUID

    from estampe.catalog import Catalog
    from estampe.execution.cases import Case

    _Question = Callable[[Pressure, Sequence[Reservation], int], dict[UUID, UUID | None]]


class Pressing:
    """Asks the rules of marketing pressure.

    Parameters:
        catalog: where rules and marks are.
        threads: where the catalog is asked.
    """

    def __init__(self, catalog: Catalog, threads: Executor) -> None:
        self._catalog = catalog
        self._asking: Gathering[Case, UUID | None] = Gathering(self._ask, threads)
        self._reserving: Gathering[Case, UUID | None] = Gathering(self._reserve, threads)

    async def exceeded(self, case: Case) -> UUID | None:
        """Return the rule that a message would break now; None if there is none."""
        return await self._asking.do(case)

    async def reserved(self, case: Case) -> UUID | None:
        """Return the rule that a message breaks; if there is none it counts from now on, however it ends."""
        asked = self._reserving if case.frozen.counts_pressure else self._asking
        return await asked.do(case)

    def _ask(self, cases: Sequence[Case]) -> Sequence[UUID | None]:
        return self._broken(cases, Pressure.ask)

    def _reserve(self, cases: Sequence[Case]) -> Sequence[UUID | None]:
        return self._broken(cases, _reserve)

    def _broken(self, cases: Sequence[Case], asked: _Question) -> Sequence[UUID | None]:
        """Return the rule that each message breaks, asked for all messages of a customer together."""
        by_customer: dict[int, list[Reservation]] = defaultdict(list)
        for case in cases:
            wanted = Reservation(stamp=case.held.stamp, contact=case.held.contact, topic=case.frozen.topic)
            by_customer[case.held.customer].append(wanted)
        now_ms = time.time_ns() // 1_000_000
        broken = {
            customer: asked(Pressure(self._catalog, customer), reservations, now_ms)
            for customer, reservations in by_customer.items()
        }
        return [broken[case.held.customer][case.held.stamp] for case in cases]


def _reserve(pressure: Pressure, reservations: Sequence[Reservation], now_ms: int) -> dict[UUID, UUID | None]:
    """Let messages be sent as far as the rules allow; without rules there is nothing to count."""
    if not pressure.rules():
        return dict.fromkeys(each.stamp for each in reservations)
    return pressure.reserve(reservations, now_ms)
