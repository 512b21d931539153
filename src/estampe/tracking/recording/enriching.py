"""Enriching: takes visits from the spool, lets them wait for others of their message, and has them recorded."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import structlog

from estampe.catalog import CatalogUnavailable
from estampe.instants import DAY_MS, clock_ms
from estampe.log import LogBusy, LogClosed, LogError, LogFull
from estampe.tracking.linking.links import LinkKind
from estampe.tracking.recording.pace import Crowd, paced
from estampe.tracking.recording.recording import taken_of
from estampe.tracking.recording.waiting import Waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from uuid import UUID

    from estampe.tracking.recording.recording import Recorded, Recording, Taken
    from estampe.tracking.recording.refused import Refused
    from estampe.tracking.spooling.segments import Kept
    from estampe.tracking.spooling.spool import Spool

_AT_ONCE = 500
"""Visits that are recorded together."""

_AT_ONCE_IN_A_CROWD = 100
"""The same while many come: their answers wait no longer than this takes."""

_GATHERED = 20_000
"""Visits that wait for others of their message; beyond it they wait no longer."""

_PATIENCE_MS = 3 * DAY_MS
"""How long a visit waits for its message's activation: as long as a message may take that is tried again and again."""

_HALVING = 5_000
"""So many visits that wait for activations halve how long they do: those that never come are not to fill the memory."""

_TICK_S = 0.1
"""How long visits are gathered before they are recorded: each time costs a commit."""

_IDLE_S = 0.5
_AGAIN_MS = 1_000
_MUCH_LATER_MS = 60_000


