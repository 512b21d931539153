"""Bringing in events that have their ids and times already.

All of them are read into a scratch file first; the log is touched only then, in time order. So a bad event
stops an import before it began, and each segment that is in the way is opened once.
"""

from __future__ import annotations

from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING

import apsw

from estampe.events import decode, encode
from estampe.log.entry import entry_of_event
from estampe.log.keeper import RECENT_EVENTS
from estampe.log.port import POSITION_BITS, Imported, TimestampAhead

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from estampe.events import Event
    from estampe.log.history import History
    from estampe.log.port import Progress
    from estampe.log.writer import Writer

BATCH_EVENTS = 8_192

STAGE = """
CREATE TABLE staged (time_ms INTEGER, number INTEGER, body BLOB, PRIMARY KEY (time_ms, number)) WITHOUT ROWID
"""
ADD = "INSERT INTO staged VALUES (?, ?, ?)"
ALL = "SELECT body FROM staged ORDER BY time_ms, number"


class Import:
    """One import into one log.

    Parameters:
        writer, history: of the log.
        watermark_ms: returns the time before which imported events must lie.
        progress: is told how far it is.
    """

    def __init__(self, writer: Writer, history: History, watermark_ms: Callable[[], int], progress: Progress) -> None:
        self._writer = writer
        self._history = history
        self._watermark_ms = watermark_ms
        self._progress = progress

    def run(self, events: Iterable[Event]) -> Imported:
        """Import events; see `EventLog.import_history`."""
        with closing(apsw.Connection("")) as stage:  # a scratch file that SQLite deletes by itself
            stage.execute(STAGE)
            total = self._stage(stage, events)
            added = 0
            for done, batch in enumerate(_batches(stage), 1):
                added += self._history.add([(event.timestamp, entry_of_event(event)) for event in batch])
                self._make_room(before=batch[0].timestamp << POSITION_BITS)
                self._progress("importing", min(done * BATCH_EVENTS, total), total)
        return Imported(added, total - added)

    def _stage(self, stage: apsw.Connection, events: Iterable[Event]) -> int:
        number = 0
        final_ms = self._watermark_ms()
        with stage:
            for number, event in enumerate(events, 1):
                if not 0 <= event.timestamp < final_ms:
                    raise TimestampAhead(
                        f"Event {event.id} (number {number}) has the timestamp {event.timestamp}; an imported "
                        f"event must lie before {final_ms}. To publish an event now, leave its timestamp out."
                    )
                stage.execute(ADD, (event.timestamp, number, encode(event)))
                if number % BATCH_EVENTS == 0:
                    self._progress("reading", number, None)
        return number

    def _make_room(self, before: int) -> None:
        """Seal what lies behind, so that an import of any size leaves the file small."""
        while len(self._writer.seen.recent) >= RECENT_EVENTS:
            if not self._history.seal_oldest(before):
                return


def _batches(stage: apsw.Connection) -> Iterator[list[Event]]:
    bodies = stage.execute(ALL)
    while batch := [decode(body) for (body,) in islice(bodies, BATCH_EVENTS)]:
        yield batch
