"""Shares: parties take turns by the time that their work takes, not by how much of it they bring."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

W = TypeVar("W")

_REMEMBERED = 1_024
"""Parties that may be remembered although nothing of them waits."""


class Turn(NamedTuple, Generic[W]):
    """A piece of work whose turn it is, and how long it is expected to take."""

    party: Hashable
    work: W
    expected_s: float


class _Share(Generic[W]):
    """What waits of one party; how much time it had, and how much its last piece of work took."""

    def __init__(self) -> None:
        self.waiting: deque[W] = deque()
        self.had_s = 0.0
        self.last_s = 0.0


class Shares(Generic[W]):
    """Work that waits, of several parties. The turn is that of the one that had the least time.

    Whoever comes new, or comes again, starts level with whoever has the turn: time that was not used is not saved up.
    When nothing waits, all are level again.
    """

    def __init__(self) -> None:
        self._shares: dict[Hashable, _Share[W]] = {}
        self._waiting: dict[Hashable, _Share[W]] = {}
        self._level_s = 0.0
        self._most_s = 0.0

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def waiting(self, party: Hashable) -> int:
        """Return how many pieces of a party's work wait."""
        return len(self._shares[party].waiting) if party in self._shares else 0

    def put(self, party: Hashable, work: W) -> None:
        """Let work wait behind what its party has waiting."""
        self._share(party).waiting.append(work)

    def put_back(self, party: Hashable, work: W) -> None:
        """Let work wait before all else of its party."""
        self._share(party).waiting.appendleft(work)

    def take(self) -> Turn[W]:
        """Return whose turn it is; there must be some."""
        party, share = min(self._waiting.items(), key=lambda each: each[1].had_s)
        self._level_s = max(self._level_s, share.had_s)
        turn = Turn(party, share.waiting.popleft(), share.last_s)
        share.had_s += turn.expected_s
        if not share.waiting:
            del self._waiting[party]
        return turn

    def charge(self, turn: Turn[W], took_s: float) -> None:
        """Count how long work took, in seconds."""
        if share := self._shares.get(turn.party):
            share.had_s += took_s - turn.expected_s
            share.last_s = took_s
            self._most_s = max(self._most_s, share.had_s)

    def drain(self) -> Iterator[W]:
        """Take out all that waits."""
        while self:
            yield self.take().work

    def _share(self, party: Hashable) -> _Share[W]:
        if not self._waiting:
            self._level_s = self._most_s
        if party not in self._shares and len(self._shares) >= _REMEMBERED:
            self._forget()
        share = self._shares.setdefault(party, _Share())
        if not share.waiting:
            share.had_s = max(share.had_s, self._level_s)
            self._waiting[party] = share
        return share

    def _forget(self) -> None:
        """Forget whom forgetting does no favour."""
        self._shares = {
            party: share for party, share in self._shares.items() if share.waiting or share.had_s > self._level_s
        }
