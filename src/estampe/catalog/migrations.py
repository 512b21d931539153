"""How the catalog's tables came to be, step by step; a step that was released never changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from estampe.catalog import tables
from estampe.errors import EstampeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection


class NewerCatalog(EstampeError):
    """The catalog was written by a newer version of Estampe."""

    def __init__(self, place: object) -> None:
        super().__init__(f"{place} was written by a newer version of Estampe; start that version")


def _make_keys(connection: Connection) -> None:
    tables.keys.create(connection)


def _make_actions(connection: Connection) -> None:
    made = [table for table in tables.metadata.sorted_tables if table.name not in {"migrations", "keys"}]
    tables.metadata.create_all(connection, made, checkfirst=False)


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (_make_keys, _make_actions)
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
