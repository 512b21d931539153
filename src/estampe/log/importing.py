"""Bringing in events that have their ids and times already.

All of them are read into a scratch file first; the log is touched only then, in time order. So a bad event
stops an import before it began, and each segment that is in the way is opened once.
"""

from __future__ import annotations

from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import UUID

import apsw

from estampe.log.entry import Entry, Kind, entry_of_event
from estampe.log.keeper import RECENT_EVENTS
from estampe.log.port import POSITION_BITS, ForeignEvent, Imported, TimestampAhead

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from estampe.events import Customer, Event
    from estampe.log.history import History
    from estampe.log.port import Progress
    from estampe.log.writer import Writer

BATCH_EVENTS = 8_192

STAGE = """
CREATE TABLE staged (
    time_ms INTEGER, number INTEGER, id BLOB, channel TEXT, type TEXT, subtype TEXT, action TEXT,
    contact_key INTEGER, hash_key INTEGER, set_key INTEGER, activation_ms INTEGER, contact TEXT, trait TEXT, body BLOB,
    PRIMARY KEY (time_ms, number)
) WITHOUT ROWID
"""
ADD = "INSERT INTO staged VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
ALL = """
SELECT time_ms, id, channel, type, subtype, action, contact_key, hash_key, set_key, activation_ms, contact, trait, body
FROM staged ORDER BY time_ms, number
"""


class Import:
    """One import into one log.

    Parameters:
        customer: whose the log is, and so the events must be.
        writer, history: of the log.
        final_ms: the watermark; imported events must lie before it.
        progress: is told how far it is.
    """

    def __init__(
        self,
        customer: Customer,
        writer: Writer,
        history: History,
        final_ms: int,
        progress: Progress,
    ) -> None:
        self._customer = customer
        self._writer = writer
        self._history = history
        self._final_ms = final_ms
        self._progress = progress

    def run(self, events: Iterable[Event]) -> Imported:
        """Import events; see `EventLog.import_history`."""
        with closing(apsw.Connection("")) as stage:  # a scratch file that SQLite deletes by itself
            stage.execute(STAGE)
            total = self._stage(stage, events)
            added = 0
            for done, batch in enumerate(_batches(stage), 1):
                for part in self._history.parts(batch):
                    added += self._history.add(part)
                    self._make_room(before=part[0][0] << POSITION_BITS)
                self._progress("importing", min(done * BATCH_EVENTS, total), total)
        return Imported(added, total - added)

    def _stage(self, stage: apsw.Connection, events: Iterable[Event]) -> int:
        number = 0
        with stage:
            for number, event in enumerate(events, 1):
                self._check(number, event)
                stage.execute(ADD, _columns(event.timestamp, number, entry_of_event(event)))
                if number % BATCH_EVENTS == 0:
                    self._progress("reading", number, None)
        return number

    def _check(self, number: int, event: Event) -> None:
        if event.identity.name != self._customer.name:
            raise ForeignEvent(
                f"Event {event.id} (number {number}) is of {event.identity.name}; this is the log of "
                f"{self._customer.name}. Import it for its own customer."
            )
        if not 0 <= event.timestamp < self._final_ms:
            raise TimestampAhead(
                f"Event {event.id} (number {number}) has the timestamp {event.timestamp}; an imported event must lie "
                f"before {self._final_ms}. To publish an event now, leave its timestamp out."
            )

    def _make_room(self, before: int) -> None:
        """Seal what lies behind, so that an import of any size leaves the file small."""
        while len(self._writer.seen.recent) >= RECENT_EVENTS:
            if not self._history.seal_oldest(before):
                return


def _columns(time_ms: int, number: int, entry: Entry) -> tuple[Any, ...]:
    facts = entry[3:10]
    return (time_ms, number, entry.id.bytes, *entry.kind, *facts, *entry.parts)


def _batches(stage: apsw.Connection) -> Iterator[list[tuple[int, Entry]]]:
    rows = stage.execute(ALL)
    while batch := [_staged(row) for row in islice(rows, BATCH_EVENTS)]:
        yield batch


def _staged(row: tuple[Any, ...]) -> tuple[int, Entry]:
    time_ms, event_id, channel, event_type, subtype, *facts, body = row
    return time_ms, Entry._make(
        (UUID(bytes=event_id), False, Kind(channel, event_type, subtype), *facts, (body,), None)
    )
