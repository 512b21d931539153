"""Pressing: asks for many messages together whether marketing pressure lets them be sent, and counts those it lets."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING

from estampe.catalog import Pressure, Reservation
from estampe.execution.gathering import Gathering
from estampe.instants import clock_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor
    from uuid import UUID

    from estampe.catalog import Catalog
    from estampe.execution.cases import Case

    _Question = Callable[[Pressure, Sequence[Reservation], int], dict[UUID, UUID | None]]


_BELIEVED_S = 1.0
"""How long it is believed that a customer has no rules: a first rule holds within a second."""


class Pressing:
    """Asks the rules of marketing pressure.

    Parameters:
        catalog: where rules and marks are.
        threads: where the catalog is asked.
    """

    def __init__(self, catalog: Catalog, threads: Executor) -> None:
        self._catalog = catalog
        self._free_until_s: dict[int, float] = {}
        self._asking: Gathering[Case, UUID | None] = Gathering(self._ask, threads)
        self._reserving: Gathering[Case, UUID | None] = Gathering(self._reserve, threads)

    async def exceeded(self, case: Case) -> UUID | None:
        """Return the rule that a message would break now; None if there is none."""
        return None if self._is_free(case) else await self._asking.do(case)

    async def reserved(self, case: Case) -> UUID | None:
        """Return the rule that a message breaks; if there is none it counts from now on, however it ends."""
        asked = self._reserving if case.frozen.counts_pressure else self._asking
        return None if self._is_free(case) else await asked.do(case)

    def _is_free(self, case: Case) -> bool:
        """Whether the message's customer had no rules a moment ago: most have none, and need not be asked for each."""
        return time.monotonic() < self._free_until_s.get(case.held.customer, 0.0)

    def _ask(self, cases: Sequence[Case]) -> Sequence[UUID | None]:
        return self._broken(cases, Pressure.ask)

    def _reserve(self, cases: Sequence[Case]) -> Sequence[UUID | None]:
        return self._broken(cases, Pressure.reserve)

    def _broken(self, cases: Sequence[Case], asked: _Question) -> Sequence[UUID | None]:
        """Return the rule that each message breaks, asked for all messages of a customer together."""
        by_customer: dict[int, list[Reservation]] = defaultdict(list)
        for case in cases:
            wanted = Reservation(stamp=case.held.stamp, contact=case.held.contact, topic=case.frozen.topic)
            by_customer[case.held.customer].append(wanted)
        broken = {customer: self._of_one(customer, wanted, asked) for customer, wanted in by_customer.items()}
        return [broken[case.held.customer][case.held.stamp] for case in cases]

    def _of_one(self, customer: int, reservations: Sequence[Reservation], asked: _Question) -> dict[UUID, UUID | None]:
        pressure = Pressure(self._catalog, customer)
        if pressure.rules():
            return asked(pressure, reservations, clock_ms())
        self._free_until_s[customer] = time.monotonic() + _BELIEVED_S
        return dict.fromkeys(each.stamp for each in reservations)
