"""Bounces as one thing: takes the reports that come by any door, makes events of them, keeps aside what it cannot."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

import structlog

from estampe.bounces.consequences import Consequences
from estampe.bounces.delivery import Delivery, NotTaken, Taken, Way
from estampe.bounces.intakes.listener import listening
from estampe.bounces.intakes.watching import watching
from estampe.bounces.matching import Matching, Miss
from estampe.bounces.reading import Finding, findings
from estampe.bounces.recording import draft_of, feedback_type
from estampe.bounces.reports import Kind, Limits
from estampe.catalog import CatalogUnavailable, Quarantine, QuarantineFull, QuarantineState, UnknownReport
from estampe.instants import DAY_MS, clock_ms
from estampe.log import LogError
from estampe.settings import InvalidSetting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from uuid import UUID

    from estampe.bounces.matching import Match
    from estampe.catalog import Catalog, Customers, Quarantined
    from estampe.events import Customer
    from estampe.log import EventLog
    from estampe.settings import Settings

_UNREADABLE = "nothing in it is a report that Estampe can read"

_ADDRESS = re.compile(r"[^\s@]{0,64}@[^\s@]{1,255}")
"""One to which reports may come, or `@` and a domain."""

_LOOK_S = 1.0
"""How often the quarantine is asked for what waits in it."""

_AT_ONCE = 100
_EARLY_MS = 3 * DAY_MS
"""How long a report waits for its message's activation: as long as a message may take that is tried again and again."""

_SILENCE_S = 60.0
"""How long it is still after a line in the journal."""

_SOON_MS = 1_000
_LATER_MS = 60_000

_CONCERNS = (Kind.BOUNCE, Kind.COMPLAINT, Kind.DELIVERED)
"""What is said of one message; a delay or an answering machine is nothing to remember."""


class _Outcome(NamedTuple):
    """What became of a mail, and of which of its reports nobody knows the message."""

    published: int = 0
    known: int = 0
    misses: Sequence[Miss] = ()

    @property
    def taken(self) -> Taken:
        if self.misses:
            return Taken.QUARANTINED
        if self.published:
            return Taken.PUBLISHED
        return Taken.KNOWN if self.known else Taken.NOTED

    @property
    def reason(self) -> str:
        """Why it is kept aside, each reason once."""
        return "; ".join(dict.fromkeys(miss.reason for miss in self.misses))

    @property
    def is_early(self) -> bool:
        return any(miss.is_early for miss in self.misses)


