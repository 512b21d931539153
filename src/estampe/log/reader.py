"""Reading connections: many readers, each on its own, with a snapshot for one short step at a time."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from estampe.log import store
from estampe.log.port import LogClosed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import apsw

IDLE_CONNECTIONS = 8


class Reader:
    """Lends reading connections to one file; thread-safe."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._idle: list[apsw.Connection] = []
        self._lock = threading.Lock()
        self._closed = False

    @contextmanager
    def snapshot(self) -> Iterator[apsw.Connection]:
        """Lend a connection inside a read transaction; keep it short, the WAL can't be emptied past it."""
        with store.translated(self.path):
            connection = self._borrow()
            try:
                connection.execute("BEGIN")
                yield connection
            finally:
                self._give_back(connection)

    def _borrow(self) -> apsw.Connection:
        with self._lock:
            if self._closed:
                raise LogClosed(f"The log {self.path.stem} is closed.")
            if self._idle:
                return self._idle.pop()
        return store.connect(self.path, writing=False)

    def _give_back(self, connection: apsw.Connection) -> None:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        with self._lock:
            if not self._closed and len(self._idle) < IDLE_CONNECTIONS:
                self._idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        """Close what is idle now, and what is lent when it comes back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
