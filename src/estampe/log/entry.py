"""A draft made ready to be written: all that can be worked out before its place is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID, uuid4

import apsw

from estampe.events import EventType, InvalidEvent, decode, draft_parts, encode, facets
from estampe.log.keys import activation_key, contact_key, hash_key, set_key
from estampe.verdicts import HitClass

if TYPE_CHECKING:
    from estampe.events import Customer, Draft, Event, Facets
    from estampe.verdicts import Classification


class Kind(NamedTuple):
    """What lists select by; interned in the file."""

    channel: str
    type: str
    subtype: str

    @property
    def is_hit(self) -> bool:
        """Whether events of this kind are hits, which have a class."""
        return self.type == EventType.HIT


class Entry(NamedTuple):
    """An event ready to be placed.

    `fresh`: the id was made here, so no other event can have it.
    `set_key`, `activation_ms`: as the keys of `keys.py`.
    `contact`: what names the contact where contacts are counted: its id, else its hash.
    `trait`: what counters tell apart below the kind; a hit's class.
    `classification`: of a hit that is judged already.
    `parts`: the event's bytes before and after the digits of its timestamp; or the whole, when it has one
    already.
    """

    id: UUID
    fresh: bool
    kind: Kind
    action: str
    contact_key: int
    hash_key: int
    set_key: int
    activation_ms: int
    contact: str
    trait: str
    parts: tuple[bytes, ...]
    classification: Classification | None = None

    def body(self, timestamp_ms: int) -> bytes:
        """Return the event's bytes."""
        return (b"%d" % timestamp_ms).join(self.parts)

    def judged(self, classification: Classification) -> Entry:
        """Return the same hit with a classification."""
        return self._replace(classification=classification, trait=classification.hit_class.value)


def entry_of_draft(draft: Draft, customer: Customer, classification: Classification | None = None) -> Entry:
    """Make an entry of a draft; an absent id is made, and what is no hit has no classification."""
    event_id = draft.id or uuid4()
    entry = _entry(event_id, facets(draft), draft_parts(draft, event_id, customer), fresh=draft.id is None)
    return entry.judged(classification) if classification and entry.kind.is_hit else entry


def entry_of_event(event: Event) -> Entry:
    """Make an entry of an event that keeps its timestamp."""
    return _entry(event.id, facets(event), (encode(event),), fresh=False)


def read_event(body: bytes) -> Event:
    """Read an event as it is stored.

    Raises:
        apsw.CorruptError: its bytes are none.
    """
    try:
        return decode(body)
    except InvalidEvent as error:
        raise apsw.CorruptError(f"an event in it can't be read: {error}") from error


def _entry(event_id: UUID, facts: Facets, parts: tuple[bytes, ...], *, fresh: bool) -> Entry:
    kind = Kind(facts.channel, facts.type, facts.subtype)
    return Entry(
        id=event_id,
        fresh=fresh,
        kind=kind,
        action=facts.action,
        contact_key=contact_key(facts.contact),
        hash_key=hash_key(facts.hash),
        set_key=set_key(facts.set),
        activation_ms=activation_key(facts.activation_time_ms),
        contact=facts.contact or facts.hash,
        trait=HitClass.HUMAN.value if kind.is_hit else facts.trait,
        parts=parts,
    )
