"""Domains: how many messages may go to each of them now."""

from __future__ import annotations

import math
import re
import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from estampe.settings import InvalidSetting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_LIMIT = re.compile(r"([^\s=/,]+)=(\d{1,5})/(\d{1,7}(?:\.\d{1,6})?)", re.ASCII)

_KEPT = 10_000
"""Domains whose rate is remembered before those that no longer matter are forgotten."""


class Limit(NamedTuple):
    """How many messages may be under way to a domain, and how many a second in the long run; a rate of 0 sets none."""

    connections: int
    rate: float


def parse_limits(text: str) -> dict[str, Limit]:
    """Read the setting `domain_limits`, such as `gmail.com=20/50,orange.fr=3/0.5`.

    Raises:
        InvalidSetting: a limit is not written so, or lets no message through.
    """
    return dict(_limit(part.strip(), text) for part in text.split(",")) if text.strip() else {}


def _limit(part: str, text: str) -> tuple[str, Limit]:
    match = _LIMIT.fullmatch(part)
    if match is None or not int(match[2]):
        allowed = "DOMAIN=CONNECTIONS/RATE, commas between, such as gmail.com=20/50 (a rate of 0 sets no limit)"
        raise InvalidSetting("ESTAMPE_DOMAIN_LIMITS", text, allowed)
    return match[1].lower(), Limit(int(match[2]), float(match[3]))


class Domains:
    """Counts messages to each domain, at once and a second.

    A rate is kept by the time at which what was sent is paid for (the generic cell rate algorithm): one number a
    domain. What is sent at once after a rest is a second's worth, at least one message.

    Parameters:
        usual: the limit of domains that have none of their own.
        special: limits by domain.
        clock: seconds from any point, never going back.
    """

    def __init__(self, usual: Limit, special: Mapping[str, Limit], clock: Callable[[], float] = time.monotonic) -> None:
        self._usual = usual
        self._special = special
        self._clock = clock
        self._under_way: Counter[str] = Counter()
        self._paid_s: dict[str, float] = {}
        self._forget_at = _KEPT

    @property
    def under_way(self) -> int:
        """Messages under way, to all domains."""
        return self._under_way.total()

    def room(self, domain: str) -> int:
        """Return how many more messages to a domain may be started now."""
        limit = self._limit(domain)
        free = limit.connections - self._under_way[domain] if domain in self._under_way else limit.connections
        if limit.rate:
            free = min(free, self._affordable(domain, limit.rate))
        return max(0, free)

    @contextmanager
    def sending(self, domain: str) -> Iterator[None]:
        """Count a message to a domain for as long as the block lasts."""
        self._pay(domain, self._limit(domain).rate)
        self._under_way[domain] += 1
        try:
            yield
        finally:
            self._under_way[domain] -= 1
            if not self._under_way[domain]:
                del self._under_way[domain]

    def _limit(self, domain: str) -> Limit:
        return self._special.get(domain, self._usual)

    def _affordable(self, domain: str, rate: float) -> int:
        owed_s = max(0.0, self._paid_s.get(domain, 0.0) - self._clock())
        # A hair more, so that a whole message is not lost to the last bit of a fraction.
        return math.floor(max(1.0, rate) - owed_s * rate + 1e-6)

    def _pay(self, domain: str, rate: float) -> None:
        if rate:
            now_s = self._clock()
            if domain not in self._paid_s and len(self._paid_s) >= self._forget_at:
                self._forget(now_s)
            self._paid_s[domain] = max(self._paid_s.get(domain, now_s), now_s) + 1 / rate

    def _forget(self, now_s: float) -> None:
        self._paid_s = {domain: paid_s for domain, paid_s in self._paid_s.items() if paid_s > now_s}
        self._forget_at = max(_KEPT, 2 * len(self._paid_s))
