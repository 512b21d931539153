"""Secrets: they sign what leaves the house and comes back. A newer one signs, older ones verify until they retire."""

from __future__ import annotations

import secrets as random
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import delete, func, select

from estampe.catalog.tables import secrets
from estampe.errors import EstampeError
from estampe.instants import clock_ms

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from estampe.catalog.store import Catalog

LINKS = "links"
"""The secret that signs links in messages."""

TOKENS = "tokens"
"""The secret that signs return paths."""

MOST = 255
"""The highest number of a secret: a link says it in one byte."""

_BYTES = 32


class UnknownSecret(EstampeError):
    """No secret has this name and number."""

    def __init__(self, name: str, number: int) -> None:
        super().__init__(f"{name} has no secret {number}; see: estampe secret list")


class SecretInUse(EstampeError):
    """The newest secret of a name cannot retire: it signs."""

    def __init__(self, name: str, number: int) -> None:
        super().__init__(
            f"secret {number} of {name} is the one that signs; make another first: estampe secret rotate {name}"
        )


class NoMoreSecrets(EstampeError):
    """A name has had as many secrets as it may have."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} has had {MOST} secrets, and no more can be told apart; go on with the last one")


class Secret(msgspec.Struct, frozen=True, kw_only=True):
    """A secret without what is secret of it.

    Parameters:
        name: what for.
        number: the highest of a name signs.
        created_ms: when it was made, Unix milliseconds; None if that was not noted.
    """

    name: str
    number: int
    created_ms: int | None


def secrets_of(catalog: Catalog, name: str) -> dict[int, bytes]:
    """Return the secrets of a name by their numbers, 32 bytes each, the newest first; one is made if there is none."""
    with catalog.writing() as connection:
        if not _newest(connection, name):
            _make(catalog, connection, name, 1)
        found = select(secrets.c.number, secrets.c.value).where(secrets.c.name == name)
        return {row.number: row.value for row in connection.execute(found.order_by(secrets.c.number.desc()))}


def list_secrets(catalog: Catalog) -> list[Secret]:
    """Return all secrets by name, the newest of each first."""
    found = select(secrets.c.name, secrets.c.number, secrets.c.created_ms)
    with catalog.reading() as connection:
        rows = connection.execute(found.order_by(secrets.c.name, secrets.c.number.desc()))
        return [Secret(**row._asdict()) for row in rows]


def rotate(catalog: Catalog, name: str) -> int:
    """Make a new secret of a name and return its number; two who do so at the same moment make one.

    Raises:
        NoMoreSecrets: there were too many.
    """
    with catalog.writing() as connection:
        number = _newest(connection, name) + 1
        if number > MOST:
            raise NoMoreSecrets(name)
        _make(catalog, connection, name, number)
    return number


def retire(catalog: Catalog, name: str, number: int) -> None:
    """Forget a secret: nothing verifies any more that was signed with it.

    Raises:
        UnknownSecret: there is none.
        SecretInUse: it is the newest one.
    """
    this = (secrets.c.name == name) & (secrets.c.number == number)
    with catalog.writing() as connection:
        if number and number == _newest(connection, name):
            raise SecretInUse(name, number)
        if not connection.execute(delete(secrets).where(this)).rowcount:
            raise UnknownSecret(name, number)


def _newest(connection: Connection, name: str) -> int:
    newest = select(func.max(secrets.c.number)).where(secrets.c.name == name)
    return connection.execute(newest).scalar_one() or 0


def _make(catalog: Catalog, connection: Connection, name: str, number: int) -> None:
    row = {"name": name, "number": number, "value": random.token_bytes(_BYTES), "created_ms": clock_ms()}
    connection.execute(catalog.insert(secrets).values(row).on_conflict_do_nothing())