class Enriching:
    """Makes hits of visits; `run` is one thread's work.

    Parameters:
        spool: where visits come from, and stay until they are hits.
        recording: publishes them.
        refused: keeps those that cannot be hits.
        judge_ms: how long a visit waits for others of its message, milliseconds.
        count: is told of each visit that is `early`, `orphaned` or `refused`.
    """

    def __init__(
        self, spool: Spool, recording: Recording, refused: Refused, *, judge_ms: int, count: Callable[[str], object]
    ) -> None:
        self._spool = spool
        self._recording = recording
        self._refused = refused
        self._judge_ms = judge_ms
        self._count = count
        self._journal = structlog.get_logger()
        self._waiting = Waiting()
        self._held_back: set[UUID] = set()
        self._stopping = threading.Event()
        self._crowd = Crowd(spool.arrived)

    def stop(self) -> None:
        """Take nothing more; what is in hand is ended, and the rest stays in the spool."""
        self._stopping.set()

    def run(self) -> None:
        """Make hits of visits until `stop`."""
        while not self._stopping.is_set():
            try:
                self._turn()
            except LogClosed:
                return
            except Exception as exc:  # noqa: BLE001  hits go on, whatever happens
                self._journal.critical("making hits met a fault and begins again", exc_info=exc)
                self._stopping.wait(_AGAIN_MS / 1_000)

    def _turn(self) -> None:
        if not self._waiting and not self._spool.wait(_IDLE_S):
            return
        crowd = self._crowd.times()
        most = _AT_ONCE if crowd < 1 else _AT_ONCE_IN_A_CROWD
        began_s = time.thread_time()
        self._gather(most)
        recorded = self._record_due(most)
        rest_s = crowd * (time.thread_time() - began_s)
        self._stopping.wait(rest_s if recorded == most else max(rest_s, _TICK_S))

    def _gather(self, most: int) -> None:
        """Take visits from the spool, as many as there is room for."""
        now_ms = clock_ms()
        room = min(most, _GATHERED - len(self._waiting) + len(self._held_back))
        for kept in paced(self._spool.take(room) if room > 0 else ()):
            try:
                taken = taken_of(kept)
            except Exception as exc:  # noqa: BLE001  what cannot be read must not stop the others
                self._refuse(kept, repr(exc))
            else:
                age_ms = max(0, now_ms - taken.visit.time_ms)
                urgent = taken.link.kind is LinkKind.UNSUBSCRIBE
                self._waiting.add(taken, _steady_ms() + (0 if urgent else self._judge_ms - age_ms))

    def _record_due(self, most: int) -> int:
        """Record visits whose time has come; return how many."""
        until_ms = _steady_ms()
        if len(self._waiting) - len(self._held_back) >= _GATHERED:
            until_ms += self._judge_ms
        due = self._waiting.due(until_ms, most)
        if due:
            self._record(due)
        return len(due)

    def _record(self, taken: Sequence[Taken]) -> None:
        try:
            recorded = self._recording.record(taken, clock_ms())
        except LogClosed:
            raise
        except (LogFull, LogBusy, CatalogUnavailable) as exc:
            self._journal.warning("hits wait", reason=str(exc))
            for each in taken:
                self._waiting.add(each, _steady_ms())
            self._stopping.wait(_AGAIN_MS / 1_000)
        except Exception as exc:  # noqa: BLE001  what one visit breaks, the others are not to suffer
            self._isolate(taken, exc)
        else:
            self._end(taken, recorded)

    def _isolate(self, taken: Sequence[Taken], exc: Exception) -> None:
        """Record the visits of some in two halves, until one alone is what cannot be recorded."""
        customers = {each.message.customer for each in taken}
        if isinstance(exc, LogError) and len(customers) == 1:  # of no use to ask it for each visit
            self._journal.error("hits wait for a log that fails", visits=len(taken), reason=str(exc))
            for each in self._hold_back(taken):
                self._refuse(each.kept, str(exc))
        elif len(taken) == 1:
            self._refuse(taken[0].kept, repr(exc))
        else:
            by_customer = sorted(taken, key=lambda each: each.message.customer)
            middle = len(taken) // 2
            for half in (by_customer[:middle], by_customer[middle:]):
                self._record(half)

    def _end(self, taken: Iterable[Taken], recorded: Recorded) -> None:
        """Let go of visits that are hits, and of those that never will be."""
        orphaned = [*recorded.strange, *self._hold_back(recorded.early)]
        if orphaned:
            self._journal.warning("hits of messages that nobody sent", visits=len(orphaned), first=orphaned[0].message)
        for _ in orphaned:
            self._count("orphaned")
        left = {each.kept.id for each in recorded.early} - {each.kept.id for each in orphaned}
        self._let_go([each.kept for each in taken if each.kept.id not in left])

    def _hold_back(self, taken: Iterable[Taken]) -> list[Taken]:
        """Let visits wait, the longer the older they are; return those that have waited enough."""
        now_ms = clock_ms()
        patience_ms = _PATIENCE_MS >> len(self._held_back) // _HALVING
        enough: list[Taken] = []
        for each in taken:
            age_ms = now_ms - each.visit.time_ms
            if age_ms > patience_ms:
                enough.append(each)
                continue
            if each.kept.id not in self._held_back:
                self._held_back.add(each.kept.id)
                self._count("early")
            self._waiting.add(each, _steady_ms() + max(_AGAIN_MS, min(age_ms // 2, _MUCH_LATER_MS)))
        return enough

    def _refuse(self, kept: Kept, reason: str) -> None:
        """Keep a visit aside; where that fails, it stays in the spool, and is tried again after the next start."""
        self._journal.error("a visit cannot become a hit", id=f"{kept.id}", reason=reason)
        self._count("refused")
        self._held_back.discard(kept.id)
        try:
            self._refused.keep(kept, reason)
        except OSError as exc:
            self._journal.error("a visit that was refused stays in the spool", id=f"{kept.id}", reason=str(exc))
        else:
            self._spool.done([kept])

    def _let_go(self, over: Sequence[Kept]) -> None:
        self._held_back.difference_update(kept.id for kept in over)
        self._spool.done(over)


def _steady_ms() -> int:
    """Return milliseconds of a clock that nobody sets: one that is set back must not hold hits up."""
    return time.monotonic_ns() // 1_000_000
