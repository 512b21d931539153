"""The catalog's database: one SQLite file, its tables and their migrations."""

from __future__ import annotations

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


def _make_keys(connection: Connection) -> None:
    keys.create(connection)


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (_make_keys,)
"""Version n is reached by the first n of these, in order; a released one never changes."""


def open_catalog(data: Path) -> Engine:
    """Open the catalog of a data folder, made or brought up to date where needed.

    Raises:
        NewerCatalog: a newer version has written it.
    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = data / FILE
    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    try:
        with engine.connect().execution_options(begin="IMMEDIATE") as connection, connection.begin():
            _migrate(connection, path)
    except BaseException:
        engine.dispose()
        raise
    return engine


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
