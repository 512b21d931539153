"""Slices: long lists of rows, cut to what one statement may name."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

T = TypeVar("T")

_AT_ONCE = 500


def slices(rows: Iterable[T]) -> Iterator[Sequence[T]]:
    """Cut rows into slices of which each fits into one statement: databases bound its parameters."""
    held = list(rows)
    return (held[at : at + _AT_ONCE] for at in range(0, len(held), _AT_ONCE))
