"""The one writer of a log: a thread that places waiting publications together and shares one fsync among them."""

from __future__ import annotations

import threading
import time
from collections import deque
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from estampe.log import sql, store
from estampe.log.judgements import keep
from estampe.log.names import Names
from estampe.log.port import POSITION_BITS, LogBusy, LogClosed, Receipt
from estampe.log.seen import Seen
from estampe.log.segment import Row
from estampe.log.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import apsw

    from estampe.log.entry import Entry
    from estampe.log.tide import Tide

GROUP_EVENTS = 8_192
"""Events that one commit takes at most (one publication may be larger)."""

QUEUE_EVENTS = 262_144
"""Events that may wait for the disk; beyond it publishers are told to come back later."""

T = TypeVar("T")


def _nothing(_: object) -> None:
    """Do nothing."""


class Publication(NamedTuple):
    """Entries that are kept together or not at all, and who waits for them."""

    entries: Sequence[Entry]
    future: Future[list[Receipt]]


class Job(NamedTuple):
    """Other work for the writing connection."""

    work: Callable[[apsw.Connection], Any]
    committed: Callable[[Any], None]
    future: Future[Any]
    in_transaction: bool


class Writer:
    """Owns the writing connection, the seen ids and the interned names of a log.

    Parameters:
        path: the log's file.
        tide: hands out the times of commits.
        committed: is called after each commit with the number of new events and the seconds it took.
    """

    def __init__(self, path: Path, tide: Tide, committed: Callable[[int, float], None]) -> None:
        self._path = path
        self._tide = tide
        self._committed = committed
        self._waiting: deque[Publication | Job] = deque()
        self._waiting_events = 0
        self._wake = threading.Condition()
        self._closing = False
        self._connection = store.connect(path)
        self.seen = Seen(self._connection)
        self.names = Names(self._connection)
        self._thread = threading.Thread(target=self._run, name=f"writer of {path.stem}", daemon=True)
        self._thread.start()

    def publish(self, entries: Sequence[Entry]) -> Future[list[Receipt]]:
        """Queue entries; see `EventLog.publish`."""
        future: Future[list[Receipt]] = Future()
        self._queue(Publication(entries, future), len(entries))
        return future

    def run(
        self,
        work: Callable[[apsw.Connection], T],
        committed: Callable[[T], None] = _nothing,
        *,
        in_transaction: bool = True,
    ) -> T:
        """Run work between two commits, in a transaction of its own; wait for it and return its result.

        Parameters:
            work: is given the writing connection.
            committed: is given the result once it is in the file, before anything else is written.
            in_transaction: False for what SQLite does outside of transactions only.
        """
        future: Future[T] = Future()
        self._queue(Job(work, committed, future, in_transaction), 0)
        return future.result()

    def _queue(self, item: Publication | Job, events: int) -> None:
        with self._wake:
            if self._closing:
                raise LogClosed(f"The log {self._path.stem} is closing.")
            if events and self._waiting_events >= QUEUE_EVENTS:
                raise LogBusy(f"{self._waiting_events} events wait for the disk. Send these again a little later.")
            self._waiting.append(item)
            self._waiting_events += events
            self._wake.notify()

    def close(self) -> None:
        """Finish what is queued, then end the thread."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        while (taken := self._take()) is not None:
            if isinstance(taken, Job):
                self._work(taken)
            else:
                self._commit(taken)
        self._connection.close()

    def _take(self) -> Job | list[Publication] | None:
        with self._wake:
            while not self._waiting:
                if self._closing:
                    return None
                self._wake.wait()
            first = self._waiting[0]
            if isinstance(first, Job):
                self._waiting.popleft()
                return first
            return self._take_group()

    def _take_group(self) -> list[Publication]:
        group: list[Publication] = []
        events = 0
        while self._waiting and events < GROUP_EVENTS:
            publication = self._waiting[0]
            if isinstance(publication, Job):
                break
            self._waiting.popleft()
            events += len(publication.entries)
            if publication.future.set_running_or_notify_cancel():
                group.append(publication)
        self._waiting_events -= events
        return group

    def _work(self, job: Job) -> None:
        try:
            with store.translated(self._path):
                work = job.work
                result = self._in_transaction(work) if job.in_transaction else work(self._connection)
            job.committed(result)
            job.future.set_result(result)
        except Exception as error:  # noqa: BLE001  whoever waits is told, whatever it is
            job.future.set_exception(error)

    def _in_transaction(self, work: Callable[[apsw.Connection], T]) -> T:
        try:
            with store.transaction(self._connection):
                return work(self._connection)
        except BaseException:
            self.names.reload()
            raise

    def _commit(self, group: list[Publication]) -> None:
        timestamp_ms = self._rise()
        began_s = time.perf_counter()
        rows: list[Row] = []
        try:
            with store.translated(self._path):
                receipts, ceiling_ms = self._in_transaction(lambda _: self._place(group, timestamp_ms, rows))
        except Exception as error:  # noqa: BLE001  every publisher is told, whatever it is
            self._tide.settle()
            for publication in group:
                publication.future.set_exception(error)
            return
        self.seen.note(rows)
        self._tide.settle()
        self._tide.lease(ceiling_ms)
        for publication, answer in zip(group, receipts, strict=True):
            publication.future.set_result(answer)
        self._committed(len(rows), time.perf_counter() - began_s)

    def _rise(self) -> int:
        while (timestamp_ms := self._tide.rise()) is None:
            time.sleep(0.0002)
        return timestamp_ms

    def _place(
        self, group: list[Publication], timestamp_ms: int, rows: list[Row]
    ) -> tuple[list[list[Receipt]], int | None]:
        """Give each new entry a place and store its row; return receipts, and a new ceiling if one was stored."""
        new: dict[bytes, int] = {}
        start = timestamp_ms << POSITION_BITS
        receipts = []
        tally = Tally()
        for publication in group:
            answer = []
            for entry in publication.entries:
                event_id = entry.id.bytes
                known = None if entry.fresh else new.get(event_id) or self.seen.position_of(event_id)
                if known is None:
                    position = new[event_id] = start + len(rows)
                    rows.append(self.row(entry, event_id, position, tally))
                    answer.append(Receipt(entry.id, position, duplicate=False))
                    if entry.classification:
                        keep(self._connection, position, entry.classification)
                else:
                    answer.append(Receipt(entry.id, known, duplicate=True))
            receipts.append(answer)
        add_rows(self._connection, rows)
        tally.store(self._connection)
        return receipts, self.store_ceiling(self._connection)

    def row(self, entry: Entry, event_id: bytes, position: int, tally: Tally | None = None) -> Row:
        """Make the row of an entry (its id as bytes) at a position; count it if it is new.

        In a transaction, since it may add names.
        """
        kind, action = self.names.kind(entry.kind), self.names.action(entry.action)
        if tally:
            tally.add(entry, position, (kind, action))
        return Row(
            position,
            kind,
            action,
            event_id,
            entry.contact_key,
            entry.hash_key,
            entry.set_key,
            entry.activation_ms,
            entry.body(position >> POSITION_BITS),
        )

    def store_ceiling(self, connection: apsw.Connection) -> int | None:
        """Store a new ceiling for the watermark if it is time; return it, to be leased after the commit."""
        ceiling_ms = self._tide.next_ceiling_ms()
        if ceiling_ms is not None:
            connection.execute(sql.SET_STATE, {"name": "ceiling_ms", "value": ceiling_ms})
        return ceiling_ms


def add_rows(connection: apsw.Connection, rows: Sequence[Row]) -> None:
    """Insert recent events."""
    store.insert(connection, sql.ADD_EVENTS, [(row.position, row.body) for row in rows])
    store.insert(connection, sql.ADD_FACETS, [row.facets for row in rows])
