"""Waiting: visits in memory until their time comes, all of one message together."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from estampe.tracking.recording.activations import Message
    from estampe.tracking.recording.recording import Taken


class _Group(NamedTuple):
    due_ms: int
    visits: list[Taken]


class Waiting:
    """Visits that wait."""

    def __init__(self) -> None:
        self._groups: dict[Message, _Group] = {}
        self._times: list[tuple[int, Message]] = []
        self._held = 0

    def __len__(self) -> int:
        return self._held

    def add(self, taken: Taken, due_ms: int) -> None:
        """Let a visit wait until a time, milliseconds; all of its message that wait have the first one's time."""
        message = taken.message
        group = self._groups.get(message)
        if group is None or due_ms < group.due_ms:
            group = self._groups[message] = _Group(due_ms, group.visits if group else [])
            heappush(self._times, (due_ms, message))
        group.visits.append(taken)
        self._held += 1

    def due(self, until_ms: int, most: int) -> list[Taken]:
        """Take out visits whose time is not after one, those of a message together, some `most` of them."""
        found: list[Taken] = []
        while len(found) < most and self._times and self._times[0][0] <= until_ms:
            due_ms, message = heappop(self._times)
            group = self._groups.get(message)
            if group is None or group.due_ms != due_ms:  # it had a time before this one
                continue
            room = most - len(found)
            found += group.visits[:room]
            del group.visits[:room], self._groups[message]
            if group.visits:
                self._groups[message] = group
                heappush(self._times, (due_ms, message))
        self._held -= len(found)
        return found
