"""`SqliteEventLog`: the embedded engine, one SQLite file a customer.

Recent events are rows, older ones sealed segments (segment.py). One writer thread shares fsyncs among publishers
(writer.py), readers take short snapshots on connections of their own (reader.py, scan.py), and a keeper seals and
checkpoints (keeper.py).
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from itertools import repeat
from typing import TYPE_CHECKING

import msgspec

from estampe.log import sql, store, tally
from estampe.log.clock import Clock
from estampe.log.entry import entry_of_draft
from estampe.log.history import History
from estampe.log.importing import Import
from estampe.log.judgements import drop_unused, rejudge
from estampe.log.keeper import RECENT_EVENTS, Keeper
from estampe.log.lines import next_lines
from estampe.log.port import POSITION_BITS, DamagedLog, LogError, LogFull, Watermark, silent
from estampe.log.reader import Reader
from estampe.log.recounting import recount
from estampe.log.scan import SqliteScan
from estampe.log.segment import SEGMENT_EVENTS
from estampe.log.selection import select
from estampe.log.subscription import News, SqliteSubscription
from estampe.log.tide import Tide
from estampe.log.upgrading import upgrade
from estampe.log.verifying import Verification
from estampe.log.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from concurrent.futures import Future
    from pathlib import Path
    from uuid import UUID

    import apsw

    from estampe.events import Customer, Draft, Event
    from estampe.log.port import Audience, Count, Counting, Findings, Imported, Progress, Query, Receipt, Recount
    from estampe.verdicts import Classification

MOST_DRAFTS = 1_000_000
"""Drafts of one call: with the group that they join they have to fit into one millisecond's positions."""

JUDGED_AT_ONCE = 4_096
"""Hits that one transaction judges: publications wait that long."""


def unobserved(seconds: float) -> None:
    """Tell no one how long a commit took."""


class SqliteLogReader:
    """Reads one customer's log; may stand beside the process that writes it.

    Raises:
        DamagedLog: the file's bytes do not check out.
        NewerLog: a newer version wrote it.
    """

    def __init__(self, path: Path, customer: Customer) -> None:
        self.customer = customer
        self.path = path
        with store.translated(path):
            store.check(path, customer)
        self._reader = Reader(path)
        self._news = News()

    def watermark(self) -> Watermark:
        """Return up to when the log is final: here, just behind the newest event."""
        with self._reader.snapshot() as connection:
            return Watermark(_newest_ms(connection) + 1, store.state(connection, "epoch"))

    def scan(self, query: Query) -> SqliteScan:
        """Answer a query."""
        watermark = self.watermark()
        with self._reader.snapshot() as connection:
            selection = select(connection, query, watermark.complete_until_ms)
        return SqliteScan(self._reader, query, selection, watermark)

    def read(self, positions: Iterable[int]) -> dict[int, bytes]:
        """Return the events at those of some positions that have one."""
        left: Sequence[int] = sorted(set(positions))
        found: dict[int, bytes] = {}
        while left:
            with self._reader.snapshot() as connection:
                lines, left = next_lines(connection, left)
            found.update(lines)
        return found

    def counts(self, counting: Counting) -> list[Count]:
        """Count events, in order of period, then facets."""
        with self._reader.snapshot() as connection:
            return list(tally.counts(connection, counting))

    def audience(self, action: str) -> Audience:
        """Count the contacts that reacted to an action."""
        with self._reader.snapshot() as connection:
            return tally.audience(connection, action)

    def subscribe(self, after: int) -> SqliteSubscription:
        """Follow the log from the event after a position."""
        return SqliteSubscription(self._reader, self._news, after)

    def verify(self, progress: Progress = silent) -> Findings:
        """Read everything and check it."""
        return Verification(self.path, progress).run()

    def close(self) -> None:
        """Let go of the file."""
        self._reader.close()


def verify_log(path: Path, customer: Customer, progress: Progress = silent) -> Findings:
    """Read a log's file whole and check it, also one that is refused as damaged when it is opened.

    Raises:
        NewerLog, LogError: it is not a log that this version can read.
    """
    refused: tuple[str, ...] = ()
    try:
        with store.translated(path):
            store.check(path, customer)
    except DamagedLog as refusal:
        refused = (str(refusal),)
    findings = Verification(path, progress).run()
    return msgspec.structs.replace(findings, faults=findings.faults or refused)


