"""Optouts: who asks to be left alone gets no more messages."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from estampe.catalog import Origin, Redlist, UnknownContact
from estampe.events import Channel, Draft, EventType, Optout, OptoutDetail, OptoutType, Source, event_id

if TYPE_CHECKING:
    from estampe.catalog import Catalog
    from estampe.events import HitDetail


def enlist(catalog: Catalog, customer: int, contact: str) -> None:
    """Put a contact of a customer, by its number, on the redlist; one that was deleted since needs none.

    Raises:
        CatalogUnavailable: it could not be kept.
    """
    with suppress(UnknownContact):
        Redlist(catalog, customer).add(contact, Origin.UNSUBSCRIBE_LIST)


def optout(hit: HitDetail, *, one_click: bool) -> Draft:
    """Return the one draft of an optout that a message has.

    Parameters:
        hit: how somebody asked.
        one_click: whether a mail program did (RFC 8058), not a page's button.
    """
    kind = OptoutType.ONE_CLICK if one_click else OptoutType.LINK
    detail = OptoutDetail(activation=hit.activation, optout=Optout(type=kind, client=hit.client))
    source = Source(type=Channel.EMAIL, detail=detail)
    return Draft(type=EventType.OPTOUT, id=event_id(hit.activation.stamp.id, EventType.OPTOUT), source=source)
