"""Reading a whole log to see that everything in it checks out."""

from __future__ import annotations

from contextlib import closing
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import apsw
import zstandard

from estampe.events import InvalidEvent, decode
from estampe.log import sql, store
from estampe.log.entry import Kind, entry_of_event
from estampe.log.judgements import classified
from estampe.log.keys import pack_activations, pack_contacts, pack_ids
from estampe.log.port import POSITION_BITS, Findings
from estampe.log.recounting import Recounter
from estampe.log.sealed import Sealed, sheets
from estampe.log.seen import Seen, buckets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from estampe.log.judgements import Judgement
    from estampe.log.port import Progress

MOST_FAULTS = 100

STATES = 4

UNKNOWN = -1
"""The number of a name that is not in the file."""


class Facts(NamedTuple):
    """What the file must know of an event, as worked out from its bytes; the columns of `facets`."""

    kind: int
    action: int
    id: bytes
    contact_key: int
    hash_key: int
    set_key: int
    activation_ms: int


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
        self._judged = 0
        self._counter = Recounter()
        self._kinds: dict[Kind, int] = {}
        self._actions: dict[str, int] = {}

    def run(self) -> Findings:
        """Read everything; what can't be read at all is a fault like any other."""
        try:
            with closing(self._counter), closing(store.connect(self._path, writing=False)) as connection:
                self._read(connection)
        except (apsw.Error, zstandard.ZstdError, TypeError) as error:  # damage may put NULL anywhere
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
        self._read_state(connection)
        total = sum(store.value(connection, statement) for statement in (sql.SEALED_COUNT, sql.RECENT_COUNT))
        self._kinds = {Kind(*names): number for number, *names in store.rows(connection, sql.KINDS)}
        self._actions = {name: number for number, name in store.rows(connection, sql.ACTIONS)}
        seen = self._read_seen(connection)
        before = -1
        for row in store.rows(connection, sql.ALL_SEGMENTS):
            sealed = Sealed(*row)
            if sealed.first <= before:
                self._fault(f"segment {sealed.id} overlaps the one before it")
            before = sealed.last
            self._read_segment(connection, sealed, seen)
            self._progress("reading events", self._events, total)
        self._read_rows(connection)
        self._progress("reading events", self._events, total)
        self._compare_counters(connection)

    def _compare_counters(self, connection: apsw.Connection) -> None:
        if strays := store.value(connection, sql.JUDGED_COUNT) - self._judged:
            self._fault(f"{strays} classifications are of nothing that is a hit")
        for difference in self._counter.differences(connection):
            self._fault(f"a counter is wrong: {difference}; `estampe recount` mends it")

    def _read_state(self, connection: apsw.Connection) -> None:
        if store.value(connection, sql.STATE_COUNT) != STATES:
            self._fault("the log's state is not whole")
        for table, statement in sql.STRAYS.items():
            strays = store.value(connection, statement)
            if strays:
                self._fault(f"{strays} rows of {table} belong to nothing")

    def _read_seen(self, connection: apsw.Connection) -> Seen | None:
        try:
            return Seen(connection)
        except (apsw.CorruptError, TypeError, ValueError) as error:
            self._fault(f"the filters of ids can't be read: {error}")
            return None

    def _read_segment(self, connection: apsw.Connection, sealed: Sealed, seen: Seen | None) -> None:
        try:
            found = sheets(connection, sealed)
            positions = [position for sheet in found for position in sheet.open_positions()]
            lines = [line for sheet in found for line in sheet.open()]
            ordered = [positions[place] for place in sealed.order()]
        except (zstandard.ZstdError, IndexError, TypeError, ValueError) as error:
            self._fault(f"segment {sealed.id} can't be opened: {error}")
            return
        if not ordered or (ordered[0], ordered[-1]) != (sealed.first, sealed.last):
            self._fault(f"segment {sealed.id} does not hold what it says")
        if {len(positions), len(lines), len(ordered)} != {sealed.events}:
            self._fault(f"segment {sealed.id} does not hold as many events as it says")
        if any(earlier >= later for earlier, later in pairwise(ordered)):
            self._fault(f"segment {sealed.id} is not in order")
        judgements = classified(connection, sealed.first, sealed.last)
        facts = [self._read_event(*event, judgements) for event in zip(positions, lines, strict=False)]
        self._compare_finders(connection, sealed, [each for each in facts if each])
        if seen and not all(seen.may_be_sealed(each.id) for each in facts if each):
            self._fault(f"the filters of ids leave out events of segment {sealed.id}")
        self._sealed += sealed.events

    def _compare_finders(self, connection: apsw.Connection, sealed: Sealed, facts: Sequence[Facts]) -> None:
        """Compare what finds a segment's events with what they are."""
        keys = ([getattr(each, name) for each in facts] for name in ("contact_key", "hash_key", "set_key"))
        named = {
            "actions": (sql.SEGMENT_ACTION_RUNS, _runs((each.action, each.kind) for each in facts)),
            "types": (sql.SEGMENT_KIND_RUNS, _runs((each.kind,) for each in facts)),
            "ids": (sql.SEGMENT_ID_BUCKETS, pack_ids(each.id for each in facts)),
            "contacts": (sql.SEGMENT_CONTACT_BUCKETS, pack_contacts(*keys)),
            "activations": (sql.SEGMENT_ACTIVATION_BUCKETS, pack_activations(each.activation_ms for each in facts)),
        }
        bindings = {"id": sealed.id, "first": sealed.first, "buckets": buckets(sealed.id)}
        for what, (statement, expected) in named.items():
            if store.rows(connection, statement, bindings) != list(expected):
                self._fault(f"events of segment {sealed.id} can't be found by their {what}")

    def _read_rows(self, connection: apsw.Connection) -> None:
        for position, body, *stored in store.each(connection, sql.ALL_ROWS):
            found = self._read_event(position, body, classified(connection, position, position))
            if found and found != tuple(stored):
                self._fault(f"the event at {position} has no facets, or another's")
            if store.row(connection, sql.NEXT_SEGMENT[False], {"low": position, "high": position + 1}):
                self._fault(f"the event at {position} is a row inside a segment")

    def _read_event(self, position: int, body: bytes, judgements: Mapping[int, Judgement]) -> Facts | None:
        self._events += 1
        try:
            event = decode(body)
        except InvalidEvent as error:
            self._fault(f"the event at {position} can't be read: {error}")
            return None
        if event.timestamp != position >> POSITION_BITS:
            self._fault(f"event {event.id} says {event.timestamp}, its place says {position >> POSITION_BITS}")
        entry = entry_of_event(event)
        numbers = self._kinds.get(entry.kind, UNKNOWN), self._actions.get(entry.action, UNKNOWN)
        judgement = judgements.get(position)
        self._judged += judgement is not None and entry.kind.is_hit
        self._counter.add(entry, position, numbers, judgement)
        return Facts(*numbers, event.id.bytes, entry.contact_key, entry.hash_key, entry.set_key, entry.activation_ms)


def _runs(values: Iterable[tuple[int, ...]]) -> Iterator[tuple[Any, ...]]:
    """Yield each run of equal values: the value, its first place, its length."""
    place = 0
    for value, run in groupby(values):
        length = sum(1 for _ in run)
        yield (*value, place, length)
        place += length
