"""Drafts and events with few values, so that every filter meets many of them; and what a query selects."""

from __future__ import annotations

from hashlib import md5
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from estampe.events import Customer, decode, decode_draft, draft_parts, facets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from estampe.events import Draft, Event
    from estampe.log import EventLog, Query, Receipt

CUSTOMER = Customer(agency="DEMO", customer="028")
NEIGHBOUR = Customer(agency="DEMO", customer="029")

HASH = md5(b"anna@atelier.example", usedforsecurity=False).hexdigest()
OTHER_HASH = md5(b"bruno@atelier.example", usedforsecurity=False).hexdigest()
CONTACTS: tuple[dict[str, Any], ...] = (
    {"type": "id", "value": "C1"},
    {"type": "id", "value": "C2"},
    {"type": "footprint", "id": "C2", "unicity": "anna@atelier.example", "hash": HASH},
    {"type": "hash", "value": HASH.upper()},
    {"type": "unicity", "value": ["bruno@atelier.example"]},
)
ACTIONS: tuple[str | int, ...] = ("000PE4", "000PE5", 17)
CHANNELS = ("email", "sms")
CODE = {"code": {"enhanced": "5.1.1", "basic": 550}, "diagnostic": "550 5.1.1 é", "mta": ""}
VARIANTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("execution", {}),
    ("activation", {}),
    ("cancellation", {"cancellation": {"type": "redlisted target"}}),
    ("cancellation", {"cancellation": {"type": "bounced target"}}),
    (
        "bounce",
        {
            "bounce": {
                "status": {"type": "sync", **CODE},
                "analysis": {"verdict": "hard", "subject": {"type": "address"}},
            }
        },
    ),
    (
        "bounce",
        {
            "bounce": {
                "status": {"type": "async", **CODE},
                "analysis": {"verdict": "soft", "subject": {"type": "mailbox"}},
            }
        },
    ),
    ("hit", {"link": {"type": "open"}, "client": {"type": "web"}}),
    ("hit", {"link": {"type": "redirection", "destination": "https://atelier.example"}, "client": {"type": "web"}}),
    ("optout", {"optout": {"type": "link"}}),
    ("a type of tomorrow", {}),
)


class Activity:
    """Makes up what happened; the same seed, the same activity."""

    def __init__(self, seed: int = 1) -> None:
        self._random = Random(seed)  # noqa: S311  made up, not secret

    def drafts(self, count: int, **members: Any) -> list[Draft]:
        """Return drafts without ids, unless `members` has one."""
        return [decode_draft(msgspec.json.encode({**self._happening(), **members})) for _ in range(count)]

    def named_drafts(self, count: int) -> list[Draft]:
        """Return drafts with ids."""
        return [draft for _ in range(count) for draft in self.drafts(1, id=str(self.uuid()))]

    def event(self, timestamp_ms: int, event_id: UUID | None = None) -> Event:
        """Return an event that was published elsewhere."""
        happening = self._happening()
        return decode(
            msgspec.json.encode(
                {
                    "type": happening["type"],
                    "id": event_id or self.uuid(),
                    "timestamp": timestamp_ms,
                    "identity": CUSTOMER,
                    "source": happening["source"],
                }
            )
        )

    def events(self, times_ms: Iterable[int]) -> list[Event]:
        """Return events of these times."""
        return [self.event(time_ms) for time_ms in times_ms]

    def uuid(self) -> UUID:
        """Return a new id."""
        return UUID(int=self._random.getrandbits(128), version=4)

    def _happening(self) -> dict[str, Any]:
        draw = self._random
        name, more = draw.choice(VARIANTS)
        block = {"id": draw.choice(ACTIONS), "kind": "message"}
        stamp = {"time": 1_600_000_000_000, "id": str(self.uuid()), "thread": str(self.uuid())}
        contact = draw.choice(CONTACTS)
        if name in {"execution", "cancellation"}:
            detail = {"execution": {**block, "recipient": contact, "stamp": stamp}}
        else:
            address = "x" * draw.randrange(80) + "@atelier.example"
            detail = {"activation": {**block, "receiver": contact, "stamp": stamp, "recipient": address}}
        return {"type": name, "source": {"type": draw.choice(CHANNELS), "detail": detail | more}}


def bodies(drafts: Sequence[Draft], receipts: Sequence[Receipt], customer: Customer = CUSTOMER) -> list[bytes]:
    """Return the bytes that the log must keep for drafts, given what it answered."""
    return [
        (b"%d" % receipt.timestamp_ms).join(draft_parts(draft, receipt.id, customer))
        for draft, receipt in zip(drafts, receipts, strict=True)
    ]


def lines(log: EventLog, query: Query) -> list[bytes]:
    """Return the events that a scan gives."""
    return b"".join(log.scan(query)).splitlines()


def selected(stored: Sequence[bytes], query: Query) -> list[bytes]:
    """Return which of the events in a log, given in their order, a query without a limit asks for."""
    found = [body for body in stored if _is_selected(body, query)]
    return found[::-1] if query.sort == "desc" else found


def _is_selected(body: bytes, query: Query) -> bool:
    event = decode(body)
    return all(_answers(event, query))


def _answers(event: Event, query: Query) -> Iterator[bool]:
    facts = facets(event)
    yield query.start_ms is None or event.timestamp >= query.start_ms
    yield query.end_ms is None or event.timestamp < query.end_ms
    yield not query.types or facts.type in query.types
    yield not query.subtypes or facts.subtype in query.subtypes
    yield query.channel in {None, facts.channel}
    yield query.action in {None, facts.action}
    yield query.contact in {None, facts.contact}
    yield query.hash is None or query.hash.lower() == facts.hash
