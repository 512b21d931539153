"""The engines that the suite is run on: to have another one tested, add it to `ENGINES`."""

from __future__ import annotations

import shutil
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from activity import CUSTOMER

from estampe.log import SqliteEventLog, history, path_of, scan, segment, subscription
from estampe.log.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    import apsw
    import pytest

    from estampe.events import Customer
    from estampe.log import EventLog


MISCOUNT = """
UPDATE counts SET events = events + 1 WHERE trait = 'human';
DELETE FROM counts WHERE trait = '';
DELETE FROM audiences WHERE action = 1;
UPDATE audiences SET openers = openers + 1;
UPDATE reactors SET clicks = clicks + 1;
"""


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

    def fill_up(self, log: EventLog) -> AbstractContextManager[None]:
        """Leave no room on the disk for a while."""

    def miscount(self, log: EventLog) -> None:
        """Make a counter of each sort wrong."""


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

    @contextmanager
    def fill_up(self, log: EventLog) -> Iterator[None]:
        """Forbid the file to grow."""
        assert isinstance(log, SqliteEventLog)
        log._writer.run(_allow(1), in_transaction=False)
        yield
        log._writer.run(_allow(1_000_000), in_transaction=False)

    def miscount(self, log: EventLog) -> None:
        """Spoil rows of all counters."""
        assert isinstance(log, SqliteEventLog)
        log._writer.run(lambda connection: connection.execute(MISCOUNT))


def _allow(pages: int) -> Callable[[apsw.Connection], object]:
    """Return what sets how large a file may become; never smaller than it is."""
    return lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}")


ENGINES: dict[str, Engine] = {"sqlite": Sqlite()}
