"""Unsubscribing: who follows the link in List-Unsubscribe gets no more messages (RFC 8058)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from estampe.catalog import Origin, Redlist, UnknownContact
from estampe.errors import EstampeError
from estampe.events import (
    ActivationDetail,
    Channel,
    Draft,
    EventType,
    Footprint,
    Optout,
    OptoutDetail,
    OptoutType,
    Source,
    decode,
    event_id,
)
from estampe.log import POSITION_BITS, Query
from estampe.tokens import InvalidToken

if TYPE_CHECKING:
    from collections.abc import Callable

    from estampe.catalog import Catalog, Customers
    from estampe.events import Activation, Customer
    from estampe.log import EventLog
    from estampe.tokens import Tokens

PURPOSE = "unsubscribe"
"""The purpose of tokens in links that unsubscribe; they carry the customer's number and the stamp's id."""

PATH = "/unsubscribe/"
"""What the path of such a link starts with; the token follows."""

_NUMBER_BYTES = 4
_CARRIED_BYTES = _NUMBER_BYTES + 16


class NoSuchMessage(EstampeError):
    """A link that unsubscribes is none of ours, or its message was never sent."""

    def __init__(self) -> None:
        super().__init__("this link belongs to no message of ours; use the one in the message, whole")


class Unsubscribing:
    """Acts on links that unsubscribe; blocking.

    Parameters:
        catalog: where the redlist is.
        customers: the catalog's customers.
        log_of: returns a customer's log.
        tokens: signs and reads what stands in links.
        public_url: where people reach the server; empty if they do not.
    """

    def __init__(
        self,
        *,
        catalog: Catalog,
        customers: Customers,
        log_of: Callable[[Customer], EventLog],
        tokens: Tokens,
        public_url: str,
    ) -> None:
        # RFC 8058 section 3.1 asks for https.
        self._base = public_url.rstrip("/") + PATH if public_url.startswith("https://") else ""
        self._catalog = catalog
        self._customers = customers
        self._log_of = log_of
        self._tokens = tokens

    def address(self, customer: int, stamp: UUID) -> str:
        """Return the link for a message of a customer, by its number; empty if people do not reach the server."""
        if not self._base:
            return ""
        return self._base + self._tokens.make(PURPOSE, customer.to_bytes(_NUMBER_BYTES, "big") + stamp.bytes)

    def find(self, token: str) -> Activation:
        """Return the activation of the message that a link stands in.

        Raises:
            NoSuchMessage: the link is none of ours, or its message was never sent.
        """
        number, stamp = self._read(token)
        return self._activation(number, stamp)

    def unsubscribe(self, token: str) -> None:
        """Put the contact of a message on the redlist and publish an optout; doing so again adds nothing.

        Raises:
            NoSuchMessage: the link is none of ours, or its message was never sent.
            LogError, CatalogUnavailable: it could not be kept; do it again.
        """
        number, stamp = self._read(token)
        activation = self._activation(number, stamp)
        if isinstance(activation.receiver, Footprint):
            self._redlist(number, activation.receiver.id)
        optout = OptoutDetail(activation=activation, optout=Optout(type=OptoutType.ONE_CLICK))
        source = Source(type=Channel.EMAIL, detail=optout)
        draft = Draft(type=EventType.OPTOUT, id=event_id(stamp, EventType.OPTOUT), source=source)
        self._log_of(self._customers.customer_of(number)).publish([draft]).result()

    def _redlist(self, number: int, contact: str) -> None:
        try:
            Redlist(self._catalog, number).add(contact, Origin.UNSUBSCRIBE_LIST)
        except UnknownContact:
            return  # deleted since: there is nobody to write to any more

    def _read(self, token: str) -> tuple[int, UUID]:
        try:
            carried = self._tokens.read(PURPOSE, token)
        except InvalidToken as exc:
            raise NoSuchMessage from exc
        if len(carried) != _CARRIED_BYTES:
            raise NoSuchMessage
        return int.from_bytes(carried[:_NUMBER_BYTES], "big"), UUID(bytes=carried[_NUMBER_BYTES:])

    def _activation(self, number: int, stamp: UUID) -> Activation:
        try:
            log = self._log_of(self._customers.customer_of(number))
        except KeyError:  # the catalog is another one than when the message was sent
            raise NoSuchMessage from None
        wanted = event_id(stamp, EventType.ACTIVATION)
        position = log.find([wanted]).get(wanted)
        if position is None:
            raise NoSuchMessage
        published_ms = position >> POSITION_BITS
        moment = Query(start_ms=published_ms, end_ms=published_ms + 1, types=(EventType.ACTIVATION,))
        events = (decode(line) for chunk in log.scan(moment) for line in chunk.splitlines())
        detail = next(event.source.detail for event in events if event.id == wanted)
        assert isinstance(detail, ActivationDetail)  # noqa: S101  the query says so
        return detail.activation