class SqliteEventLog(SqliteLogReader):
    """One customer's log in one file; see `port.EventLog` for what each verb promises.

    One process at a time may open it: `Logs` holds the lock of the folder.
    """

    def __init__(
        self,
        path: Path,
        customer: Customer,
        clock: Callable[[int], Clock] = Clock,
        observe_commit: Callable[[float], object] = unobserved,
    ) -> None:
        with store.translated(path):
            if path.exists():
                upgrade(path)
            else:
                store.create(path, customer)
        super().__init__(path, customer)
        with self._reader.snapshot() as connection:
            last_ms, ceiling_ms = _newest_ms(connection), store.state(connection, "ceiling_ms")
        self._observe_commit = observe_commit
        self._tide = Tide(last_ms, ceiling_ms, clock)
        with store.translated(path):
            self._writer = Writer(path, self._tide, self._committed)
        self._history = History(self._writer, self._reader)
        self._keeper = Keeper(path, self._writer, self._history)

    def _committed(self, events: int, seconds: float) -> None:
        self._observe_commit(seconds)
        if events:
            self._news.ring()
        if len(self._writer.seen.recent) >= RECENT_EVENTS + SEGMENT_EVENTS:
            self._keeper.wake()

    def publish(
        self, drafts: Sequence[Draft], classifications: Sequence[Classification | None] = ()
    ) -> Future[list[Receipt]]:
        """Append drafts as events; the future resolves after fsync."""
        if len(drafts) > MOST_DRAFTS:
            raise LogError(f"{len(drafts)} drafts are too many for one call; {MOST_DRAFTS} are allowed.")
        if classifications and len(classifications) != len(drafts):
            raise LogError(f"There are {len(classifications)} classifications for {len(drafts)} drafts: give one each.")
        judged = zip(drafts, classifications or repeat(None), strict=False)
        return self._writer.publish([entry_of_draft(draft, self.customer, judgement) for draft, judgement in judged])

    def find(self, ids: Sequence[UUID]) -> dict[UUID, int]:
        """Return the positions of those events that the log has, by their ids."""
        return self._writer.run(lambda _: self._find(ids), in_transaction=False)

    def _find(self, ids: Sequence[UUID]) -> dict[UUID, int]:
        positions = ((event_id, self._writer.seen.position_of(event_id.bytes)) for event_id in ids)
        return {event_id: position for event_id, position in positions if position is not None}

    def classify(self, classifications: Mapping[int, Classification]) -> int:
        """Judge hits that are in the log, anew or for the first time; return how many changed."""
        positions = sorted(classifications)
        starts = range(0, len(positions), JUDGED_AT_ONCE)
        return sum(self._judge_some(positions[start : start + JUDGED_AT_ONCE], classifications) for start in starts)

    def _judge_some(self, positions: Sequence[int], classifications: Mapping[int, Classification]) -> int:
        some = {position: classifications[position] for position in positions}
        return self._writer.run(partial(self._rejudge, classifications=some))

    def _rejudge(self, connection: apsw.Connection, classifications: Mapping[int, Classification]) -> int:
        changed = rejudge(connection, self._writer.names, classifications)
        if changed:
            connection.execute(sql.BUMP_STATE, {"name": "epoch"})
        return changed

    def recount(self, progress: Progress = silent) -> Recount:
        """Read every event, count anew, and mend what counters had wrong; publications wait meanwhile."""
        return self._writer.run(partial(recount, names=self._writer.names, progress=progress))

    def watermark(self) -> Watermark:
        """Return up to when the log is final now."""
        if self._tide.next_ceiling_ms() is not None:
            # Without room on the disk the watermark stands still at the stored ceiling; reading goes on.
            with suppress(LogFull):
                self._tide.lease(self._writer.run(self._writer.store_ceiling))
        with self._reader.snapshot() as connection:
            epoch = store.state(connection, "epoch")
        return Watermark(self._tide.watermark_ms(), epoch)

    def import_history(self, events: Iterable[Event], progress: Progress = silent) -> Imported:
        """Add events that already have ids and timestamps."""
        final_ms = self.watermark().complete_until_ms
        with store.translated(self.path):
            return Import(self.customer, self._writer, self._history, final_ms, progress).run(events)

    def compact(self, progress: Progress = silent) -> None:
        """Seal all that is there now and give free room back; needs room for a second copy meanwhile."""
        self._history.open_small()
        before = self.watermark().complete_until_ms << POSITION_BITS
        done = 0
        while sealed := self._history.seal_oldest(before):
            done += sealed
            progress("sealing", done, None)
        progress("giving room back", done, done)
        self._writer.run(drop_unused)
        with self._keeper.checkpointing:
            self._writer.run(store.vacuum, in_transaction=False)

    def close(self) -> None:
        """Finish what was accepted, then let go of the file."""
        self._keeper.close()
        with suppress(LogError):
            self._writer.run(self._store_last_announced)
        self._writer.close()
        super().close()

    def _store_last_announced(self, connection: apsw.Connection) -> None:
        # Nothing is announced after it, so the next start need not begin ahead of the time.
        connection.execute(sql.SET_STATE, {"name": "ceiling_ms", "value": self._tide.ebb()})


def _newest_ms(connection: apsw.Connection) -> int:
    newest = store.value(connection, sql.NEWEST)
    return -1 if newest is None else newest >> POSITION_BITS
