"""Pace: long work in a thread gives way, so that requests do not wait for the interpreter."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

T = TypeVar("T")

_BITE_S = 0.001
_REST_S = 0.0002


def paced(items: Iterable[T]) -> Iterator[T]:
    """Yield items, and rest a moment after each millisecond that was spent on them."""
    began_s = time.perf_counter()
    for item in items:
        yield item
        if time.perf_counter() - began_s > _BITE_S:
            time.sleep(_REST_S)
            began_s = time.perf_counter()
