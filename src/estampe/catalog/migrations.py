"""How the catalog's tables came to be, step by step; a step that was released never changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Column, LargeBinary, MetaData, String, Table, select
from sqlalchemy.schema import CreateIndex

from estampe.catalog import tables
from estampe.errors import EstampeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection


class NewerCatalog(EstampeError):
    """The catalog was written by a newer version of Estampe."""

    def __init__(self, place: object) -> None:
        super().__init__(f"{place} was written by a newer version of Estampe; start that version")


_LATER = {"migrations", "keys", "secrets", "copies", "quarantine"}
"""Tables that the second step does not make as they are now."""

_secrets_without_numbers = Table(
    "secrets", MetaData(), Column("name", String, primary_key=True), Column("value", LargeBinary, nullable=False)
)


def _make_keys(connection: Connection) -> None:
    tables.keys.create(connection)


def _make_actions(connection: Connection) -> None:
    made = [table for table in tables.metadata.sorted_tables if table.name not in _LATER]
    tables.metadata.create_all(connection, made, checkfirst=False)
    _secrets_without_numbers.create(connection)


def _make_copies(connection: Connection) -> None:
    """Make the table of copies, and number secrets, so that there may be several of a name."""
    tables.copies.create(connection)
    kept = connection.execute(select(_secrets_without_numbers)).mappings().all()
    _secrets_without_numbers.drop(connection)
    tables.secrets.create(connection)
    if kept:
        connection.execute(tables.secrets.insert(), [{**row, "number": 1} for row in kept])


def _make_quarantine(connection: Connection) -> None:
    """Make the table of reports that are kept aside, and let contacts be found by their addresses."""
    tables.quarantine.create(connection)
    for index in tables.contacts.indexes:
        connection.execute(CreateIndex(index, if_not_exists=True))


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (_make_keys, _make_actions, _make_copies, _make_quarantine)
"""Version n is reached by the first n of these, in order."""


def migrate(connection: Connection, place: object) -> None:
    """Bring the tables up to date, inside the caller's transaction.

    Raises:
        NewerCatalog: a newer version has written them.
    """
    tables.migrations.create(connection, checkfirst=True)
    reached = max(connection.scalars(select(tables.migrations.c.version)), default=0)
    if reached > len(MIGRATIONS):
        raise NewerCatalog(place)
    for version, step in enumerate(MIGRATIONS[reached:], reached + 1):
        step(connection)
        connection.execute(tables.migrations.insert().values(version=version))