class Bounces:
    """Takes mails that claim to be reports (a `Receiver`); thread-safe.

    Parameters:
        catalog: contacts and the redlist.
        customers: the catalog's customers.
        log_of: returns a customer's log; blocking.
        message_of: reads a return path that we signed: the customer's number, and the stamp's id.
        settings: the operator's choices.
        count: is told of each mail by a word of `Taken`, or `refused`: it could not be taken.

    Raises:
        InvalidSetting: `ESTAMPE_REPORTS_ADDRESSES` has what is no address.
    """

    def __init__(  # noqa: PLR0913  one for each part that it wires
        self,
        *,
        catalog: Catalog,
        customers: Customers,
        log_of: Callable[[Customer], EventLog],
        message_of: Callable[[str], tuple[int, UUID]],
        settings: Settings,
        count: Callable[[str], object],
    ) -> None:
        self.consequences = Consequences(catalog, customers, log_of, settings)
        self.quarantine = Quarantine(catalog, settings.quarantine_limit)
        self._matching = Matching(catalog, customers, log_of, message_of, settings.match_days)
        self._settings = settings
        self._limits = Limits(octets=settings.report_limit)
        self._addresses = _addresses(settings.reports_addresses)
        self._count = count
        self._journal = structlog.get_logger()
        self._stopping = threading.Event()
        self._silent_until_s = 0.0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Open the doors of the settings, and read again what waits in the quarantine, as long as the block lasts."""
        rereader = threading.Thread(target=self._reread_for_ever, name="rereader", daemon=True)
        rereader.start()
        try:
            async with AsyncExitStack() as stack:
                await stack.enter_async_context(watching(self, self._settings))
                await stack.enter_async_context(listening(self, self._settings))
                yield
        finally:
            self._stopping.set()
            await asyncio.to_thread(rereader.join)

    def accepts(self, recipient: str) -> bool:
        """Return whether mail to an address is for us: a return path that we signed, or an address of the settings."""
        address = recipient.lower()
        named = address in self._addresses or f"@{address.rpartition('@')[2]}" in self._addresses
        return named or self._matching.is_return_path(recipient)

    def take(self, delivery: Delivery) -> Taken:
        """Take a mail; once it returns, all that the mail says is durable, in a log or in the quarantine. Blocking.

        Raises:
            NotTaken: nothing is kept, or not all; bring it again.
            MailTooLarge: it has more bytes than may be read, and never will be taken.
        """
        try:
            outcome = self._recorded(delivery)
            if outcome.misses:
                self._keep(delivery, outcome)
        except (LogError, CatalogUnavailable, QuarantineFull) as exc:
            self._count("refused")
            self._complain(str(exc))
            raise NotTaken(str(exc)) from exc
        self._count(outcome.taken)
        return outcome.taken

    def reread(self) -> int:
        """Read again what is due in the quarantine; return how many mails were taken. Blocking."""
        taken = 0
        while not self._stopping.is_set() and (due := self.quarantine.due(clock_ms(), _AT_ONCE)):
            taken += sum(self._read_again(each) for each in due if not self._stopping.is_set())
        return taken

    def close(self) -> None:
        """Read nothing again any more."""
        self._stopping.set()

    def _recorded(self, delivery: Delivery, *, patient: bool = True) -> _Outcome:
        """Publish what a mail reports, and draw the consequences; what is published stays so if the rest fails."""
        found = findings(delivery.mail, self._limits)
        if not found:
            return _Outcome(misses=[Miss(_UNREADABLE)])
        concerned = [each for each in found if each.report.kind in _CONCERNS]
        matches = self._matching.match(delivery, [each.report for each in concerned], patient=patient)
        matched = list(zip(concerned, matches, strict=True))
        told = {_told(each, match): (each, match) for each, match in reversed(matched) if not isinstance(match, Miss)}
        receipts = [self._publish(each, match) for each, match in reversed(told.values())]
        misses = [
            match for each, match in matched if isinstance(match, Miss) and each.report.kind is not Kind.DELIVERED
        ]
        return _Outcome(receipts.count(False), receipts.count(True), misses)

    def _publish(self, finding: Finding, match: Match) -> bool | None:
        """Publish a report and draw its consequences; return whether it was known, None if it is no event."""
        known: bool | None = None
        time_ms = clock_ms()
        if draft := draft_of(finding, match.activation, is_sure=match.is_sure):
            (receipt,) = match.log.publish([draft]).result()
            known, time_ms = receipt.duplicate, receipt.timestamp_ms
        if match.is_sure:
            self._conclude(finding, match, time_ms)
        return known

    def _conclude(self, finding: Finding, match: Match, time_ms: int) -> None:
        report, judgement = finding.report, finding.judgement
        if report.kind is Kind.COMPLAINT:
            self.consequences.complained(match.customer, match.activation, feedback_type(report))
        elif report.kind is Kind.DELIVERED:
            self.consequences.delivered(match.customer, match.activation)
        elif judgement:
            self.consequences.bounced(match.customer, match.activation, judgement.verdict, time_ms)

    def _complain(self, reason: str) -> None:
        """Tell the journal that reports cannot be taken, now and then."""
        if time.monotonic() >= self._silent_until_s:
            self._silent_until_s = time.monotonic() + _SILENCE_S
            self._journal.error("reports cannot be taken, and are to be brought again", reason=reason)

    def _keep(self, delivery: Delivery, outcome: _Outcome) -> None:
        self.quarantine.keep(
            delivery.mail,
            way=delivery.way,
            time_ms=delivery.time_ms,
            reason=outcome.reason,
            sender=delivery.sender,
            recipients=delivery.recipients,
            state=QuarantineState.EARLY if outcome.is_early else QuarantineState.KEPT,
        )

    def _read_again(self, kept: Quarantined) -> bool:
        """Read one again; say whether it was taken. One that cannot be read now stays, and is due a minute later."""
        try:
            mail = self.quarantine.mail(kept.number)
        except UnknownReport:  # another server that has the same catalog was faster
            return False
        delivery = Delivery(
            mail=mail,
            way=Way.REPLAY,
            time_ms=kept.received_ms,
            sender=kept.sender,
            recipients=kept.recipients,
        )
        try:
            outcome = self._recorded(delivery, patient=False)
        except (LogError, CatalogUnavailable) as exc:
            self._put_back(kept, str(exc), kept.state, _LATER_MS)
            return False
        except Exception as exc:  # noqa: BLE001  what one mail breaks, the others are not to suffer
            self._journal.error("a report cannot be read again", number=kept.number, exc_info=exc)
            self._put_back(kept, f"reading it failed: {exc!r}", QuarantineState.KEPT, 0)
            return False
        self._count(outcome.taken)
        if not outcome.misses:
            self.quarantine.settle(kept.number)
            return True
        age_ms = clock_ms() - kept.received_ms
        waits = outcome.is_early and age_ms < _EARLY_MS
        state = QuarantineState.EARLY if waits else QuarantineState.KEPT
        self._put_back(kept, outcome.reason, state, max(_SOON_MS, min(age_ms, _LATER_MS)))
        return False

    def _put_back(self, kept: Quarantined, reason: str, state: QuarantineState, wait_ms: int) -> None:
        self.quarantine.put_back(kept.number, reason=reason, state=state, due_ms=clock_ms() + wait_ms)

    def _reread_for_ever(self) -> None:
        while not self._stopping.is_set():
            try:
                self.reread()
            except (LogError, CatalogUnavailable) as exc:
                self._journal.warning("the quarantine waits", reason=str(exc))
                self._stopping.wait(_LATER_MS / 1_000)
            self._stopping.wait(_LOOK_S)


def _told(finding: Finding, match: Match) -> tuple[object, ...]:
    """Return what a report tells of its message: whatever else it says, it makes one event, and concludes once."""
    report = finding.report
    return match.customer, match.activation.stamp.id, report.kind, finding.verdict, report.feedback


def _addresses(text: str) -> frozenset[str]:
    """Return the addresses of `ESTAMPE_REPORTS_ADDRESSES`, in small letters.

    Raises:
        InvalidSetting: one is no address: reports that come to what was meant would be refused.
    """
    found = frozenset(filter(None, (each.strip().lower() for each in text.split(","))))
    if not all(map(_ADDRESS.fullmatch, found)):
        raise InvalidSetting("ESTAMPE_REPORTS_ADDRESSES", text, "addresses, or @DOMAIN for all of one, commas between")
    return found
