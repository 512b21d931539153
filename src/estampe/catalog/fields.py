"""Fields: what a customer knows of its contacts, by name; unknown names become fields when they are first used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import select

from estampe.catalog import tables
from estampe.catalog.customers import take_ids
from estampe.errors import EstampeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from estampe.catalog.store import Catalog

_MOST = 500
_LONGEST_NAME = 100

EMAIL = "email"
"""The type of fields that hold an e-mail address."""


class InvalidField(EstampeError):
    """A name is not that of a field and cannot become one."""


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A field; `is_unicity` says that its text tells contacts apart."""

    id: int
    name: str
    type: str
    is_unicity: bool
    is_mandatory: bool


_EMAIL = {"name": "Email", "type": EMAIL, "is_unicity": True, "is_mandatory": True}

_COLUMNS = [tables.fields.c[name] for name in Field.__struct_fields__]


class Fields:
    """The fields of one customer; thread-safe.

    Parameters:
        catalog: where they are kept.
        customer: the customer's number.
    """

    def __init__(self, catalog: Catalog, customer: int) -> None:
        self._catalog = catalog
        self._customer = customer

    def list(self) -> tuple[Field, ...]:
        """Return the fields in order of their ids; a customer starts with `Email`."""
        with self._catalog.reading() as connection:
            kept = self._kept(connection)
        if not kept:
            with self._catalog.writing() as connection:
                kept = self._with(connection, {})
        return kept

    def take(self, connection: Connection, values: Mapping[str, Any]) -> dict[str, Field]:
        """Return all fields inside the caller's transaction, after making those that are new.

        Parameters:
            connection: the transaction.
            values: by the names of fields, or their ids in digits.

        Returns:
            The fields by name, and again by id in digits.

        Raises:
            InvalidField: a name cannot be one, an id is none, or there are too many.
        """
        kept = self._kept(connection)
        known = _by_key(kept)
        if not kept or not values.keys() <= known.keys():
            known = _by_key(self._with(connection, values))
        return known

    def _with(self, connection: Connection, values: Mapping[str, Any]) -> tuple[Field, ...]:
        take_ids(connection, self._customer, tables.customers.c.fields, 0)  # others wait here, so no name comes twice
        kept = self._kept(connection) or self._add(connection, [_EMAIL])
        known = _by_key(kept)
        new = [_new(name, value) for name, value in values.items() if name not in known]
        if len(kept) + len(new) > _MOST:
            raise InvalidField(f"contacts have {_MOST} fields at most; use those that are there")
        return self._add(connection, new) if new else kept

    def _add(self, connection: Connection, new: Sequence[Mapping[str, Any]]) -> tuple[Field, ...]:
        ids = take_ids(connection, self._customer, tables.customers.c.fields, len(new))
        rows = [{"customer": self._customer, "id": id_, **row} for id_, row in zip(ids, new, strict=True)]
        connection.execute(tables.fields.insert(), rows)
        return self._kept(connection)

    def _kept(self, connection: Connection) -> tuple[Field, ...]:
        found = select(*_COLUMNS).where(tables.fields.c.customer == self._customer).order_by(tables.fields.c.id)
        return tuple(Field(**row._asdict()) for row in connection.execute(found))


def _by_key(fields: tuple[Field, ...]) -> dict[str, Field]:
    return dict(_keys(fields))


def _keys(fields: tuple[Field, ...]) -> Iterator[tuple[str, Field]]:
    for field in fields:
        yield field.name, field
        yield str(field.id), field


def _new(name: str, value: object) -> dict[str, Any]:
    if name.isdigit():
        raise InvalidField(f"no field has the id {name}")
    if not 1 <= len(name) <= _LONGEST_NAME or not name.isprintable() or name != name.strip():
        raise InvalidField(
            f"{name[:_LONGEST_NAME]!r} cannot name a field: write 1 to {_LONGEST_NAME} characters that can be seen"
        )
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return {"name": name, "type": "numeric" if is_number else "textField", "is_unicity": False, "is_mandatory": False}
