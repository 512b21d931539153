"""Consequences: what bounces, complaints and signs of life mean for the contacts; each is a setting."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from estampe.bounces.matching import sent_to
from estampe.bounces.recording import is_made_up
from estampe.catalog import Contacts, Origin, Redlist, UnknownContact
from estampe.events import BounceDetail, EventType, StatusDetail, StatusSubject, Verdict, decode
from estampe.instants import DAY_MS, clock_ms
from estampe.log import Query
from estampe.verdicts import HitClass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from uuid import UUID

    from estampe.catalog import Catalog, Contact, Customers
    from estampe.events import Activation, Customer
    from estampe.log import EventLog
    from estampe.settings import Settings

_MOST = 10_000
"""Bounces of one contact that are looked at."""

BLAMES_THE_SENDER: frozenset[str] = frozenset(
    {
        StatusSubject.SECURITY,
        StatusSubject.CONTENT,
        StatusSubject.PROTOCOL,
        StatusDetail.X_1_7,  # the sender's address
        StatusDetail.X_1_8,
        StatusDetail.X_2_3,  # the message is too large
        StatusDetail.X_3_4,
        StatusDetail.X_4_5,  # too many messages at once
    }
)
"""Subjects and details of soft bounces that tell nothing of their addresses."""

_NO_COMPLAINTS = frozenset({"not-spam", "auth-failure"})
"""Feedback of which the recipient knows nothing, or that praises (RFC 6430, RFC 6591)."""


class Consequences:
    """Draws conclusions; blocking, thread-safe, and the same if they are drawn again.

    Parameters:
        catalog: where contacts are.
        customers: the catalog's customers.
        log_of: returns a customer's log.
        settings: the operator's choices.
    """

    def __init__(
        self, catalog: Catalog, customers: Customers, log_of: Callable[[Customer], EventLog], settings: Settings
    ) -> None:
        self._catalog = catalog
        self._customers = customers
        self._log_of = log_of
        self._settings = settings

    def bounced(self, customer: int, activation: Activation, verdict: Verdict, time_ms: int) -> None:
        """Conclude from a bounce that is in the log; of a contact that has another address by now, nothing.

        The report of it may come again much later: whoever has done something since the bounce is not dead.

        Parameters:
            customer: the customer's number.
            activation: the message that bounced.
            verdict: how.
            time_ms: when the bounce was published, Unix milliseconds.

        Raises:
            LogError, CatalogUnavailable: it could not be done.
        """
        contact = self._contact(customer, activation)
        if contact is None:
            return
        if verdict is Verdict.HARD:
            if self._settings.hard_bounces and not self._is_alive(customer, contact, time_ms):
                self._mark(customer, contact, time_ms)
        else:
            self.weigh(customer, contact)

    def weigh(self, customer: int, contact: str) -> None:
        """See whether a contact's messages have bounced softly so often that it gets no more; its id names it.

        Raises:
            LogError, CatalogUnavailable: it could not be done.
        """
        if self._settings.soft_bounces and self._softly_bounced(customer, contact) >= self._settings.soft_bounces:
            self._mark(customer, contact, clock_ms())

    def complained(self, customer: int, activation: Activation, feedback: str) -> None:
        """Put on the redlist who complains.

        Raises:
            CatalogUnavailable: it could not be done.
        """
        contact = self._receiver(customer, activation)
        if contact and self._settings.complaints_redlist and feedback not in _NO_COMPLAINTS:
            with suppress(UnknownContact):
                Redlist(self._catalog, customer).add(contact.id, Origin.COMPLAINT)

    def delivered(self, customer: int, activation: Activation) -> None:
        """Conclude from a report of delivery that an address is alive.

        Raises:
            CatalogUnavailable: it could not be done.
        """
        if contact := self._contact(customer, activation):
            self.seen(customer, {contact: clock_ms()})

    def seen(self, customer: int, alive_ms: Mapping[str, int]) -> None:
        """Let contacts get messages again that were seen alive after they were noted as dead.

        Parameters:
            customer: the customer's number.
            alive_ms: when, Unix milliseconds, by the contacts' ids.

        Raises:
            CatalogUnavailable: it could not be done.
        """
        if self._settings.hits_clear:
            Contacts(self._catalog, customer).clear_bounced(alive_ms)

    def _mark(self, customer: int, contact: str, time_ms: int) -> None:
        with self._catalog.writing() as connection:
            Contacts(self._catalog, customer).mark_bounced(connection, [contact], time_ms)

    def _is_alive(self, customer: int, contact: str, since_ms: int) -> bool:
        """Return whether a person has done something since a time, and that clears a contact."""
        log = self._log_of(self._customers.customer_of(customer))
        return self._settings.hits_clear and _last_hit_ms(log, contact, since_ms + 1) is not None

    def _contact(self, customer: int, activation: Activation) -> str | None:
        """Return the id of the contact that a message was sent to, None if its address is another one now."""
        found = self._receiver(customer, activation)
        return found.id if found and found.address.lower() == sent_to(activation).lower() else None

    def _receiver(self, customer: int, activation: Activation) -> Contact | None:
        return Contacts(self._catalog, customer).find([activation.receiver])[0]

    def _softly_bounced(self, customer: int, contact: str) -> int:
        """Return how many messages of a contact bounced softly within the period, since a person last did something."""
        log = self._log_of(self._customers.customer_of(customer))
        since_ms = max(0, clock_ms() - round(self._settings.soft_bounce_days * DAY_MS))
        last_ms = _last_hit_ms(log, contact, since_ms)
        asked = Query(
            start_ms=since_ms if last_ms is None else last_ms, types=(EventType.BOUNCE,), contact=contact, limit=_MOST
        )
        return len({stamp for line in _lines(log, asked) if (stamp := _blamed(line))})


def _last_hit_ms(log: EventLog, contact: str, since_ms: int) -> int | None:
    """Return when a person last did something since a time, Unix milliseconds; None if nobody did."""
    asked = Query(
        start_ms=since_ms, types=(EventType.HIT,), classes=(HitClass.HUMAN,), contact=contact, sort="desc", limit=1
    )
    return next((decode(line).timestamp for line in _lines(log, asked)), None)


def _lines(log: EventLog, query: Query) -> Iterator[bytes]:
    return (line for chunk in log.scan(query) for line in chunk.splitlines())


def _blamed(line: bytes) -> UUID | None:
    """Return the stamp of a message that surely bounced softly, and whose sender is not to blame for it."""
    event = decode(line)
    detail = event.source.detail
    if not isinstance(detail, BounceDetail):
        return None
    analysis = detail.bounce.analysis
    about = {analysis.subject.type, analysis.subject.detail.type if analysis.subject.detail else ""}
    stamp = detail.activation.stamp.id
    counts = analysis.verdict is Verdict.SOFT and about.isdisjoint(BLAMES_THE_SENDER)
    return stamp if counts and not is_made_up(event.id, stamp, analysis.verdict) else None
