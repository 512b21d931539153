"""Changes to what is already in a log: rows sealed into segments, segments opened again, old events added.

Each is one transaction of the writer, so that neither a crash nor a reader ever sees an event twice or not at
all.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from functools import partial
from itertools import chain, groupby
from typing import TYPE_CHECKING, cast

import msgspec

from estampe.log import sql, store
from estampe.log.entry import entry_of_event, read_event
from estampe.log.keys import keys_of
from estampe.log.port import LAST_POSITION, POSITION_BITS, LogError
from estampe.log.sealed import FRAME_BITS, SEGMENT_BITS, Sealed, ids, sheets
from estampe.log.seen import buckets
from estampe.log.segment import SEGMENT_BYTES, SEGMENT_EVENTS, Row, Segment, pack_places, seal
from estampe.log.tally import Tally
from estampe.log.writer import add_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import apsw

    from estampe.log.entry import Entry
    from estampe.log.keys import Packed
    from estampe.log.reader import Reader
    from estampe.log.writer import Writer

OPENED_SEGMENTS = 4
"""So many segments an import opens at once, or one more: their rows are in memory until they are committed."""


class History:
    """Seals and opens segments of one log; one change at a time.

    Parameters:
        writer: runs the transactions.
        reader: reads the rows that are to be sealed.
    """

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader
        self._lock = threading.Lock()
        self._last_ids: tuple[int, frozenset[bytes]] = (0, frozenset())

    def seal_oldest(self, before: int = LAST_POSITION) -> int:
        """Seal the oldest rows before a position, a segment's worth at most; return how many."""
        with self._lock:
            rows = self._oldest_rows(before)
            if rows:
                segment = seal(rows)
                self._writer.run(partial(self._store, segment=segment), self._writer.seen.forget)
            return len(rows)

    def _oldest_rows(self, before: int) -> list[Row]:
        """Read rows that may be one segment, in the order of their places: the oldest, up to the next segment."""
        with self._reader.snapshot() as connection:
            found = store.value(connection, sql.OLDEST)
            if found is None:
                return []
            bounds = {"low": found, "high": before}
            following = store.row(connection, sql.NEXT_SEGMENT[False], bounds)
            bounds["high"] = min(before, following[1]) if following else before
            most = {"limit": SEGMENT_EVENTS, "bytes": SEGMENT_BYTES}
            bounds["limit"] = store.value(connection, sql.FITTING, {**bounds, **most})
            return cast("list[Row]", store.rows(connection, sql.ROWS, bounds))

    def _store(self, connection: apsw.Connection, segment: Segment) -> Sequence[bytes]:
        """Store a segment in place of its rows; return the ids of its events."""
        segment_id = add_segment(connection, segment)
        self._writer.seen.seal(segment_id, keys_of(segment.id_keys))
        for statement in sql.DROP_ROWS:
            connection.execute(statement, {"first": segment.first, "last": segment.last})
        connection.execute(sql.BUMP_STATE, {"name": "layout"})
        return segment.ids

    def open_small(self) -> None:
        """Turn segments of less than half the usual size into rows again, to be sealed anew with others."""
        with self._lock:
            with self._reader.snapshot() as connection:
                small = [
                    Sealed(*row) for row in store.rows(connection, sql.SMALL_SEGMENTS, {"events": SEGMENT_EVENTS // 2})
                ]
            for sealed in small:
                self._writer.run(partial(self._open, sealed=sealed), self._writer.seen.note)

    def _open(self, connection: apsw.Connection, sealed: Sealed) -> list[Row]:
        """Turn a segment into rows again; return them."""
        rows = []
        for sheet in sheets(connection, sealed):
            for position, line in zip(sheet.open_positions(), sheet.open(), strict=True):
                entry = entry_of_event(read_event(line))._replace(parts=(line,))
                rows.append(self._writer.row(entry, entry.id.bytes, position))
        drop_segment(connection, sealed, rows)
        add_rows(connection, rows)
        connection.execute(sql.BUMP_STATE, {"name": "layout"})
        return rows

    def parts(self, entries: Sequence[tuple[int, Entry]]) -> Iterator[Sequence[tuple[int, Entry]]]:
        """Cut old events, given in time order, so that each part reaches into a few segments only."""
        bounds = _bounds(entries[0][0], entries[-1][0])
        with self._reader.snapshot() as connection:
            ends = [last >> POSITION_BITS for (last,) in store.rows(connection, sql.LASTS, bounds)]
        for _, part in groupby(entries, lambda entry: bisect_left(ends, entry[0]) // OPENED_SEGMENTS):
            yield list(part)

    def add(self, entries: Sequence[tuple[int, Entry]]) -> int:
        """Add old events, given as (timestamp ms, entry) in time order; return how many were new."""
        with self._lock:
            added, _ = self._writer.run(
                partial(self._add, entries=entries), lambda rows: self._writer.seen.note(chain(*rows))
            )
            return len(added)

    def _add(
        self, connection: apsw.Connection, entries: Sequence[tuple[int, Entry]]
    ) -> tuple[Sequence[Row], Sequence[Row]]:
        """Add what is new; return its rows, and those of segments that were opened to make way."""
        new: dict[bytes, tuple[int, Entry]] = {}
        for timestamp_ms, entry in entries:
            event_id = entry.id.bytes
            if event_id not in new and not self._is_known(connection, timestamp_ms, entry):
                new[event_id] = (timestamp_ms, entry)
        if not new:
            return (), ()
        opened = list(self._make_way(connection, [timestamp_ms for timestamp_ms, _ in new.values()]))
        tally = Tally()
        rows = self._rows(connection, list(new.values()), tally)
        add_rows(connection, rows)
        tally.store(connection)
        connection.execute(sql.BUMP_STATE, {"name": "epoch"})
        return rows, opened

    def _is_known(self, connection: apsw.Connection, timestamp_ms: int, entry: Entry) -> bool:
        """Whether the log has an id; a sealed event is looked for at its own time first, as imports are repeated."""
        seen = self._writer.seen
        if not seen.may_be_sealed(entry.id.bytes):
            return entry.id.bytes in seen.recent
        row = store.row(connection, sql.NEXT_SEGMENT[False], _bounds(timestamp_ms, timestamp_ms))
        if row and str(entry.id).encode() in self._ids_of(connection, Sealed(*row)):
            return True
        return seen.position_of(entry.id.bytes) is not None

    def _ids_of(self, connection: apsw.Connection, sealed: Sealed) -> frozenset[bytes]:
        """Return the ids of a segment; entries come in time order, so the last segment asked for is asked again."""
        segment_id, found = self._last_ids
        if segment_id != sealed.id:
            found = ids(connection, sealed)
            self._last_ids = (sealed.id, found)
        return found

    def _make_way(self, connection: apsw.Connection, times_ms: Sequence[int]) -> Iterator[Row]:
        """Open every segment in whose span an event of these (rising) times would fall; yield its rows."""
        if not store.row(connection, sql.NEXT_SEGMENT[False], _bounds(times_ms[0], times_ms[-1])):
            return
        for time_ms in times_ms:
            while row := store.row(connection, sql.NEXT_SEGMENT[False], _bounds(time_ms, time_ms)):
                yield from self._open(connection, Sealed(*row))

    def _rows(self, connection: apsw.Connection, entries: Sequence[tuple[int, Entry]], tally: Tally) -> list[Row]:
        """Place each entry behind what its millisecond already has."""
        bounds = _bounds(entries[0][0], entries[-1][0])
        next_free = {
            newest >> POSITION_BITS: newest + 1 for (newest,) in store.rows(connection, sql.NEWEST_ROWS, bounds)
        }
        rows: list[Row] = []
        for timestamp_ms, entry in entries:
            position = next_free.get(timestamp_ms, timestamp_ms << POSITION_BITS)
            if position >> POSITION_BITS != timestamp_ms:
                raise LogError(f"More than {1 << POSITION_BITS} events in the millisecond {timestamp_ms}.")
            next_free[timestamp_ms] = position + 1
            rows.append(self._writer.row(entry, entry.id.bytes, position, tally))
        return rows


def _bounds(first_ms: int, last_ms: int) -> dict[str, int]:
    """Return the positions of the milliseconds from first to last."""
    return {"low": first_ms << POSITION_BITS, "high": (last_ms + 1) << POSITION_BITS}


def add_segment(connection: apsw.Connection, segment: Segment) -> int:
    """Store a segment and what finds its events; return its id."""
    places = pack_places(frame.place for frame in segment.frames)
    columns = (segment.first, segment.last, len(segment.ids), places, segment.order)
    segment_id: int = store.value(connection, sql.ADD_SEGMENT, columns)
    frames = [
        (segment_id << FRAME_BITS | number, frame.positions, frame.lines) for number, frame in enumerate(segment.frames)
    ]
    store.insert(connection, sql.ADD_FRAMES, frames)
    _add_runs(connection, segment)
    _add_keys(connection, sql.ADD_ID_KEYS, segment_id, segment.id_keys)
    add_contact_keys(connection, segment_id, segment.contact_keys)
    add_activation_keys(connection, segment_id, segment.activation_keys)
    return segment_id


def add_contact_keys(connection: apsw.Connection, segment_id: int, packed: Packed) -> None:
    """Store what finds a segment's events by their contact and set."""
    _add_keys(connection, sql.ADD_CONTACT_KEYS, segment_id, packed)


def _add_keys(connection: apsw.Connection, statement: str, segment_id: int, packed: Packed) -> None:
    store.insert(connection, statement, [(bucket << SEGMENT_BITS | segment_id, entries) for bucket, entries in packed])


def add_activation_keys(connection: apsw.Connection, segment_id: int, packed: Packed) -> None:
    """Store what finds a segment's events by their activation."""
    rows = [(segment_id << SEGMENT_BITS | bucket, entries) for bucket, entries in packed]
    store.insert(connection, sql.ADD_ACTIVATION_KEYS, rows)


def _add_runs(connection: apsw.Connection, segment: Segment) -> None:
    by_action = [(run.action, run.kind, run.place, run.length) for run in segment.runs]
    by_kind: dict[int, tuple[int, int, int]] = {}
    for run in segment.runs:
        _, start, length = by_kind.get(run.kind, (run.kind, run.place, 0))
        by_kind[run.kind] = (run.kind, start, length + run.length)
    for statement, runs in ((sql.ADD_ACTION_RUNS, by_action), (sql.ADD_KIND_RUNS, list(by_kind.values()))):
        connection.execute(statement, {"first": segment.first, "runs": msgspec.json.encode(runs).decode()})


def drop_segment(connection: apsw.Connection, sealed: Sealed, rows: Sequence[Row]) -> None:
    """Delete a segment and what finds its events, given as rows."""
    names = {
        "actions": msgspec.json.encode({row.action for row in rows}).decode(),
        "kinds": msgspec.json.encode({row.kind for row in rows}).decode(),
    }
    bindings = {"id": sealed.id, "first": sealed.first, "buckets": buckets(sealed.id), **names}
    for statement in sql.DROP_SEGMENT:
        connection.execute(statement, bindings)
