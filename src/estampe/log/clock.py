"""The log's own clock: it follows the machine's, and never goes back.

When the machine's clock is set back, the log's goes on from where it was, at half speed, until the machine's
has caught
up: positions and the watermark keep growing, and the lead melts away. When it is set forward, the log follows
at once.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LEAD_SPEED = 0.5


class Clock:
    """Milliseconds since 1970 that never decrease.

    Parameters:
        floor_ms: the first reading is at least this.
        wall: the machine's clock, seconds since 1970.
        steady: a clock that no one sets, seconds since whenever.
    """

    def __init__(
        self,
        floor_ms: int,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall = wall
        self._steady = steady
        self._now_ms = float(floor_ms)
        self._read_at = steady()

    def now_ms(self) -> int:
        """Return the time; not thread-safe, its owner holds a lock."""
        read_at = self._steady()
        elapsed_ms = (read_at - self._read_at) * 1000
        self._read_at = read_at
        self._now_ms = max(self._wall() * 1000, self._now_ms + elapsed_ms * LEAD_SPEED)
        return int(self._now_ms)
