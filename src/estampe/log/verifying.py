"""Reading a whole log to see that everything in it checks out."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import apsw
import zstandard

from estampe.events import InvalidEvent, decode
from estampe.log import sql, store
from estampe.log.keys import bucket_of, id_key, places_of
from estampe.log.port import POSITION_BITS, Findings
from estampe.log.sealed import SEGMENT_BITS, Sealed, sheets

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    from estampe.log.port import Progress

MOST_FAULTS = 100


class Verification:
    """One reading of a log's file, by a connection of its own.

    Parameters:
        path: the log's file.
        progress: is told how far it is.
    """

    def __init__(self, path: Path, progress: Progress) -> None:
        self._path = path
        self._progress = progress
        self._events = 0
        self._sealed = 0
        self._faults: list[str] = []

    def run(self) -> Findings:
        """Read everything; what can't be read at all is a fault like any other."""
        try:
            connection = store.connect(self._path, writing=False)
            try:
                self._read(connection)
            finally:
                connection.close()
        except (apsw.Error, zstandard.ZstdError) as error:
            self._fault(f"{self._path}: {error}")
        return Findings(
            events=self._events,
            sealed=self._sealed,
            bytes_on_disk=self._path.stat().st_size,
            faults=tuple(self._faults),
        )

    def _fault(self, what: str) -> None:
        if len(self._faults) < MOST_FAULTS:
            self._faults.append(what)

    def _read(self, connection: apsw.Connection) -> None:
        self._progress("checking pages", 0, None)
        for (answer,) in connection.execute("PRAGMA integrity_check"):
            if answer != "ok":
                self._fault(f"{self._path}: {answer}")
        connection.execute("BEGIN")
        total = sum(store.value(connection, statement) for statement in (sql.SEALED_COUNT, sql.RECENT_COUNT))
        before = -1
        for row in connection.execute(sql.ALL_SEGMENTS):
            sealed = Sealed(*row)
            if sealed.first <= before:
                self._fault(f"segment {sealed.id} overlaps the one before it")
            before = sealed.last
            self._read_segment(connection, sealed)
            self._progress("reading events", self._events, total)
        self._read_rows(connection)
        self._progress("reading events", self._events, total)

    def _read_segment(self, connection: apsw.Connection, sealed: Sealed) -> None:
        try:
            found = sheets(connection, sealed)
            positions = [position for sheet in found for position in sheet.open_positions()]
            lines = [line for sheet in found for line in sheet.open()]
            ordered = [positions[place] for place in sealed.order()]
        except (zstandard.ZstdError, IndexError, ValueError) as error:
            self._fault(f"segment {sealed.id} can't be opened: {error}")
            return
        if (ordered[0], ordered[-1], len(lines)) != (sealed.first, sealed.last, sealed.events):
            self._fault(f"segment {sealed.id} does not hold what it says")
        if any(earlier >= later for earlier, later in pairwise(ordered)):
            self._fault(f"segment {sealed.id} is not in order")
        buckets: dict[int, bytes] = {}
        for place, (position, line) in enumerate(zip(positions, lines, strict=True)):
            event_id = self._read_event(position, line)
            if event_id and place not in self._places(connection, sealed, event_id, buckets):
                self._fault(f"event {event_id} can't be found by its id")
        self._sealed += sealed.events

    def _places(
        self, connection: apsw.Connection, sealed: Sealed, event_id: UUID, buckets: dict[int, bytes]
    ) -> list[int]:
        key = id_key(event_id.bytes)
        bucket = bucket_of(key)
        if bucket not in buckets:
            found = store.value(connection, sql.ID_BUCKET, {"id": bucket << SEGMENT_BITS | sealed.id})
            buckets[bucket] = found or b""
        return places_of(key, buckets[bucket])

    def _read_rows(self, connection: apsw.Connection) -> None:
        for position, body, event_id in connection.execute(sql.ALL_ROWS):
            found = self._read_event(position, body)
            if found and found.bytes != event_id:
                self._fault(f"event {found} has no facets, or another's")
            if store.row(connection, sql.NEXT_SEGMENT[False], {"low": position, "high": position + 1}):
                self._fault(f"event {found} is a row inside a segment")

    def _read_event(self, position: int, body: bytes) -> UUID | None:
        self._events += 1
        try:
            event = decode(body)
        except InvalidEvent as error:
            self._fault(f"the event at {position} can't be read: {error}")
            return None
        if event.timestamp != position >> POSITION_BITS:
            self._fault(f"event {event.id} says {event.timestamp}, its place says {position >> POSITION_BITS}")
        return event.id
