"""A page of memory that a server under test shares with the test: what it is at, and how its clock is set."""

from __future__ import annotations

import mmap
import struct
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PHASES = ("opening", "committing", "sealing", "replacing rows", "checkpointing")
"""What a server may be at, later ones inside earlier ones."""

SHIFT = struct.Struct("d")


class Marks:
    """The page, kept in a file that both processes map.

    Parameters:
        path: the file; made if it is missing.
    """

    def __init__(self, path: Path) -> None:
        with path.open("a+b") as file:
            file.truncate(mmap.PAGESIZE)
            self._page = mmap.mmap(file.fileno(), mmap.PAGESIZE)

    @property
    def shift_s(self) -> float:
        """How far the server's clock is ahead of the machine's, seconds."""
        shift_s: float = SHIFT.unpack_from(self._page)[0]
        return shift_s

    @shift_s.setter
    def shift_s(self, shift_s: float) -> None:
        SHIFT.pack_into(self._page, 0, shift_s)

    @contextmanager
    def at(self, phase: str) -> Iterator[None]:
        """Show that the server is in a phase."""
        place = SHIFT.size + PHASES.index(phase)
        self._page[place] = 1
        try:
            yield
        finally:
            self._page[place] = 0

    def phases(self) -> list[str]:
        """Return what the server is at, or was at when it was killed."""
        return [phase for place, phase in enumerate(PHASES, SHIFT.size) if self._page[place]]

    def clear(self) -> None:
        """Forget what a server that was killed was at."""
        for place in range(len(PHASES)):
            self._page[SHIFT.size + place] = 0
