"""The spool: visits are on the disk before their answers go out, and stay there until they are events.

Three threads meet here. The event loop appends, and awaits no lock. A writer puts all that waits on the disk at once.
A reader takes what is there. Each changes fields of its own; of the few that two need, see `_lock`.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import defaultdict, deque
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from estampe.tracking.spooling.segments import (
    HEAD_BYTES,
    LONGEST_VISIT,
    RECORD_BYTES,
    Kept,
    Segment,
    record,
    sync_folder,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from uuid import UUID

    Tell = Callable[[bool], object]

SEGMENT_BYTES = 4 << 20
"""A segment is sealed when it is as long."""

_UNWRITTEN_BYTES = 8 << 20
"""Visits in memory at once; more come only when the disk does not follow."""

_PATIENCE_S = 1.0
"""How long an answer waits for a disk that does not answer."""

_SILENCE_S = 10.0
"""How long it is still after a line in the journal."""

log = logging.getLogger(__name__)


class _Group:
    """Visits that came in the same turn of the event loop, each with whom to tell what becomes of it."""

    __slots__ = ("_told", "loop", "since_s", "visits")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.since_s = loop.time()
        self.visits: list[tuple[bytes, Tell]] = []
        self._told = False

    def answer(self, *, kept: bool) -> None:
        """Tell all of them, once."""
        if not self._told:
            self._told = True
            for _, tell in self.visits:
                tell(kept)


class Spool:
    """Keeps visits until they are done.

    Parameters:
        folder: where its files are; it is made if it is missing.
        limit: the most bytes they may take.

    Raises:
        OSError: the folder cannot be made or read.
    """

    def __init__(self, folder: Path, *, limit: int) -> None:
        for each in (folder.parent, folder):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
        for each in folder.parents[:2]:  # each may be new
            sync_folder(each)
        self._folder = folder
        self._limit = limit - HEAD_BYTES
        self._segments = {segment.number: segment for segment in Segment.left(folder)}
        self._number = max((int(path.stem) for path in folder.glob("[0-9]*.visits")), default=0)
        self._current: Segment | None = None
        self._lock = threading.Condition()
        """Held to change what segments there are, and where they end."""
        # Each of these only grows, and in one thread or under the lock, so that whoever reads them needs none.
        self._appended_bytes = self._settled_bytes = self._deleted_bytes = self._done = 0
        self._written_bytes = sum(segment.end - segment.hole for segment in self._segments.values())
        self._kept = sum(segment.count() for segment in self._segments.values())
        self._group: _Group | None = None
        self._unanswered: deque[_Group] = deque()
        self._watched: asyncio.AbstractEventLoop | None = None
        self._groups: SimpleQueue[_Group | None] = SimpleQueue()
        self._closed = False
        self._silent_until_s = 0.0
        self._writer = threading.Thread(target=self._write, name="spool", daemon=True)
        self._writer.start()

    def append(self, visit: bytes) -> asyncio.Future[bool]:
        """Keep a visit; called in the event loop.

        Returns:
            A future of whether it is durable: if not, there is no room, or the disk is broken or too slow.
        """
        waiting: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.put(visit, partial(_tell, waiting))
        return waiting

    def put(self, visit: bytes, tell: Tell) -> None:
        """Keep a visit; called in the event loop.

        Parameters:
            visit: the visit.
            tell: is told there whether it is durable: at once if there is no room, else when it is known.
        """
        size = len(visit) + RECORD_BYTES
        if not self._takes(size):
            tell(False)
            return
        self._appended_bytes += size
        if not self._group:
            loop = asyncio.get_running_loop()
            self._group = _Group(loop)
            loop.call_soon(self._hand_over)
        self._group.visits.append((visit, tell))

    def take(self, most: int) -> list[Kept]:
        """Return the next visits that were not taken yet, the oldest first; called by one thread, which does `done`.

        Raises:
            OSError: they cannot be read.
        """
        with self._lock:
            segments = [segment for segment in self._segments.values() if segment.unread]
        taken: list[Kept] = []
        for segment in segments:
            while segment.unread and len(taken) < most:
                taken += segment.take(most - len(taken))
        self._sweep()
        return taken

    def done(self, kept: Iterable[Kept]) -> None:
        """Forget visits that were taken; a segment of which all is done is deleted."""
        by_segment: dict[int, list[UUID]] = defaultdict(list)
        for each in kept:
            by_segment[each.mark].append(each.id)
        for number, visits in by_segment.items():
            self._segments[number].done(visits)
            self._done += len(visits)
        self._sweep()
        if self.size() > self._limit // 2:
            self._thin()

    def wait(self, seconds: float) -> bool:
        """Wait until there is something to take, so long at most; say whether there is."""
        with self._lock:
            self._lock.wait_for(lambda: self._closed or self._unread(), seconds)
            return self._unread()

    def arrived(self) -> int:
        """Return how many visits were kept so far, those among them that were there at the start."""
        return self._kept

    def waiting(self) -> int:
        """Return how many visits are kept and not done."""
        return self._kept - self._done

    def size(self) -> int:
        """Return how many bytes its files take."""
        return self._written_bytes - self._deleted_bytes

    def close(self) -> None:
        """Write what was appended, and end; nothing is taken any more."""
        self._closed = True
        self._groups.put(self._group)  # what an event loop that has ended did not hand over
        self._groups.put(None)
        self._writer.join()
        with self._lock:
            self._lock.notify_all()
        self._sweep()

    def _takes(self, size: int) -> bool:
        """Say whether there is room for so many bytes more."""
        unwritten = self._appended_bytes - self._settled_bytes + size
        if self.size() + unwritten > self._limit:
            self._complain("as many wait as ESTAMPE_SPOOL_LIMIT allows")
        elif unwritten > _UNWRITTEN_BYTES:
            self._complain("the disk does not follow")
        elif size > LONGEST_VISIT + RECORD_BYTES:
            self._complain(f"one has {size:,} bytes")
        else:
            return not self._closed
        return False

    def _hand_over(self) -> None:
        """Give the writer what came in this turn of the event loop."""
        group, self._group = self._group, None
        if group:
            self._groups.put(group)
            self._unanswered.append(group)
            if self._watched is not group.loop:
                self._watch(group.loop)

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let no answer wait for long, as long as any waits."""
        longest_s = loop.time() - _PATIENCE_S
        while self._unanswered and self._unanswered[0].since_s <= longest_s:
            self._complain("the disk does not answer")
            self._unanswered.popleft().answer(kept=False)
        self._watched = loop if self._unanswered else None
        if self._watched:
            loop.call_later(_PATIENCE_S / 2, self._watch, loop)

    def _answer(self, groups: list[_Group], kept: bool) -> None:
        for group in groups:
            if self._unanswered and self._unanswered[0] is group:
                self._unanswered.popleft()
            group.answer(kept=kept)

    def _write(self) -> None:
        """Write groups, all that wait at once, until None comes."""
        open_ended = True
        while open_ended:
            groups = self._waiting_groups()
            open_ended = None not in groups
            if appended := [group for group in groups if group]:
                self._keep(appended)
        self._seal()

    def _waiting_groups(self) -> list[_Group | None]:
        groups = [self._groups.get()]
        try:
            while True:
                groups.append(self._groups.get_nowait())
        except Empty:
            return groups

    def _keep(self, groups: list[_Group]) -> None:
        records = [record(visit) for group in groups for visit, _ in group.visits]
        octets = b"".join(records)
        kept = self._put(octets, len(records))
        self._settled_bytes += len(octets)
        with suppress(RuntimeError):  # the event loop is closed, and nobody waits
            groups[-1].loop.call_soon_threadsafe(self._answer, groups, kept)

    def _put(self, octets: bytes, visits: int) -> bool:
        """Write records to the current segment; say whether they are durable."""
        try:
            segment = self._current or self._begin()
            end = segment.append(octets)
        except OSError as exc:
            self._complain(str(exc))
            self._seal()
            return False
        with self._lock:
            segment.end = end
            self._written_bytes += len(octets)
            self._kept += visits
            self._lock.notify_all()
        if segment.end >= SEGMENT_BYTES:
            self._seal()
        return True

    def _begin(self) -> Segment:
        self._number += 1
        segment = self._current = Segment.begin(self._folder, self._number)
        with self._lock:
            self._segments[segment.number] = segment
            self._written_bytes += segment.end
        return segment

    def _seal(self) -> None:
        if self._current:
            self._current.seal()
            self._current = None
            self._sweep()

    def _unread(self) -> bool:
        return any(segment.unread for segment in self._segments.values())

    def _sweep(self) -> None:
        """Delete segments that are over; one that cannot be deleted is tried again."""
        with self._lock:
            for segment in [each for each in self._segments.values() if each.over]:
                try:
                    segment.delete()
                except OSError as exc:
                    log.warning("a file of the spool cannot be deleted: %s", exc)
                else:
                    del self._segments[segment.number]
                    self._deleted_bytes += segment.end - segment.hole

    def _thin(self) -> None:
        """Let no segment take much room because of few visits, that long wait for their messages' activations."""
        with self._lock:
            segments = [each for each in self._segments.values() if each.sparse]
        for segment in segments:
            before = segment.hole
            try:
                segment.thin()
            except OSError as exc:
                log.warning("a file of the spool cannot be thinned: %s", exc)
            with self._lock:
                self._deleted_bytes += segment.hole - before

    def _complain(self, reason: str) -> None:
        if time.monotonic() >= self._silent_until_s:
            self._silent_until_s = time.monotonic() + _SILENCE_S
            log.critical("hits are not noted: %s", reason)


def _tell(waiting: asyncio.Future[bool], kept: bool) -> None:
    if not waiting.done():
        waiting.set_result(kept)
