"""Settling: publishes how messages ended, and only then takes them out of the outbox; many together."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from estampe.catalog import CatalogUnavailable, Contacts, Copies, Postponed
from estampe.events import Verdict
from estampe.execution.gathering import Gathering
from estampe.instants import clock_ms
from estampe.log import LogBusy, LogClosed, LogFull

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from concurrent.futures import Executor

    import structlog

    from estampe.catalog import Catalog, Copy, Held, Outbox
    from estampe.events import Customer, Draft
    from estampe.execution.cases import Case
    from estampe.execution.outcomes import Outcome
    from estampe.log import EventLog

T = TypeVar("T")

_AGAIN_S = 1.0


class Ended(NamedTuple):
    """A message that came to its end."""

    held: Held
    customer: Customer
    outcome: Outcome


class Settling:
    """Ends messages, and puts others back to be tried later.

    Without room on the disk, or without the catalog's database, it tries again until it can: what was sent is never
    forgotten by a process that lives.

    Parameters:
        catalog: where contacts are noted as bounced.
        outbox: the messages.
        log_of: returns a customer's log; blocking.
        threads: where the work is done.
        journal: is told of what has to be tried again.
        copy_of: returns what to keep of a message that was sent, None for nothing.
        marks_dead: whether contacts whose messages bounced hard are noted as bounced.
        weigh: is told, in a thread, of a contact whose message bounced softly, by its customer's number and its id.
    """

    def __init__(  # noqa: PLR0913  one for each part that it calls
        self,
        catalog: Catalog,
        outbox: Outbox,
        log_of: Callable[[Customer], EventLog],
        threads: Executor,
        journal: structlog.stdlib.BoundLogger,
        *,
        copy_of: Callable[[Case], Copy | None],
        marks_dead: bool = True,
        weigh: Callable[[int, str], object] = lambda _customer, _contact: None,
    ) -> None:
        self._catalog = catalog
        self._outbox = outbox
        self._log_of = log_of
        self._journal = journal
        self._copy_of = copy_of
        self._marks_dead = marks_dead
        self._weigh = weigh
        self._copies = Copies(catalog)
        self._stopping = threading.Event()
        self._settling: Gathering[Ended | Postponed, None] = Gathering(self._settle, threads)

    async def end(self, held: Held, customer: Customer, outcome: Outcome) -> None:
        """Publish a message's outcome and take it out of the outbox.

        Raises:
            LogClosed: the log is closing; the message stays and is settled at the next start.
        """
        await self._settling.do(Ended(held, customer, outcome))

    async def postpone(self, held: Held, due_ms: int, attempts: int, reason: str) -> None:
        """Put a message back until a time, Unix milliseconds."""
        await self._settling.do(Postponed(seq=held.seq, due_ms=due_ms, attempts=attempts, reason=reason))

    def stop(self) -> None:
        """Wait for room on the disk or for the database no more: what is not settled is at the next start."""
        self._stopping.set()

    def _settle(self, group: Sequence[Ended | Postponed]) -> Sequence[None]:
        ended = [each for each in group if isinstance(each, Ended)]
        postponed = [each for each in group if isinstance(each, Postponed)]
        self._until_done(self._publish, ended)
        self._until_done(self._weigh_soft, ended)
        self._until_done(self.let_go, ended, postponed)
        return [None] * len(group)

    def _until_done(self, work: Callable[..., None], *facts: object) -> None:
        while True:
            try:
                work(*facts)
            except (LogFull, LogBusy, CatalogUnavailable) as exc:
                self._journal.warning("settling later", reason=str(exc))
                if self._stopping.wait(_AGAIN_S):
                    raise LogClosed("The server is closing.") from exc
            else:
                return

    def _publish(self, ended: Sequence[Ended]) -> None:
        by_customer: dict[Customer, list[Draft]] = defaultdict(list)
        for each in ended:
            by_customer[each.customer] += each.outcome.drafts
        published = [self._log_of(customer).publish(drafts) for customer, drafts in by_customer.items()]
        for future in published:
            future.result()

    def _weigh_soft(self, ended: Sequence[Ended]) -> None:
        for each in ended:
            if each.outcome.verdict is Verdict.SOFT:
                self._weigh(each.held.customer, each.held.contact)

    def let_go(self, ended: Sequence[Ended], postponed: Sequence[Postponed] = ()) -> None:
        """Take messages out of the outbox whose ends are in the log, and put others back; blocking.

        Raises:
            CatalogUnavailable: it could not be done.
        """
        hard = (each.held for each in ended if each.outcome.verdict is Verdict.HARD)
        dead = _by_customer((held.customer, held.contact) for held in hard if self._marks_dead)
        sent = (self._copy_of(each.outcome.sent) for each in ended if each.outcome.sent)
        copies = _by_customer((copy.customer, copy) for copy in sent if copy)
        now_ms = clock_ms()
        with self._catalog.writing() as connection:
            self._outbox.settle(connection, [each.held.seq for each in ended], postponed)
            for customer in sorted({*dead, *copies}):
                contacts = Contacts(self._catalog, customer)
                # All at once, so that it is in order: others lock them too. Those that were deleted since are left out.
                found = contacts.lock(connection, [*dead[customer], *(copy.contact for copy in copies[customer])])
                contacts.mark_bounced(connection, dead[customer], now_ms)
                self._copies.keep(connection, [copy for copy in copies[customer] if copy.contact in found], now_ms)


def _by_customer(pairs: Iterable[tuple[int, T]]) -> defaultdict[int, list[T]]:
    grouped: defaultdict[int, list[T]] = defaultdict(list)
    for customer, each in pairs:
        grouped[customer].append(each)
    return grouped
