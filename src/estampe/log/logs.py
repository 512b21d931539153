"""The logs of a data folder: one file a customer, one process that writes them all."""

from __future__ import annotations

import fcntl
import os
import threading
from typing import TYPE_CHECKING

from estampe.events import Customer
from estampe.log.port import LogClosed, LogInUse
from estampe.log.sqlite import SqliteEventLog, unobserved
from estampe.log.store import translated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import TracebackType
    from typing import Self


def path_of(data: Path, customer: Customer) -> Path:
    """Return the file of a customer's log in a data folder."""
    return data / "logs" / customer.agency / f"{customer.customer}.db"


def customers_in(data: Path) -> Iterator[Customer]:
    """Yield the customers that have a log in a data folder, in the order of their names."""
    for path in sorted((data / "logs").glob("*/*.db")):
        yield Customer(agency=path.parent.name, customer=path.stem)


class Logs:
    """Opens the logs of a data folder for writing, each on first use, and closes them together.

    Parameters:
        data: the folder; made if absent, for its owner only.
        observe_commit: is told how many seconds each commit took, its fsync included.

    Raises:
        LogInUse: another process has it open for writing.
    """

    def __init__(self, data: Path, observe_commit: Callable[[float], object] = unobserved) -> None:
        self.data = data
        self._observe_commit = observe_commit
        self._logs: dict[Customer, SqliteEventLog] = {}
        self._opening = threading.Lock()
        self._closed = False
        with translated(data):
            data.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = _lock(data)

    def of(self, customer: Customer) -> SqliteEventLog:
        """Return a customer's log, opening or making it on first use.

        Raises:
            DamagedLog, NewerLog: see `SqliteEventLog`.
            LogClosed: the folder is closed.
        """
        found = self._logs.get(customer)
        if found is not None:
            return found
        with self._opening:
            if self._closed:
                raise LogClosed("The logs are closed.")
            if customer not in self._logs:
                path = path_of(self.data, customer)
                self._logs[customer] = SqliteEventLog(path, customer, observe_commit=self._observe_commit)
            return self._logs[customer]

    def close(self) -> None:
        """Close every log, then give the folder free."""
        with self._opening:
            if self._closed:
                return
            self._closed = True
            for log in self._logs.values():
                log.close()
            self._logs.clear()
            os.close(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _lock(data: Path) -> int:
    """Take the writer's lock of a folder; the system gives it free when the process ends, however it ends."""
    path = data / "writer.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
        os.close(descriptor)
        raise LogInUse(
            f"{data} is open for writing in another process (id {holder}). Stop that one first, use its HTTP "
            "API, or choose another folder with --data or ESTAMPE_DATA."
        ) from error
    os.truncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor
