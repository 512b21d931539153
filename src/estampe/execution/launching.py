"""Launching: executes actions for the contacts of whole segments, slice by slice.

A contact's stamp follows from the launch and the contact, so a slice that was executed before a crash adds nothing when
it is executed again.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

import msgspec

from estampe.errors import EstampeError
from estampe.instants import clock_ms

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import structlog

    from estampe.catalog import Customers, Launch, Launches
    from estampe.execution.accepting import Acceptance

_LOOK_S = 1.0
"""How often to look for launches whose time has come."""

_AT_ONCE = 500


class Launching:
    """Carries out launches for as long as it runs.

    Parameters:
        launches: what was planned.
        customers: the catalog's customers.
        acceptance: takes executions.
        threads: where the catalog is asked.
        journal: is told what is launched.
    """

    def __init__(
        self,
        launches: Launches,
        customers: Customers,
        acceptance: Acceptance,
        threads: Executor,
        journal: structlog.stdlib.BoundLogger,
    ) -> None:
        self._launches = launches
        self._customers = customers
        self._acceptance = acceptance
        self._threads = threads
        self._journal = journal

    async def run(self) -> None:
        """Launch until the task is cancelled; a launch goes on a slice at a time, beside the others."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                busy = await loop.run_in_executor(self._threads, self.step)
            except EstampeError as exc:
                self._journal.warning("launching later", reason=str(exc))
                busy = False
            if not busy:
                await asyncio.sleep(_LOOK_S)

    def step(self) -> bool:
        """Execute the next slice of each launch that is due; return whether any could be done.

        What is owed to messages that were accepted while the catalog did not answer is done first.
        """
        self._acceptance.catch_up()
        due = self._launches.due(clock_ms())
        return sum(self._goes_on(launch) for launch in due) > 0

    def _goes_on(self, launch: Launch) -> bool:
        """Execute the next slice of a launch; return whether it could be done: one that fails holds up no other."""
        try:
            self._execute(launch)
        except EstampeError as exc:
            self._journal.warning("launching later", action=launch.action, set=str(launch.set), reason=str(exc))
            return False
        return True

    def _execute(self, launch: Launch) -> None:
        contacts = self._launches.contacts(launch, _AT_ONCE)
        if not contacts:
            self._launches.end(launch, clock_ms())
            self._journal.info("launched", action=launch.action, set=str(launch.set))
            return
        now_ms = clock_ms()
        items = [_item(launch.set, contact, now_ms) for contact in contacts]
        customer = self._customers.customer_of(launch.customer)
        for _ in self._acceptance.accept_content(customer, launch.content, items):
            pass
        self._launches.advance(launch, contacts[-1])


def _item(launch: UUID, contact: str, now_ms: int) -> bytes:
    stamp = {
        "time": now_ms,
        "id": uuid5(launch, contact),
        "thread": uuid5(launch, f"{contact}/thread"),
        "set": launch,
    }
    return msgspec.json.encode({"recipient": {"type": "id", "value": contact}, "stamp": stamp})
