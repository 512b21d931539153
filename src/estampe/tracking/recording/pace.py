"""Pace: long work in a thread gives way, so that requests do not wait for the interpreter."""

from __future__ import annotations

import time
from threading import local
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")

_CROWD = 1_500
"""Arrivals a second that make work rest for as long as it takes."""

_MOST_TIMES = 20.0
_SAMPLE_S = 0.1

_BITE_S = 0.0005
_SHORTEST_S = 0.0002
_LONGEST_S = 0.004
_LATE_S = 0.0003
"""Who wakes up so much later than it asked for had to wait for the interpreter: others have much to do."""


class _Pace(local):
    """How long a thread rests: the longer, the more others want to do."""

    rest_s = _SHORTEST_S

    def rest(self) -> None:
        """Rest."""
        began_s = time.perf_counter()
        time.sleep(self.rest_s)
        late = time.perf_counter() - began_s - self.rest_s > _LATE_S
        self.rest_s = min(_LONGEST_S, 2 * self.rest_s) if late else max(_SHORTEST_S, self.rest_s / 2)


_pace = _Pace()


class Crowd:
    """Tells how long to rest after work, since what comes in has to be answered first.

    Parameters:
        arrived: how much has come in so far.
    """

    def __init__(self, arrived: Callable[[], int]) -> None:
        self._arrived = arrived
        self._seen = arrived()
        self._since_s = time.monotonic()
        self._times = 0.0

    def times(self) -> float:
        """Return how many times as long as the interpreter worked: the more came in lately, the more."""
        passed_s = time.monotonic() - self._since_s
        if passed_s >= _SAMPLE_S:
            arrived = self._arrived()
            self._times = min(_MOST_TIMES, (arrived - self._seen) / passed_s / _CROWD)
            self._seen, self._since_s = arrived, time.monotonic()
        return self._times


def paced(items: Iterable[T]) -> Iterator[T]:
    """Yield items, and rest a moment after each half of a millisecond that was spent on them."""
    began_s = time.perf_counter()
    for item in items:
        yield item
        if time.perf_counter() - began_s > _BITE_S:
            _pace.rest()
            began_s = time.perf_counter()
