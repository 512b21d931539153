"""The few fields of an event that lists filter on."""

from __future__ import annotations

from hashlib import md5
from typing import TYPE_CHECKING, NamedTuple

from estampe.events.identities import Footprint, Hash, Id, Unicity

if TYPE_CHECKING:
    from uuid import UUID

    from estampe.events.event import Draft, Event
    from estampe.events.identities import Identity


class Facets(NamedTuple):
    """What lists filter on; a text is empty, a number or UUID `None`, where the event does not have it.

    `subtype`: hit kind, bounce verdict, cancellation reason; type of an optout, reply or complaint.
    `action`: the action's id, a notification's as a decimal number.
    `hash`: MD5 of the contact's unicity string, lower-case hex.
    `stamp_time_ms`: when the message was executed, Unix milliseconds.
    """

    type: str
    subtype: str
    channel: str
    action: str
    contact: str
    hash: str
    stamp: UUID | None
    stamp_time_ms: int | None


def facets(event: Event | Draft) -> Facets:
    """Return what lists filter on."""
    source = event.source
    detail = source.detail
    block = detail.block
    if block is None:
        return Facets(event.type, detail.subtype, source.type, "", "", "", None, None)
    contact, unicity_hash = _names(block.contact)
    return Facets(
        event.type,
        detail.subtype,
        source.type,
        str(block.id),
        contact,
        unicity_hash,
        block.stamp.id,
        block.stamp.time,
    )


def _names(identity: Identity) -> tuple[str, str]:
    """Return a contact's id and hash, as far as its identity tells."""
    if isinstance(identity, Footprint):
        return identity.id, identity.hash.lower()
    if isinstance(identity, Id):
        return identity.value, ""
    if isinstance(identity, Hash):
        return "", identity.value.lower()
    if isinstance(identity, Unicity) and len(identity.value) == 1:
        return "", md5(identity.value[0].encode(), usedforsecurity=False).hexdigest()
    return "", ""
