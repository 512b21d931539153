"""Rounds in which everyone has a turn, and their medians."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

T = TypeVar("T")


def interleave(rounds: int, candidates: Mapping[str, Callable[[], T]]) -> dict[str, list[T]]:
    """Measure each candidate once a round, and say how it goes."""
    seen: dict[str, list[T]] = {name: [] for name in candidates}
    for n in range(rounds):
        for name, measure in candidates.items():
            print(f"  round {n + 1} of {rounds}: {name}", flush=True)
            seen[name].append(measure())
    return seen


def middle(results: Sequence[T], value: Callable[[T], float]) -> float:
    """Return the median of a value of results."""
    return median(map(value, results))


def times(value: float, base: float | None) -> str:
    """Return a ratio as text; a dash where there is nothing to compare with."""
    if not base:
        return "-"
    ratio = value / base
    return f"{ratio:.0f}x" if ratio >= 100 else f"{ratio:.1f}x" if ratio >= 10 else f"{ratio:.2f}x"  # noqa: PLR2004  digits that mean something


def spread(results: Sequence[T], value: Callable[[T], float], digits: int = 0) -> str:
    """Return the lowest and the highest value as text."""
    values = [value(result) for result in results]
    return f"{min(values):,.{digits}f}-{max(values):,.{digits}f}"
