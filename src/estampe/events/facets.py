"""The few fields of an event that lists filter on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec import UNSET

from estampe.events.details import BounceDetail, ComplaintDetail
from estampe.events.identities import Footprint, Hash, Id, Unicity, hash_of
from estampe.events.message import Activation

if TYPE_CHECKING:
    from uuid import UUID

    from estampe.events.details import Detail
    from estampe.events.event import Draft, Event
    from estampe.events.identities import Identity


DOMAIN_LETTERS = 255
"""No domain is longer (RFC 1035 section 2.3.4), and counters need no more."""


class Facets(NamedTuple):
    """What lists filter on; a text is empty, a number or UUID `None`, where the event does not have it.

    `subtype`: hit kind, bounce verdict, cancellation reason; type of an optout, reply or complaint.
    `action`: the action's id, a notification's as a decimal number.
    `hash`: MD5 of the contact's unicity string, lower-case hex.
    `stamp_time_ms`: when the message was executed, Unix milliseconds.
    `set`: the set that it was executed in.
    `activation_time_ms`: the time of the activation that the event belongs to: its stamp's, which every event of
    one message has alike, so that a list of them never changes.
    `trait`: what statistics tell apart below the subtype: a bounce's subject, the domain of the address that a
    complaint is about, lower case.
    """

    type: str
    subtype: str
    channel: str
    action: str
    contact: str
    hash: str
    stamp: UUID | None
    stamp_time_ms: int | None
    set: UUID | None
    activation_time_ms: int | None
    trait: str


def facets(event: Event | Draft) -> Facets:
    """Return what lists filter on."""
    source = event.source
    detail = source.detail
    block = detail.block
    if block is None:
        return Facets(event.type, detail.subtype, source.type, "", "", "", None, None, None, None, "")
    contact, unicity_hash = _names(block.contact)
    stamp = block.stamp
    return Facets(
        event.type,
        detail.subtype,
        source.type,
        str(block.id),
        contact,
        unicity_hash,
        stamp.id,
        stamp.time,
        None if stamp.set is UNSET else stamp.set,
        stamp.time if isinstance(block, Activation) else None,
        _trait(detail),
    )


def _trait(detail: Detail) -> str:
    if isinstance(detail, BounceDetail):
        return detail.bounce.analysis.subject.type
    if isinstance(detail, ComplaintDetail) and detail.activation.recipient is not UNSET:
        _, at, domain = detail.activation.recipient.rpartition("@")
        return domain[:DOMAIN_LETTERS].lower() if at else ""
    return ""


def _names(identity: Identity) -> tuple[str, str]:
    """Return a contact's id and hash, as far as its identity tells."""
    if isinstance(identity, Footprint):
        return identity.id, identity.hash.lower()
    if isinstance(identity, Id):
        return identity.value, ""
    if isinstance(identity, Hash):
        return "", identity.value.lower()
    if isinstance(identity, Unicity) and len(identity.value) == 1:
        return "", hash_of(identity.value[0])
    return "", ""
