"""Pace: long work in a thread gives way, so that requests do not wait for the interpreter."""

from __future__ import annotations

import time
from threading import local
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

T = TypeVar("T")

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


def paced(items: Iterable[T]) -> Iterator[T]:
    """Yield items, and rest a moment after each half of a millisecond that was spent on them."""
    began_s = time.perf_counter()
    for item in items:
        yield item
        if time.perf_counter() - began_s > _BITE_S:
            _pace.rest()
            began_s = time.perf_counter()
