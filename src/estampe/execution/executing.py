"""Execution as one thing: what takes messages, what sends them, and what brings order after a crash."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import structlog

from estampe.catalog import Backlog, Calls, Launches, Outbox
from estampe.execution.accepting import Acceptance
from estampe.execution.cases import Cases
from estampe.execution.composing.composers import Composers
from estampe.execution.composing.envelopes import Returns
from estampe.execution.composing.keyring import ForeignSender, open_keyring
from estampe.execution.copying import copier
from estampe.execution.forgetting import Forgetting
from estampe.execution.launching import Launching
from estampe.execution.mirroring import Mirroring
from estampe.execution.ordering import Ordering, mail_domain
from estampe.execution.orders import NoLetter
from estampe.execution.policies import policies
from estampe.execution.pressing import Pressing
from estampe.execution.previewing import Previewing
from estampe.execution.recovery import Recovery
from estampe.execution.relaying.relays import Relays, parse_schedule
from estampe.execution.sending import Sending
from estampe.execution.settling import Settling
from estampe.instants import clock_ms

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from uuid import UUID

    from estampe.catalog import Catalog, Customers
    from estampe.events import Customer
    from estampe.execution.cases import Case
    from estampe.execution.orders import Letter, LinksOf
    from estampe.log import EventLog
    from estampe.settings import Settings
    from estampe.tokens import Tokens

_AGAIN_S = 5.0
"""How long work rests that a fault has ended."""

_THREADS = 6
"""Threads in which sending asks the catalog and the logs: one for each kind of question."""


class Execution:
    """Takes executions and sends messages.

    Parameters:
        catalog: actions, contacts, the outbox.
        customers: the catalog's customers.
        log_of: returns a customer's log; blocking.
        tokens: signs what stands in return paths.
        links: makes the links of messages.
        composer: the module that composes messages when it is run, see `composing.composer.run`.
        settings: the operator's choices.
        weigh: is told, in a thread, of each contact whose message bounced softly, by its customer's number and its id.
        count: is told of each message's end by a word: `activated`, `bounced`, `cancelled`, `postponed`.
    """

    def __init__(  # noqa: PLR0913  one for each part that it wires
        self,
        *,
        catalog: Catalog,
        customers: Customers,
        log_of: Callable[[Customer], EventLog],
        tokens: Tokens,
        links: LinksOf,
        composer: str,
        settings: Settings,
        weigh: Callable[[int, str], object],
        count: Callable[[str], None],
    ) -> None:
        outbox = Outbox(catalog, customers)
        self.acceptance = Acceptance(catalog, customers, outbox, log_of)
        self.calls = Calls(catalog)
        self.backlog = Backlog(catalog, customers)
        self.relays = Relays(settings)
        self._settings = settings
        self._journal = structlog.get_logger()
        self._threads = ThreadPoolExecutor(_THREADS, "sender")
        self._composers = Composers(settings, composer)
        self.previewing = Previewing(catalog, customers, self._composers, self._threads)
        self._cases = Cases(catalog, customers)
        schedule_ms = parse_schedule(settings.retry_schedule)
        returns = Returns(tokens, settings.return_domain or mail_domain(settings))
        if "." not in (domain := mail_domain(settings)):
            self._journal.warning("the mail domain is no public name; set ESTAMPE_MAIL_DOMAIN", domain=domain)
        self._ordering = Ordering(settings, open_keyring(settings), returns, links)
        self._forgetting = Forgetting(
            catalog=catalog,
            customers=customers,
            calls=self.calls,
            settings=settings,
            waiting_ms=2 * sum(schedule_ms),
            threads=self._threads,
            journal=self._journal,
        )
        self._launching = Launching(Launches(catalog), customers, self.acceptance, self._threads, self._journal)
        self._settling = Settling(
            catalog,
            outbox,
            log_of,
            self._threads,
            self._journal,
            copy_of=copier(settings),
            marks_dead=settings.hard_bounces,
            weigh=weigh,
        )
        self._mirroring = Mirroring(catalog, links, self._composers)
        self._recovery = Recovery(
            outbox=outbox,
            customers=customers,
            cases=self._cases,
            settling=self._settling,
            log_of=log_of,
            longest_ms=2 * max(schedule_ms, default=0),
        )
        self._sending = self._sender(catalog, outbox, count)

    def _sender(self, catalog: Catalog, outbox: Outbox, count: Callable[[str], None]) -> Sending:
        pressing = Pressing(catalog, self._threads)
        return Sending(
            outbox=outbox,
            cases=self._cases,
            policies=policies(self._compose, pressing.exceeded, pressing.reserved),
            relays=self.relays,
            settling=self._settling,
            schedule_ms=parse_schedule(self._settings.retry_schedule),
            at_once=2 * self._settings.relay_connections * len(self.relays.states()),
            threads=self._threads,
            count=count,
            journal=self._journal,
        )

    async def _compose(self, case: Case) -> Letter | NoLetter:
        try:
            order = self._ordering.order(case, clock_ms())
        except ForeignSender as exc:
            return NoLetter(message=str(exc))
        return await self._composers.compose(order, case.held.customer)

    def recover(self) -> None:
        """Bring in order what a process left behind when it ended; before anything is taken or sent.

        Raises:
            LogError, CatalogUnavailable: it could not be done.
        """
        left = self._recovery.run()
        if left:
            self._journal.info("recovered", messages=left)

    async def mirror(self, customer: int, action: str, contact: str, stamp: UUID) -> str | None:
        """Return a message that was sent as HTML, None if it cannot be shown any more; see `Mirroring.page`.

        Raises:
            NoComposer, CatalogUnavailable: not now.
        """
        return await self._mirroring.page(customer, action, contact, stamp)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Send for as long as the block lasts; messages under way may then end within `shutdown_seconds`."""
        works = (self._sending, self._launching, self._forgetting)
        tasks = [asyncio.ensure_future(self._kept_running(work.run)) for work in works]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await self._sending.finish(self._settings.shutdown_seconds)
            self._settling.stop()
            await self.relays.close()
            await self._composers.close()

    async def _kept_running(self, run: Callable[[], Awaitable[None]]) -> None:
        """Let work begin again that a fault has ended: what is accepted is sent, whatever happens."""
        while True:
            try:
                await run()
            except Exception as exc:  # noqa: BLE001  the same
                self._journal.critical("sending met a fault and begins again", exc_info=exc)
            await asyncio.sleep(_AGAIN_S)

    def close(self) -> None:
        """Start nothing more in threads."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._mirroring.close()
