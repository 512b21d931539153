"""The catalog's database: one SQLite file in the data folder, or a PostgreSQL database."""

from __future__ import annotations

import os
import stat
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from estampe.catalog.migrations import migrate
from estampe.errors import EstampeError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Table

FILE = "catalog.db"

_MIGRATING = 0x657374  # the advisory lock that lets one process migrate at a time
_SENDING = 0x657375  # the one that lets one process send

_POSTGRESQL = ("postgresql", "postgres", "postgresql+psycopg")


class CatalogUnusable(EstampeError):
    """The catalog cannot be opened, read or written."""

    def __init__(self, place: object, reason: object, remedy: str) -> None:
        super().__init__(f"{place} cannot be used: {reason}; {remedy}")


class CatalogUnavailable(EstampeError):
    """The catalog's database does not answer, is locked for too long, or has no room."""

    def __init__(self, place: str, reason: object) -> None:
        super().__init__(f"{place} does not answer as it should: {reason}; try again when it does")


class CatalogInUse(EstampeError):
    """Another process sends what waits in this catalog."""

    def __init__(self, place: str) -> None:
        super().__init__(
            f"another server sends from {place}; stop it first, or name another database with ESTAMPE_CATALOG"
        )


class NoCatalog(EstampeError):
    """The data folder has no catalog yet."""

    def __init__(self, data: Path) -> None:
        super().__init__(
            f"{data} has no keys: make one with: estampe key create AGENCY/CUSTOMER, or name another folder with --data"
        )


class Catalog:
    """An open catalog; thread-safe.

    Parameters:
        engine: SQLAlchemy's.
        place: what to call it in messages.
    """

    def __init__(self, engine: Engine, place: str) -> None:
        self.engine = engine
        self.place = place
        self.is_sqlite = engine.dialect.name == "sqlite"
        # SQLite has one writer: waiting here is fair and prompt, waiting for its lock is neither.
        self._turn = threading.Lock()
        self._owner: Connection | None = None

    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """Return an INSERT that knows ON CONFLICT, which both databases write alike."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection to read with, in a transaction of its own.

        Raises:
            CatalogUnavailable: the database does not answer.
        """
        with self._translated(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection to write with; all is committed at the end, or nothing if an error leaves the block.

        Raises:
            CatalogUnavailable: the database does not answer, or nothing can be written.
        """
        if not self.is_sqlite:
            with self._translated(), self.engine.begin() as connection:
                yield connection
            return
        with (
            self._turn,
            self._translated(),
            self.engine.connect().execution_options(begin="IMMEDIATE") as connection,
            connection.begin(),
        ):
            yield connection

    def own(self) -> None:
        """Be the one process that sends from this catalog, from the first call on; a cheap question later.

        A file is owned by whoever holds the data folder.

        Raises:
            CatalogInUse: another process is.
            CatalogUnavailable: the database does not answer.
        """
        if self.is_sqlite:
            return
        with self._translated():
            if self._owner is None:
                self._owner = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            try:
                # The lock is the session's: it lasts as long as the connection, and asking again counts it again.
                owned = self._owner.execute(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _SENDING}).scalar()
            except DBAPIError:
                self._owner.invalidate()
                self._owner.close()
                self._owner = None
                raise
        if not owned:
            raise CatalogInUse(self.place)

    def close(self) -> None:
        """Let go of the database."""
        if self._owner is not None:
            with suppress(DBAPIError):
                self._owner.execute(text("SELECT pg_advisory_unlock_all()"))
            self._owner.close()
            self._owner = None
        self.engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (OperationalError, InterfaceError, PoolTimeout) as exc:
            raise CatalogUnavailable(self.place, getattr(exc, "orig", exc)) from exc


def open_catalog(data: Path, url: str = "", *, create: bool = True) -> Catalog:
    """Open the catalog of a data folder, brought up to date where needed.

    Parameters:
        data: the folder.
        url: a PostgreSQL database to use instead of a file in the folder, such as `postgresql://user@host/name`.
        create: make folder and catalog where they are missing.

    Raises:
        NewerCatalog: a newer version has written it.
        NoCatalog: there is none, and none is to be made.
        CatalogUnusable: it cannot be opened, read or written.
    """
    if url:
        return _open_postgresql(url)
    if not create and not (data / FILE).exists():
        raise NoCatalog(data)
    return _open_sqlite(data / FILE)


def _open_sqlite(path: Path) -> Catalog:
    engine = create_engine(f"sqlite:///{path}", pool_size=16, max_overflow=-1)
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    catalog = Catalog(engine, str(path))
    try:
        _make_private(path)
        with catalog.writing() as connection:
            migrate(connection, path)
    except BaseException as exc:
        engine.dispose()
        if isinstance(exc, OSError | DBAPIError | CatalogUnavailable):
            remedy = (
                "name another folder with --data or ESTAMPE_DATA, "
                "give yourself leave to write there, or put back a copy of the file"
            )
            raise CatalogUnusable(path, _reason(exc), remedy) from exc
        raise
    return catalog


def _open_postgresql(url: str) -> Catalog:
    address = _address(url)
    place = address.render_as_string(hide_password=True)
    engine = create_engine(address, pool_size=16, max_overflow=16, pool_pre_ping=True)
    event.listen(engine, "connect", _wait_for_the_disk)
    catalog = Catalog(engine, place)
    try:
        with catalog.writing() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATING})
            migrate(connection, place)
    except BaseException as exc:
        engine.dispose()
        if isinstance(exc, DBAPIError | CatalogUnavailable):
            remedy = "mend ESTAMPE_CATALOG, or see that the server runs and lets you make tables"
            raise CatalogUnusable(place, _reason(exc), remedy) from exc
        raise
    return catalog


def _reason(error: OSError | DBAPIError | CatalogUnavailable) -> object:
    """Return what a failure says of itself, without what SQLAlchemy adds."""
    if isinstance(error, OSError):
        return error.strerror
    return getattr(error.__cause__ if isinstance(error, CatalogUnavailable) else error, "orig", error)


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError:
        address = None
    if address is None or address.drivername not in _POSTGRESQL:
        remedy = "write postgresql://USER:PASSWORD@HOST/NAME, or unset it for a file in the data folder"
        raise CatalogUnusable("ESTAMPE_CATALOG", "it is no address of a PostgreSQL database", remedy)
    return address.set(drivername="postgresql+psycopg")


def _make_private(path: Path) -> None:
    """Make the file for its owner only; SQLite gives its journal the same rights."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, stat.S_IRUSR | stat.S_IWUSR))


def _configure(connection: Any, _record: object) -> None:
    """Let SQLAlchemy say BEGIN itself: Python's sqlite3 would leave DDL outside of transactions."""
    connection.isolation_level = None
    connection.execute("PRAGMA busy_timeout = 10000")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _wait_for_the_disk(connection: Any, _record: object) -> None:
    """Take a commit for done when it is on the disk, however the server is set up: what is accepted must stay."""
    connection.execute("SET synchronous_commit TO on")
    connection.commit()


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql(f"BEGIN {options.get('begin', 'DEFERRED')}")
