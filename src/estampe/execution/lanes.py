"""Lanes in memory: in which of them messages are due, and whose turn it is."""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from estampe.catalog import Lane


class Lanes:
    """Lanes that wait for their turn, and lanes whose next message is due later.

    A lane takes its turn and goes to the end of the row, however many messages wait in it: whoever sends a few need
    not wait for whoever sends a million.
    """

    def __init__(self) -> None:
        self._row: deque[Lane] = deque()
        self._in_row: set[Lane] = set()
        self._later: list[tuple[int, Lane]] = []

    def add(self, lanes: Iterable[Lane]) -> None:
        """Note lanes in which messages are due."""
        for lane in lanes:
            if lane not in self._in_row:
                self._in_row.add(lane)
                self._row.append(lane)

    def add_later(self, due: Mapping[Lane, int | None]) -> None:
        """Note when lanes' next messages are due, Unix milliseconds; None if there are none."""
        for lane, due_ms in due.items():
            if due_ms is not None:
                heappush(self._later, (due_ms, lane))

    def wake(self, now_ms: int) -> None:
        """Put lanes into the row whose time has come."""
        while self._later and self._later[0][0] <= now_ms:
            _, lane = heappop(self._later)
            self.add([lane])

    def next_ms(self) -> int | None:
        """Return when the next lane's time comes, None if none waits for one."""
        return self._later[0][0] if self._later else None

    def take(self, room: Callable[[Lane], int], most: int) -> dict[Lane, int]:
        """Take lanes out of the row that have room, with how many messages each may have, `most` in all.

        Lanes without room keep waiting, at the end of the row.
        """
        taken: dict[Lane, int] = {}
        for _ in range(len(self._row)):
            if most <= 0:
                break
            lane = self._row.popleft()
            count = min(room(lane), most)
            if count > 0:
                self._in_row.discard(lane)
                taken[lane] = count
                most -= count
            else:
                self._row.append(lane)
        return taken
