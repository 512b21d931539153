"""Following a log: every event after a position, in order, as it comes."""

from __future__ import annotations

import threading
import time
from itertools import accumulate
from typing import TYPE_CHECKING

from estampe.log import sql, store
from estampe.log.port import LAST_POSITION, Placed
from estampe.log.sealed import Sealed, sheets

if TYPE_CHECKING:
    from collections.abc import Sequence

    import apsw

    from estampe.log.reader import Reader

MOST_EVENTS = 1024
MOST_BYTES = 1 << 20

POLL_S = 0.5
"""A log that another process writes rings no bell here: look at least so often."""


class News:
    """Wakes whoever waits for commits."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._commits = 0

    def ring(self) -> None:
        """Tell that something was committed."""
        with self._changed:
            self._commits += 1
            self._changed.notify_all()

    @property
    def commits(self) -> int:
        """How many commits there were."""
        return self._commits

    def wait(self, commits: int, timeout_s: float) -> None:
        """Wait until there were more commits than `commits`, or for `timeout_s`."""
        with self._changed:
            self._changed.wait_for(lambda: self._commits != commits, timeout_s)


class SqliteSubscription:
    """See `port.Subscription`."""

    def __init__(self, reader: Reader, news: News, after: int) -> None:
        self._reader = reader
        self._news = news
        self._after = after
        self._read: list[Placed] = []

    def next(self, timeout_s: float) -> Sequence[Placed]:
        """Return what follows, waiting for it up to `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        while True:
            commits = self._news.commits
            if not self._read:
                with self._reader.snapshot() as connection:
                    self._read = self._following(connection)
            if self._read:
                end = _fitting(self._read)
                batch, self._read = self._read[:end], self._read[end:]
                self._after = batch[-1].position
                return batch
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                return ()
            self._news.wait(commits, min(left_s, POLL_S))

    def _following(self, connection: apsw.Connection) -> list[Placed]:
        """Read the rows before the next segment, or what follows in that segment."""
        bounds = {"low": self._after + 1, "high": LAST_POSITION, "limit": MOST_EVENTS}
        row = store.row(connection, sql.NEXT_SEGMENT[False], bounds)
        sealed = Sealed(*row) if row else None
        if sealed is not None:
            bounds["high"] = sealed.first
        recent = self._rows(connection, bounds)
        if recent or sealed is None:
            return recent
        return sorted(
            Placed(position, line)
            for sheet in sheets(connection, sealed)
            for position, line in zip(sheet.open_positions(), sheet.open(), strict=True)
            if position > self._after
        )

    def _rows(self, connection: apsw.Connection, bounds: dict[str, int]) -> list[Placed]:
        found, size = [], 0
        for position, body in connection.execute(sql.BODIES, bounds):
            found.append(Placed(position, body))
            size += len(body)
            if size >= MOST_BYTES:
                break
        return found

    def close(self) -> None:
        """End the subscription; nothing is held that would need more."""
        self._read = []


def _fitting(events: Sequence[Placed]) -> int:
    """Return how many of some events are one batch; the last may go beyond MOST_BYTES."""
    sizes = accumulate(len(event.body) for event in events[:MOST_EVENTS])
    return next((end for end, size in enumerate(sizes, 1) if size >= MOST_BYTES), MOST_EVENTS)
