"""The file of one log: opened, checked, configured; foreign errors become ours here."""

from __future__ import annotations

import os
from contextlib import closing, contextmanager, suppress
from itertools import chain
from typing import TYPE_CHECKING, Any

import apsw
import zstandard

from estampe.log import sql
from estampe.log.port import DamagedLog, LogError, LogFull, NewerLog, OlderLog

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from estampe.events import Customer

BATCH_ROWS = (256, 64, 16, 4, 1)
"""Rows an INSERT carries: few sizes, so that statements stay prepared; few steps, as each gives the GIL away."""


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's, zstd's and the system's errors about a log's file into ours."""
    try:
        yield
    except apsw.FullError as error:
        raise LogFull(f"No room on the disk of {path}: nothing was kept. Make room, then send it again.") from error
    except (apsw.CorruptError, apsw.NotADBError, apsw.FormatError, zstandard.ZstdError) as error:
        raise damaged(path, str(error)) from error
    except (apsw.ReadOnlyError, apsw.CantOpenError) as error:
        raise LogError(
            f"{path} can't be opened ({error}). Reading needs leave to write here too: run this as the owner of the "
            "folder, or on a copy of it."
        ) from error
    except (apsw.Error, OSError) as error:
        raise LogError(f"{path}: {error}") from error


def damaged(path: Path, what: str) -> DamagedLog:
    """Return the error for a file whose bytes do not check out; it names the command that tells more."""
    customer = f"{path.parent.name}/{path.stem}"
    command = f"estampe verify {customer} --data {path.parent.parent.parent}"
    return DamagedLog(f"{path} is damaged ({what}). Run `{command}` to see how far, then put back a backup.")


def create(path: Path, customer: Customer) -> None:
    """Make the file of a new log under another name first, so that it is there whole or not at all."""
    if wal_of(path).exists():  # SQLite would take it for the new file's
        raise damaged(path, "the file is gone, its WAL is there")
    for folder in (path.parent.parent, path.parent):  # whoever made the data folder: events name people
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    for suffix in ("", "-wal", "-shm"):
        new.with_name(new.name + suffix).unlink(missing_ok=True)
    with closing(connect(new, making=True)) as connection:
        connection.execute("PRAGMA auto_vacuum = NONE; PRAGMA journal_mode = WAL")
        with connection:
            _fill(connection, customer)
        # Closing would do so too, but leave all in the WAL without a word if there is no room.
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    new.replace(path)
    for folder in path.parents[:3]:  # the agency's, that of all logs, the data folder: each may be new
        _sync_folder(folder)


def _fill(connection: apsw.Connection, customer: Customer) -> None:
    connection.execute(sql.SCHEMA + sql.SECOND + sql.COUNTERS)
    connection.execute(f"PRAGMA application_id = {sql.APPLICATION_ID}; PRAGMA user_version = {sql.VERSION}")
    beginning = {"customer": customer.name, "epoch": 1, "ceiling_ms": 0, "layout": 0}
    for name, first in beginning.items():
        connection.execute(sql.SET_STATE, {"name": name, "value": first})


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check(path: Path, customer: Customer) -> None:
    """Refuse a file that is not this customer's log, not whole, or not of today's format.

    Raises:
        DamagedLog, NewerLog, OlderLog, LogError.
    """
    connection = connect(path)
    try:
        application, version = format_of(connection)
        if application != sql.APPLICATION_ID:
            raise damaged(path, "not a log of Estampe")
        if version > sql.VERSION:
            raise NewerLog(
                f"{path} was written by a newer version of Estampe (format {version}; this one knows "
                f"{sql.VERSION}). Run that version, or a newer one, on this data folder."
            )
        if version < sql.VERSION:
            raise OlderLog(
                f"{path} was written by an older version of Estampe (format {version}; this one reads {sql.VERSION}). "
                "Opening it for writing brings it to this format: run `estampe serve` or `estampe compact` once."
            )
        _check_size(connection, path)
        owner = state(connection, "customer")
        if owner != customer.name:
            raise LogError(f"{path} is the log of {owner}, not of {customer.name}.")
        for statement in sql.TOUCH:
            rows(connection, statement)
    finally:
        connection.close()


def _check_size(connection: apsw.Connection, path: Path) -> None:
    """Compare the pages that the header promises with those that are there: a cut file shows at once."""
    wal = wal_of(path)
    if wal.exists() and wal.stat().st_size:
        return
    promised = _pragma(connection, "page_count") * _pragma(connection, "page_size")
    if path.stat().st_size < promised:
        raise damaged(path, f"{path.stat().st_size} bytes of {promised}")


def wal_of(path: Path) -> Path:
    """Return the file of a log's WAL."""
    return path.with_name(path.name + "-wal")


