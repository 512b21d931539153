"""Matching: which message a report is about.

What only we and whoever got the message know comes first: the signed return path, then the stamp and the Message-ID in
what was returned. A recipient and a time, which anybody could write, are the last resort.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from estampe.bounces.delivery import Way
from estampe.catalog import addressed
from estampe.errors import EstampeError
from estampe.events import ActivationDetail, EventType, decode, event_id
from estampe.instants import DAY_MS
from estampe.log import Query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from estampe.bounces.delivery import Delivery
    from estampe.bounces.reports import Original, Report
    from estampe.catalog import Catalog, Customers
    from estampe.events import Activation, Customer
    from estampe.log import EventLog

_CONTACTS = 100
"""Contacts of one address that are looked at, of all customers."""

_PATIENCE_S = 2.0
_PAUSE_S = 0.05


class Match(NamedTuple):
    """The message that a report is about.

    Parameters:
        customer: the customer's number.
        log: the customer's log.
        activation: what was sent to whom.
        is_sure: whether something told so that strangers do not know.
    """

    customer: int
    log: EventLog
    activation: Activation
    is_sure: bool


class Miss(NamedTuple):
    """Why no message is known; `is_early`: the message is ours, and its activation may still be published."""

    reason: str
    is_early: bool = False


class Matching:
    """Finds messages; blocking, thread-safe.

    Parameters:
        catalog: where contacts are.
        customers: the catalog's customers.
        log_of: returns a customer's log.
        message_of: reads a return path: the customer's number and the stamp's id; raises `EstampeError` if it is none.
        days: how long ago a message may have been sent that is found by its recipient alone; 0: none is.
    """

    def __init__(
        self,
        catalog: Catalog,
        customers: Customers,
        log_of: Callable[[Customer], EventLog],
        message_of: Callable[[str], tuple[int, UUID]],
        days: float,
    ) -> None:
        self._catalog = catalog
        self._customers = customers
        self._log_of = log_of
        self._message_of = message_of
        self._days = days

    def is_return_path(self, address: str) -> bool:
        """Return whether we have signed an address."""
        return self._signed(address) is not None

    def match(self, delivery: Delivery, reports: Sequence[Report], *, patient: bool = True) -> list[Match | Miss]:
        """Return of each report of a mail which message it is about, or why none is known.

        What names a message is the whole mail's, and is looked for once, however many recipients it reports of.

        Parameters:
            delivery: how the mail came.
            reports: what it says.
            patient: wait a moment for an activation that is being published.

        Raises:
            LogError, CatalogUnavailable: nobody can tell now.
        """
        if not reports:
            return []
        named = self._named(delivery, reports[0].original, _PATIENCE_S if patient else 0)
        if isinstance(named, Miss):
            return [named] * len(reports)
        if named:
            return [next((match for match in named if _is_for(match, each)), named[0]) for each in reports]
        return [self._by_recipient(delivery, each) for each in reports]

    def _named(self, delivery: Delivery, original: Original, patience_s: float) -> Sequence[Match] | Miss:
        """Return the messages that a mail names, a miss where it is known to name one that is not there."""
        signed = self._all_signed((*delivery.recipients, *original.return_paths))
        if signed:
            return self._by_return_path(signed, patience_s)
        for stamp in _stamps(original):
            if found := self._by_stamp(stamp):
                return found if isinstance(found, Miss) else [found]
        return []

    def _signed(self, address: str) -> tuple[int, UUID] | None:
        try:
            return self._message_of(address)
        except EstampeError:
            return None

    def _all_signed(self, addresses: Iterable[str]) -> list[tuple[int, UUID]]:
        """Return the messages whose return paths are among some addresses, each once."""
        return list(dict.fromkeys(filter(None, map(self._signed, addresses))))

    def _by_return_path(self, signed: Sequence[tuple[int, UUID]], patience_s: float) -> Sequence[Match] | Miss:
        deadline_s = time.monotonic() + patience_s
        while not (found := [match for whose in signed if (match := self._sure(*whose))]):
            if time.monotonic() >= deadline_s:
                return Miss("it came to a return path of a message whose activation is not in the log", is_early=True)
            time.sleep(_PAUSE_S)
        return found

    def _by_stamp(self, stamp: UUID) -> Match | Miss | None:
        found = [match for number in self._customers.numbers() if (match := self._sure(number, stamp))]
        if len(found) > 1:
            return Miss(f"messages of {len(found)} customers have the stamp {stamp} that it names")
        return found[0] if found else None

    def _sure(self, number: int, stamp: UUID) -> Match | None:
        """Return the message of a customer with a stamp, None if it was not activated."""
        try:
            log = self._log_of(self._customers.customer_of(number))
        except KeyError:
            return None
        positions = log.find([event_id(stamp, EventType.ACTIVATION)]).values()
        activation = next(filter(None, map(_activation, log.read(positions).values())), None)
        return Match(number, log, activation, is_sure=True) if activation else None

    def _by_recipient(self, delivery: Delivery, report: Report) -> Match | Miss:
        recipient = report.sent_to or report.recipient
        if not self._days or not recipient:
            return Miss("it names no message of ours, neither by its return path nor by what was returned")
        until_ms = min(report.arrival_ms or delivery.time_ms, delivery.time_ms)
        # A stranger could name any time as arrival; who imports a file is none.
        came_ms = until_ms if delivery.way is Way.FILE else delivery.time_ms
        since_ms = max(0, came_ms - round(self._days * DAY_MS))
        sent = [
            match
            for number, contact in addressed(self._catalog, recipient)[:_CONTACTS]
            if since_ms <= until_ms and (match := self._last_sent(number, contact, recipient, since_ms, until_ms))
        ]
        if len(sent) == 1:
            return sent[0]
        if sent:
            return Miss(f"it names no message, and {len(sent)} contacts with the address {recipient} got some")
        return Miss(f"it names no message of ours, and none was sent to {recipient} in the {self._days:g} days before")

    def _last_sent(self, number: int, contact: str, recipient: str, since_ms: int, until_ms: int) -> Match | None:
        """Return the last message that a contact got at an address within the period, None for none."""
        log = self._log_of(self._customers.customer_of(number))
        asked = Query(
            start_ms=since_ms,
            end_ms=until_ms + 60_000,  # the clocks of two servers differ
            types=(EventType.ACTIVATION,),
            contact=contact,
            sort="desc",
            limit=_CONTACTS,
        )
        lines = (line for chunk in log.scan(asked) for line in chunk.splitlines())
        sent = (activation for line in lines if (activation := _activation(line)))
        last = next((each for each in sent if sent_to(each).lower() == recipient.lower()), None)
        return Match(number, log, last, is_sure=False) if last else None


def sent_to(activation: Activation) -> str:
    """Return the address that a message was sent to, empty if its activation does not tell."""
    return activation.recipient or ""


def _is_for(match: Match, report: Report) -> bool:
    return sent_to(match.activation).lower() in {report.recipient.lower(), report.sent_to.lower()}


def _activation(line: bytes) -> Activation | None:
    detail = decode(line).source.detail
    return detail.activation if isinstance(detail, ActivationDetail) else None


def _stamps(original: Original) -> Iterator[UUID]:
    """Yield the stamps that a mail names: that of our own header, and that of a Message-ID as we make them."""
    for text in (original.stamp, original.message_id.partition("@")[0]):
        try:
            yield UUID(text)
        except ValueError:
            continue
