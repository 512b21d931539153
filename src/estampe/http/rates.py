"""Rate limits: one token bucket a key."""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

_PRUNE_ABOVE = 4_096


class Rate(NamedTuple):
    """Whether a request may go on, how many are left, and seconds until full and until the next one may."""

    allowed: bool
    remaining: int
    reset_s: int
    retry_s: int


class Buckets:
    """Token buckets by name; a full one is not kept, so memory holds only those in use.

    Parameters:
        rate: tokens a second, above 0.
        burst: tokens in a full bucket.
    """

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = burst
        self._full_at: dict[str, float] = {}

    def take(self, name: str, now_s: float) -> Rate:
        """Take one token, if there is one.

        Parameters:
            name: whose bucket.
            now_s: a monotonic time, seconds.
        """
        empty_for = max(self._full_at.get(name, now_s) - now_s, 0.0)
        tokens = self._burst - empty_for * self._rate
        allowed = tokens >= 1
        if allowed:
            tokens -= 1
            self._full_at[name] = now_s + (self._burst - tokens) / self._rate
            self._prune(now_s)
        return Rate(
            allowed,
            max(int(tokens), 0),
            ceil((self._burst - tokens) / self._rate),
            0 if allowed else max(ceil((1 - tokens) / self._rate), 1),
        )

    def _prune(self, now_s: float) -> None:
        if len(self._full_at) > _PRUNE_ABOVE:
            self._full_at = {name: at for name, at in self._full_at.items() if at > now_s}