def format_of(connection: apsw.Connection) -> tuple[int, int]:
    """Return which application a file says to be of, and in which version of its format it is."""
    return _pragma(connection, "application_id"), _pragma(connection, "user_version")


def _pragma(connection: apsw.Connection, name: str) -> int:
    return int(value(connection, f"PRAGMA {name}"))


def connect(path: Path, *, writing: bool = True, making: bool = False) -> apsw.Connection:
    """Open a connection as every part of the engine wants it; only `making` one makes an absent file."""
    flags = apsw.SQLITE_OPEN_READWRITE | (apsw.SQLITE_OPEN_CREATE if making else 0)
    connection = apsw.Connection(str(path), flags=flags)
    connection.set_busy_timeout(10_000)
    connection.wal_autocheckpoint(0)
    connection.execute("PRAGMA synchronous = FULL; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY")
    if not writing:
        connection.execute("PRAGMA query_only = ON")
    return connection


def rows(connection: apsw.Connection, statement: str, bindings: Any = None) -> list[tuple[Any, ...]]:
    """Return all rows that a statement gives."""
    return list(each(connection, statement, bindings))


def each(connection: apsw.Connection, statement: str, bindings: Any = None) -> Iterator[tuple[Any, ...]]:
    """Yield the rows that a statement gives."""
    try:
        yield from connection.execute(statement, bindings)
    except UnicodeDecodeError as error:
        raise apsw.CorruptError("text in it is no UTF-8") from error


def row(connection: apsw.Connection, statement: str, bindings: Any = None) -> tuple[Any, ...] | None:
    """Return the first row that a statement gives, None if there is none."""
    found = rows(connection, statement, bindings)
    return found[0] if found else None


def value(connection: apsw.Connection, statement: str, bindings: Any = None) -> Any:
    """Return the first column of the first row that a statement gives, None if there is none."""
    found = rows(connection, statement, bindings)
    return found[0][0] if found else None


def state(connection: apsw.Connection, name: str) -> Any:
    """Return a value of the log's state."""
    return value(connection, sql.GET_STATE, {"name": name})


@contextmanager
def transaction(connection: apsw.Connection) -> Iterator[None]:
    """Write what is written meanwhile together, or nothing of it if that fails."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite ends it by itself where there is no room
            connection.execute("ROLLBACK")
        raise


@contextmanager
def at_most(connection: apsw.Connection, size: int) -> Iterator[None]:
    """Raise `apsw.TooBigError` meanwhile where a value has more than `size` bytes."""
    usual = connection.limit(apsw.SQLITE_LIMIT_LENGTH, size)
    try:
        yield
    finally:
        connection.limit(apsw.SQLITE_LIMIT_LENGTH, usual)


def insert(connection: apsw.Connection, into: str, columns: Sequence[Sequence[Any]]) -> None:
    """Insert rows of equal width with as few statements as can be; `into` is a statement up to VALUES."""
    start = 0
    for size in BATCH_ROWS:
        while len(columns) - start >= size:
            batch = columns[start : start + size]
            one = f"({','.join('?' * len(batch[0]))})"
            connection.execute(f"{into} VALUES {','.join([one] * size)}", tuple(chain.from_iterable(batch)))
            start += size


def vacuum(connection: apsw.Connection) -> None:
    """Write the file anew without free room, and empty the WAL."""
    connection.execute("PRAGMA temp_store = FILE")  # the copy is as large as the log
    try:
        connection.execute("VACUUM")
    finally:
        connection.execute("PRAGMA temp_store = MEMORY")
    with suppress(apsw.BusyError):  # someone reads for long; then the next close empties it
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
