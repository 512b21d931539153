"""The engines that the suite is run on: to have another one tested, add it to `ENGINES`."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING, Protocol

from activity import CUSTOMER

from estampe.log import SqliteEventLog, history, path_of, scan, segment, subscription
from estampe.log.clock import Clock

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from estampe.events import Customer
    from estampe.log import EventLog


class Wall:
    """A machine's clock that can be set: `ahead_s` is how far it is from the true time."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def __call__(self) -> float:
        """Return the time, seconds since 1970."""
        return time.time() + self.ahead_s


class Engine(Protocol):
    """What the suite must be able to do to an engine beside its port."""

    def shrink(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make small what is usually large, so that few events reach every corner."""

    def open(self, folder: Path, customer: Customer = CUSTOMER, wall: Wall | None = None) -> EventLog:
        """Open a log, new if the folder is."""

    def settle(self, log: EventLog) -> None:
        """Move all that is in a log to where old events are kept, if that is another place than for new ones."""

    def crash(self, folder: Path, copy: Path) -> None:
        """Make a copy of a folder as a crash at this moment would leave it."""


class Sqlite:
    """Rows and sealed segments in one file."""

    def shrink(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make small segments of small frames, read in small steps."""
        monkeypatch.setattr(history, "SEGMENT_EVENTS", 24)
        monkeypatch.setattr(segment, "FRAME_BYTES", 1500)
        monkeypatch.setattr(scan, "FIRST_CHUNK_BYTES", 1000)
        monkeypatch.setattr(scan, "CHUNK_BYTES", 4000)
        monkeypatch.setattr(scan, "FIRST_ROWS", 4)
        monkeypatch.setattr(subscription, "MOST_EVENTS", 7)

    def open(self, folder: Path, customer: Customer = CUSTOMER, wall: Wall | None = None) -> SqliteEventLog:
        """Open a file, new if need be."""
        return SqliteEventLog(path_of(folder, customer), customer, lambda floor_ms: Clock(floor_ms, wall or time.time))

    def settle(self, log: EventLog) -> None:
        """Seal every row."""
        assert isinstance(log, SqliteEventLog)
        while log._history.seal_oldest():
            pass

    def crash(self, folder: Path, copy: Path) -> None:
        """Copy the files as they are."""
        shutil.copytree(folder, copy)


ENGINES: dict[str, Engine] = {"sqlite": Sqlite()}
