"""Lanes in memory: in which of them messages are due, and whose turn it is."""

from __future__ import annotations

from collections import deque
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from estampe.catalog import Lane

_OUTDATED = 64
"""Times that are no lane's next one any more and may be remembered nevertheless."""


class Lanes:
    """Lanes that wait for their turn, and lanes whose next message is due later.

    Customers take turns, and so do the lanes of each: however many messages one has, and to however many domains,
    whoever sends a few need not wait for them.

    Parameters:
        load: how busy a customer keeps us, by its number; who is less busy goes first.
    """

    def __init__(self, load: Callable[[int], int] = lambda _: 0) -> None:
        self._load = load
        self._rows: dict[int, deque[Lane]] = {}  # of each customer, whose turn it is first
        self._in_row: set[Lane] = set()
        self._due_ms: dict[Lane, int] = {}
        self._later: list[tuple[int, Lane]] = []

    def __bool__(self) -> bool:
        return bool(self._rows)

    def add(self, lanes: Iterable[Lane]) -> None:
        """Note lanes in which messages are due."""
        for lane in lanes:
            if lane not in self._in_row:
                self._in_row.add(lane)
                self._rows.setdefault(lane.customer, deque()).append(lane)

    def add_later(self, due: Mapping[Lane, int | None]) -> None:
        """Note when lanes' next messages are due, Unix milliseconds; None if there are none."""
        for lane, due_ms in due.items():
            if due_ms is not None and due_ms < self._due_ms.get(lane, due_ms + 1):
                self._due_ms[lane] = due_ms
                heappush(self._later, (due_ms, lane))
        if len(self._later) > 2 * len(self._due_ms) + _OUTDATED:
            self._later = [(due_ms, lane) for lane, due_ms in self._due_ms.items()]
            heapify(self._later)

    def wake(self, now_ms: int) -> None:
        """Put lanes into the row whose time has come."""
        while self._later and self._later[0][0] <= now_ms:
            due_ms, lane = heappop(self._later)
            if self._due_ms.get(lane) == due_ms:
                del self._due_ms[lane]
                self.add([lane])

    def next_ms(self) -> int | None:
        """Return when the next lane's time comes, None if none waits for one."""
        return self._later[0][0] if self._later else None

    def take(self, room: Callable[[Lane], int], most: int) -> Iterator[tuple[Lane, int]]:
        """Take lanes out of the row that have room, with how many messages each may have, `most` in all.

        Lanes without room keep waiting, at the end of the row; one that is added meanwhile has its turn too.
        """
        without_room: list[Lane] = []
        while self._rows and most > 0:
            lane = self._next()
            count = min(room(lane), most)
            if count > 0:
                most -= count
                yield lane, count
            else:
                without_room.append(lane)
        self.add(without_room)

    def _next(self) -> Lane:
        customer = min(self._rows, key=self._load)
        row = self._rows[customer]
        lane = row.popleft()
        self._in_row.discard(lane)
        del self._rows[customer]
        if row:
            self._rows[customer] = row
        return lane
