"""The tide of a log: which time the next commit gets, and up to which time nothing new will come.

Three rules make windows final. Each commit has a millisecond of its own, later than every earlier one. A watermark
that was announced binds: later commits are stamped at or after it. What is announced stays below a ceiling that is on
disk, so that not even a crash with a clock set back can break it.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from estampe.log.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Callable

LEASE_MS = 1_000
"""How far ahead of the time a stored ceiling lies: after a crash the log's clock may start this far ahead."""


class Tide:
    """Hands out commit times and watermarks; thread-safe.

    Parameters:
        last_ms: timestamp of the newest event in the log, -1 if there is none.
        ceiling_ms: the stored ceiling.
        clock: makes the clock, given its floor.
    """

    def __init__(self, last_ms: int, ceiling_ms: int, clock: Callable[[int], Clock] = Clock) -> None:
        self._lock = threading.Lock()
        self._stamped_ms = last_ms
        self._announced_ms = max(ceiling_ms, last_ms + 1)
        self._clock = clock(self._announced_ms)
        self._in_flight_ms: int | None = None
        self._ceiling_ms = ceiling_ms

    def rise(self) -> int | None:
        """Begin a commit: return its timestamp, or None when this millisecond has had its commit."""
        with self._lock:
            now_ms = max(self._clock.now_ms(), self._announced_ms)
            if now_ms <= self._stamped_ms:
                return None
            self._stamped_ms = self._in_flight_ms = now_ms
            return now_ms

    def settle(self) -> None:
        """End the commit that `rise` began: it is visible to readers now, or never will be."""
        with self._lock:
            self._in_flight_ms = None

    def lease(self, ceiling_ms: int | None) -> None:
        """Note a ceiling that is on disk now."""
        with self._lock:
            self._ceiling_ms = max(self._ceiling_ms, ceiling_ms or 0)

    def ebb(self) -> int:
        """Announce nothing later any more; return the ceiling that is enough for what was."""
        with self._lock:
            self._ceiling_ms = max(self._announced_ms, self._stamped_ms + 1)
            return self._ceiling_ms

    def watermark_ms(self) -> int:
        """Return the time up to which the log is final, as far as the stored ceiling allows."""
        with self._lock:
            final_ms = max(self._clock.now_ms(), self._stamped_ms + 1)
            if self._in_flight_ms is not None:
                final_ms = self._in_flight_ms
            self._announced_ms = max(self._announced_ms, min(final_ms, self._ceiling_ms))
            return self._announced_ms

    def next_ceiling_ms(self) -> int | None:
        """Return a ceiling to store, or None while the stored one is far enough ahead."""
        with self._lock:
            now_ms = max(self._clock.now_ms(), self._stamped_ms + 1)
            return now_ms + LEASE_MS if self._ceiling_ms - now_ms < LEASE_MS // 2 else None
