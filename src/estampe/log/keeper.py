"""The keeper of a log: a thread that seals old rows and moves the WAL into the file, beside the writer."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import apsw

from estampe.log import store
from estampe.log.segment import SEGMENT_EVENTS

if TYPE_CHECKING:
    from pathlib import Path

    from estampe.log.history import History
    from estampe.log.writer import Writer

RECENT_EVENTS = 4 * SEGMENT_EVENTS
"""So many of the newest events stay rows."""

WAL_BYTES = 8 << 20
"""A longer WAL is moved into the file."""

LONG_WAL_BYTES = 64 << 20
"""A WAL this long is finished off between two commits, so that it starts anew."""

PAUSE_S = 1.0

log = logging.getLogger(__name__)


class Keeper:
    """Keeps one log in shape until it is closed; what fails is logged and tried again."""

    def __init__(self, path: Path, writer: Writer, history: History) -> None:
        self._path = path
        self._wal = store.wal_of(path)
        self._writer = writer
        self._history = history
        self._wake = threading.Event()
        self.checkpointing = threading.Lock()
        """Held while this keeper checkpoints: SQLite refuses a second checkpoint at the same time."""
        self._closing = False
        self._thread = threading.Thread(target=self._run, name=f"keeper of {path.stem}", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look soon whether there is something to do."""
        self._wake.set()

    def close(self) -> None:
        """End the thread after what it is at."""
        self._closing = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        connection = store.connect(self._path)
        while not self._closing:
            try:
                with store.translated(self._path):
                    self._seal()
                    self._checkpoint(connection)
            except Exception:  # a keeper that ended would be missed by no one until the disk is full
                log.exception("could not seal or checkpoint; will try again")
            self._wake.wait(PAUSE_S)
            self._wake.clear()
        connection.close()

    def _seal(self) -> None:
        while not self._closing and len(self._writer.seen.recent) >= RECENT_EVENTS + SEGMENT_EVENTS:
            if not self._history.seal_oldest():
                return

    def _checkpoint(self, connection: apsw.Connection) -> None:
        size = self._wal.stat().st_size if self._wal.exists() else 0
        if size < WAL_BYTES:
            return
        with self.checkpointing:
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            if size >= LONG_WAL_BYTES:
                self._writer.run(_finish_checkpoint, in_transaction=False)


def _finish_checkpoint(connection: apsw.Connection) -> None:
    # Passive too: with nothing written meanwhile it gets to the end, and the next commit starts the WAL anew.
    connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
