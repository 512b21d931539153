"""Entries: values of a contact's fields as callers give them, read and checked."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from estampe.catalog.addresses import InvalidAddress, parse_address
from estampe.catalog.fields import EMAIL
from estampe.errors import EstampeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from estampe.catalog.fields import Field

_LONGEST_UNICITY = 254
_LARGEST = 64 * 1_024
_LONGEST_SHOWN = 100
_INT64 = range(-(2**63), 2**63)


class InvalidContact(EstampeError):
    """Values are not those of a contact; the message says which and why."""


class Entry(NamedTuple):
    """What a contact's row says: the text that tells it apart, where mail goes, and all values, also as JSON."""

    unicity: str
    address: str
    values: dict[str, Any]
    json: str


class Reading:
    """Reads values of a customer's contacts.

    Parameters:
        fields: by name and by id in digits.
    """

    def __init__(self, fields: Mapping[str, Field]) -> None:
        self._fields = fields
        kept = {field.id: field for field in fields.values()}.values()
        self.unicity = next(field.name for field in kept if field.is_unicity)
        self._mandatory = [field.name for field in kept if field.is_mandatory]
        self._email = next((field.name for field in kept if field.type == EMAIL), "")

    def named(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return values by the names of their fields, spaces around addresses and the unicity taken away.

        Parameters:
            values: by names or ids.

        Raises:
            InvalidContact: a value cannot be.
        """
        fields = ((self._fields[key], value) for key, value in values.items())
        return {field.name: _value(field, value) for field, value in fields}

    def all_named(self, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return the values of many contacts, as `named` does, each with its unicity.

        Raises:
            InvalidContact: a value cannot be, or is missing; the message names the row.
        """
        named = []
        for number, row in enumerate(rows, 1):
            with _numbered(number):
                named.append(self.named(row))
                self._check(named[-1], [self.unicity])
        return named

    def entry(self, named: Mapping[str, Any], kept: Mapping[str, Any] | None = None) -> Entry:
        """Return what a contact's row says.

        Parameters:
            named: values, as `named` returns them; None takes one away.
            kept: values that the contact has already.

        Raises:
            InvalidContact: a value is missing, or all are too long.
        """
        merged = {name: value for name, value in {**(kept or {}), **named}.items() if value is not None}
        self._check(merged, self._mandatory)
        json = msgspec.json.encode(merged)
        if len(json) > _LARGEST:
            raise InvalidContact(f"the fields take {len(json)} bytes as JSON; {_LARGEST} are the most")
        address = merged.get(self._email)
        return Entry(str(merged[self.unicity]), parse_address(address) if address else "", merged, json.decode())

    def entries(
        self, rows: Iterable[tuple[str, Mapping[str, Any]]], kept: Mapping[str, Mapping[str, Any]]
    ) -> dict[str, Entry]:
        """Return what rows of many contacts say, where later values add to earlier ones.

        Parameters:
            rows: each a contact by any name for it, and values, as `all_named` returns them.
            kept: values that contacts have already.

        Raises:
            InvalidContact: as for `entry`; the message names the row.
        """
        read: dict[str, Entry] = {}
        for number, (name, named) in enumerate(rows, 1):
            with _numbered(number):
                read[name] = self.entry(named, read[name].values if name in read else kept.get(name))
        return read

    def _check(self, named: Mapping[str, Any], names: Iterable[str]) -> None:
        for name in names:
            if named.get(name) in (None, ""):
                raise InvalidContact(f"the field {name!r} is missing; every target has it")


@contextmanager
def _numbered(row: int) -> Iterator[None]:
    try:
        yield
    except InvalidContact as exc:
        raise InvalidContact(f"row {row}: {exc}") from exc


def _value(field: Field, value: Any) -> Any:
    if field.type == EMAIL:
        value = _email(field, value)
    if field.is_unicity:
        value = _unicity(field, value)
    if not _is_value(value):
        raise InvalidContact(
            f"the field {field.name!r} cannot be {_shown(value)}; allowed: text, a number, true, false, null, texts"
        )
    return value


def _email(field: Field, value: Any) -> str | None:
    text = "" if value is None else value.strip() if isinstance(value, str) else _shown(value)
    if not text:
        return None
    try:
        parse_address(text)
    except InvalidAddress as exc:
        raise InvalidContact(f"the field {field.name!r}: {exc}") from exc
    return text


def _unicity(field: Field, value: Any) -> str | None:
    text = "" if value is None else str(value).strip()
    if len(text) > _LONGEST_UNICITY or not (text.isprintable()):
        raise InvalidContact(
            f"the field {field.name!r} tells targets apart: it has {_LONGEST_UNICITY} characters at most, all visible"
        )
    return text or None


def _is_value(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, int):
        return value in _INT64
    if isinstance(value, list):
        return all(isinstance(each, str) for each in value)
    return value is None or isinstance(value, str)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
