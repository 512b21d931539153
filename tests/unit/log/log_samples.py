"""Drafts and events to fill a log with."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import apsw
import msgspec

from estampe.events import Customer, decode, decode_draft, draft_parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from estampe.events import Draft, Event
    from estampe.log import EventLog, Receipt

CUSTOMER = Customer(agency="DEMO", customer="028")
PAST_MS = 1_600_000_000_000


def drafts(count: int, *, padding: int = 0) -> list[Draft]:
    """Return activations with ids, and a hit now and then; `padding` bytes make each longer."""
    return [decode_draft(msgspec.json.encode(_happening(uuid4(), padding))) for _ in range(count)]


def events(times_ms: Iterable[int]) -> list[Event]:
    """Return activations of the past, and a hit now and then."""
    return [
        decode(msgspec.json.encode({**_happening(uuid4(), 0), "timestamp": time_ms, "identity": CUSTOMER}))
        for time_ms in times_ms
    ]


def _happening(event_id: UUID, padding: int) -> dict[str, Any]:
    activation = {
        "id": f"A{event_id.int % 3}",
        "kind": "message",
        "receiver": {"type": "id", "value": f"C{event_id.int % 7}"},
        "stamp": {"time": PAST_MS, "id": uuid4(), "thread": uuid4()},
        "recipient": "x" * padding + "@atelier.example",
    }
    hit: dict[str, Any] = {"link": {"type": "open"}, "client": {"type": "web"}} if event_id.int % 4 == 0 else {}
    return {
        "type": "hit" if hit else "activation",
        "id": event_id,
        "source": {"type": "email", "detail": {"activation": activation, **hit}},
    }


def bodies(some: Sequence[Draft], receipts: Sequence[Receipt]) -> list[bytes]:
    """Return the bytes that the log must keep for drafts, given what it answered."""
    return [
        (b"%d" % receipt.timestamp_ms).join(draft_parts(draft, receipt.id, CUSTOMER))
        for draft, receipt in zip(some, receipts, strict=True)
    ]


def to_the_first_format(path: Path) -> None:
    """Make the file of a closed log as the first version of its format had it."""
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute(_TO_THE_FIRST)


_TO_THE_FIRST = """
DROP TABLE activation_keys; DROP TABLE verdicts; DROP TABLE classifications;
DROP TABLE counts; DROP TABLE reactors; DROP TABLE audiences;
ALTER TABLE facets DROP COLUMN set_key; ALTER TABLE facets DROP COLUMN activation_ms;
PRAGMA user_version = 1;
"""


def everything(log: EventLog) -> list[bytes]:
    """Return all that a log has, in order, read as a follower does."""
    follower = log.subscribe(0)
    return [placed.body for batch in iter(lambda: follower.next(0), ()) for placed in batch]
