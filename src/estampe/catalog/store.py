"""The catalog's database: one SQLite file, its tables and their migrations."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    select,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import LargeBinary

from estampe.errors import EstampeError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILE = "catalog.db"

metadata = MetaData()

migrations = Table("migrations", metadata, Column("version", Integer, primary_key=True))

keys = Table(
    "keys",
    metadata,
    Column("id", String, primary_key=True),
    Column("digest", LargeBinary, nullable=False),  # SHA-256 of the secret
    Column("agency", String, nullable=False),
    Column("customer", String, nullable=False),
    Column("scopes", String, nullable=False),  # names joined by commas
    Column("label", String, nullable=False),
    Column("created_ms", Integer, nullable=False),
    Column("expires_ms", Integer),
    Column("revoked_ms", Integer),
)


class NewerCatalog(EstampeError):
    """The catalog was written by a newer version of Estampe."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} was written by a newer version of Estampe; start that version")


class CatalogUnusable(EstampeError):
    """The catalog's file cannot be opened, read or written."""

    def __init__(self, path: Path, reason: object) -> None:
        super().__init__(
            f"{path} cannot be used: {reason}; name another folder with --data or ESTAMPE_DATA, "
            "give yourself leave to write there, or put back a copy of the file"
        )


class NoCatalog(EstampeError):
    """The data folder has no catalog yet."""

    def __init__(self, data: Path) -> None:
        super().__init__(
            f"{data} has no keys: make one with: estampe key create AGENCY/CUSTOMER, or name another folder with --data"
        )


def _make_keys(connection: Connection) -> None:
    keys.create(connection)


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (_make_keys,)
"""Version n is reached by the first n of these, in order; a released one never changes."""


def open_catalog(data: Path, *, create: bool = True) -> Engine:
    """Open the catalog of a data folder, brought up to date where needed.

    Parameters:
        data: the folder.
        create: make folder and catalog where they are missing.

    Raises:
        NewerCatalog: a newer version has written it.
        NoCatalog: there is none, and none is to be made.
        CatalogUnusable: the file cannot be opened, read or written.
    """
    path = data / FILE
    if not create and not path.exists():
        raise NoCatalog(data)
    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    try:
        _make_private(path)
        with engine.connect().execution_options(begin="IMMEDIATE") as connection, connection.begin():
            _migrate(connection, path)
    except BaseException as exc:
        engine.dispose()
        if isinstance(exc, OSError | DBAPIError):
            raise CatalogUnusable(path, exc.orig if isinstance(exc, DBAPIError) else exc.strerror) from exc
        raise
    return engine


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


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql(f"BEGIN {options.get('begin', 'DEFERRED')}")


def _migrate(connection: Connection, path: Path) -> None:
    migrations.create(connection, checkfirst=True)
    reached = max(connection.scalars(select(migrations.c.version)), default=0)
    if reached > len(MIGRATIONS):
        raise NewerCatalog(path)
    for version, migrate in enumerate(MIGRATIONS[reached:], reached + 1):
        migrate(connection)
        connection.execute(migrations.insert().values(version=version))
