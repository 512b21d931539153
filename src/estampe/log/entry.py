"""A draft made ready to be written: all that can be worked out before its place is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID, uuid4

from estampe.events import draft_parts, encode, facets
from estampe.log.keys import contact_key, hash_key

if TYPE_CHECKING:
    from estampe.events import Customer, Draft, Event, Facets


class Kind(NamedTuple):
    """What lists select by; interned in the file."""

    channel: str
    type: str
    subtype: str


class Entry(NamedTuple):
    """An event ready to be placed.

    `fresh`: the id was made here, so no other event can have it.
    `parts`: the event's bytes before and after the digits of its timestamp; or the whole, when it has one
    already.
    """

    id: UUID
    fresh: bool
    kind: Kind
    action: str
    contact_key: int
    hash_key: int
    parts: tuple[bytes, ...]

    def body(self, timestamp_ms: int) -> bytes:
        """Return the event's bytes."""
        return (b"%d" % timestamp_ms).join(self.parts)


def entry_of_draft(draft: Draft, customer: Customer) -> Entry:
    """Make an entry of a draft; an absent id is made."""
    event_id = draft.id or uuid4()
    return _entry(event_id, facets(draft), draft_parts(draft, event_id, customer), fresh=draft.id is None)


def entry_of_event(event: Event) -> Entry:
    """Make an entry of an event that keeps its timestamp."""
    return _entry(event.id, facets(event), (encode(event),), fresh=False)


def _entry(event_id: UUID, facts: Facets, parts: tuple[bytes, ...], *, fresh: bool) -> Entry:
    return Entry(
        id=event_id,
        fresh=fresh,
        kind=Kind(facts.channel, facts.type, facts.subtype),
        action=facts.action,
        contact_key=contact_key(facts.contact),
        hash_key=hash_key(facts.hash),
        parts=parts,
    )
