"""Contacts: who messages go to. The text of the unicity field tells a customer's contacts apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import bindparam, case, delete, func, select, update

from estampe.catalog import tables
from estampe.catalog.contact import (
    COLUMNS,
    HASH,
    ID,
    Contact,
    ContactExists,
    UnknownContact,
    contact_of,
    hash_in,
    id_in,
    named,
)
from estampe.catalog.customers import take_ids, written
from estampe.catalog.entries import Entry, Reading
from estampe.catalog.fields import Fields
from estampe.catalog.slices import slices
from estampe.events import hash_of
from estampe.instants import clock_ms

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection

    from estampe.catalog.store import Catalog
    from estampe.events import Identity

_kept = tables.contacts.c

_CHANGED = ("unicity", "hash", "address", "field_values", "modified_ms")

_CHANGE = (
    update(tables.contacts)
    .where(_kept.customer == bindparam("whose"), _kept.id == bindparam("which"))
    .values(
        {name: bindparam(name) for name in _CHANGED}
        # A new address is not known as dead.
        | {"bounced_ms": case((_kept.address == bindparam("address"), _kept.bounced_ms), else_=None)}
    )
)


class Contacts:
    """The contacts of one customer; thread-safe.

    Parameters:
        catalog: where they are kept.
        customer: the customer's number.
    """

    def __init__(self, catalog: Catalog, customer: int) -> None:
        self._catalog = catalog
        self._customer = customer
        self._fields = Fields(catalog, customer)

    def create(self, values: Mapping[str, Any]) -> Contact:
        """Make a contact.

        Parameters:
            values: by the names of fields, or their ids in digits.

        Raises:
            ContactExists: there is one with this unicity.
            InvalidContact, InvalidField: the values are not those of a contact.
        """
        with self._catalog.writing() as connection:
            reading = self._reading(connection, values)
            entry = reading.entry(reading.named(values))
            self._lock_all(connection)
            self._must_be_free(connection, entry.unicity)
            return self._insert(connection, [entry])[0]

    def put(self, unicity: str, values: Mapping[str, Any]) -> Contact:
        """Change a contact, or make it; raises as `create` and `update` do.

        Parameters:
            unicity: the text that tells it apart, without spaces around it.
            values: as for `create`; the unicity field may be left out.
        """
        with self._catalog.writing() as connection:
            reading = self._reading(connection, values)
            self._lock_all(connection)
            named = reading.named(values)
            kept = self._one(connection, _kept.hash == hash_of(unicity.strip()))
            if kept:
                return self._change(connection, kept, reading.entry(named, kept.values))
            entry = reading.entry({**reading.named({reading.unicity: unicity}), **named})
            self._must_be_free(connection, entry.unicity)
            return self._insert(connection, [entry])[0]

    def put_many(self, rows: Sequence[Mapping[str, Any]]) -> list[Contact]:
        """Make or change many contacts in one transaction, with few statements.

        Parameters:
            rows: values as for `create`; a later one of the same contact adds to an earlier one.

        Returns:
            The contact of each row, in order.

        Raises:
            InvalidContact, InvalidField: the message names the row, the first being 1; nothing is changed.
        """
        with self._catalog.writing() as connection:
            reading = self._reading(connection, {name: value for row in rows for name, value in row.items()})
            self._lock_all(connection)
            named = reading.all_named(rows)
            hashes = [hash_of(row[reading.unicity]) for row in named]
            kept = {contact.hash: contact for contact in self._found(connection, _kept.hash, set(hashes))}
            before = {hash_: contact.values for hash_, contact in kept.items()}
            entries = reading.entries(zip(hashes, named, strict=True), before)
            made = self._insert(connection, [entry for hash_, entry in entries.items() if hash_ not in kept])
            changed = [(kept[hash_], entry) for hash_, entry in entries.items() if hash_ in kept]
            contacts = {contact.hash: contact for contact in (*made, *self._change_many(connection, changed))}
        return [contacts[hash_] for hash_ in hashes]

    def update(self, contact_id: str, values: Mapping[str, Any]) -> Contact:
        """Change values of a contact; those not named stay, None takes one away.

        Raises:
            UnknownContact: there is none.
            ContactExists: another one has the unicity that it would have.
            InvalidContact, InvalidField: the values are not those of a contact.
        """
        with self._catalog.writing() as connection:
            reading = self._reading(connection, values)
            self._lock_all(connection)
            kept = self._known(connection, contact_id)
            return self._change(connection, kept, reading.entry(reading.named(values), kept.values))

    def delete(self, contact_id: str) -> None:
        """Delete a contact; its id is never used again.

        Raises:
            UnknownContact: there is none.
        """
        with self._catalog.writing() as connection:
            self._known(connection, contact_id)
            connection.execute(delete(tables.contacts).where(*self._where(_kept.id == contact_id)))

    def get(self, contact_id: str) -> Contact:
        """Return a contact by its id.

        Raises:
            UnknownContact: there is none.
        """
        with self._catalog.reading() as connection:
            return self._known(connection, contact_id)

    def by_unicity(self, text: str) -> Contact:
        """Return a contact by its unicity.

        Raises:
            UnknownContact: there is none.
        """
        return self._by_hash(hash_of(text.strip()), text)

    def by_hash(self, text: str) -> Contact:
        """Return a contact by the MD5 of its unicity, in hexadecimal digits of either case.

        Raises:
            UnknownContact: there is none.
        """
        return self._by_hash(text.lower(), text)

    def page(self, after: str, limit: int) -> list[Contact]:
        """Return contacts in order of their ids.

        Parameters:
            after: the last id of the page before; empty for the first page.
            limit: how many at most.
        """
        with self._catalog.reading() as connection:
            found = select(*COLUMNS).where(*self._where(_kept.id > after)).order_by(_kept.id).limit(limit)
            return [contact_of(row) for row in connection.execute(found)]

    def find(self, identities: Sequence[Identity]) -> list[Contact | None]:
        """Return the contact that each identity names, None where it names none.

        A footprint names a contact by its id if hashes agree, else by its hash; a unicity of several fields names none.
        """
        ids = {name for identity in identities if (name := id_in(identity))}
        hashes = {hash_ for identity in identities if (hash_ := hash_in(identity))}
        with self._catalog.reading() as connection:
            by_id = {contact.id: contact for contact in self._found(connection, _kept.id, ids)}
            rest = hashes - {contact.hash for contact in by_id.values()}
            found = (*by_id.values(), *self._found(connection, _kept.hash, rest))
        by_hash = {contact.hash: contact for contact in found}
        return [named(identity, by_id, by_hash) for identity in identities]

    def facts(self, ids: Iterable[str]) -> dict[str, Contact]:
        """Return contacts by their ids; those that are not known are left out."""
        wanted = {name for name in ids if ID.fullmatch(name)}
        with self._catalog.reading() as connection:
            return {contact.id: contact for contact in self._found(connection, _kept.id, wanted)}

    def lock(self, connection: Connection, ids: Iterable[str]) -> set[str]:
        """Return which contacts exist; nobody else changes them until the caller's transaction ends."""
        found: set[str] = set()
        for some in slices(sorted({name for name in ids if ID.fullmatch(name)})):
            known = select(_kept.id).where(*self._where(_kept.id.in_(some))).order_by(_kept.id)
            found.update(connection.scalars(known.with_for_update(key_share=True)))
        return found

    def mark_bounced(self, connection: Connection, ids: Iterable[str], time_ms: int) -> None:
        """Note inside the caller's transaction that addresses of contacts are dead, since a time, Unix milliseconds."""
        for some in slices(self.lock(connection, ids)):
            alive = self._where(_kept.id.in_(some), _kept.bounced_ms.is_(None))
            connection.execute(update(tables.contacts).where(*alive).values(bounced_ms=time_ms))

    def clear_bounced(self, alive_ms: Mapping[str, int]) -> None:
        """Let contacts get messages again whose addresses proved alive after they were noted as dead.

        Parameters:
            alive_ms: when, Unix milliseconds, by the contacts' ids; those that were never noted as dead cost one read.
        """
        with self._catalog.reading() as connection:
            dead = {
                row.id: row.bounced_ms
                for some in slices(alive_ms)
                for row in connection.execute(
                    select(_kept.id, _kept.bounced_ms).where(*self._where(_kept.id.in_(some), _kept.bounced_ms > 0))
                )
            }
        cleared = sorted(name for name, bounced_ms in dead.items() if bounced_ms < alive_ms[name])
        if cleared:
            with self._catalog.writing() as connection:
                for some in slices(self.lock(connection, cleared)):
                    for name in some:
                        was_dead = self._where(_kept.id == name, _kept.bounced_ms < alive_ms[name])
                        connection.execute(update(tables.contacts).where(*was_dead).values(bounced_ms=None))

    def _reading(self, connection: Connection, values: Mapping[str, Any]) -> Reading:
        return Reading(self._fields.take(connection, values))

    def _lock_all(self, connection: Connection) -> None:
        """Let nobody else make or change contacts of the customer until the transaction ends."""
        take_ids(connection, self._customer, tables.customers.c.contacts, 0)

    def _insert(self, connection: Connection, entries: Sequence[Entry]) -> list[Contact]:
        now_ms = clock_ms()
        ids = take_ids(connection, self._customer, tables.customers.c.contacts, len(entries))
        made = [_contact(entry, written(number, 8), now_ms) for number, entry in zip(ids, entries, strict=True)]
        whose = {"customer": self._customer, "created_ms": now_ms}
        rows = [
            {**_row(contact, entry), **whose, "id": contact.id} for contact, entry in zip(made, entries, strict=True)
        ]
        if rows:
            connection.execute(tables.contacts.insert(), rows)
        return made

    def _change(self, connection: Connection, kept: Contact, entry: Entry) -> Contact:
        if entry.unicity != kept.unicity:
            self._must_be_free(connection, entry.unicity)
        return self._change_many(connection, [(kept, entry)])[0]

    def _change_many(self, connection: Connection, changes: Sequence[tuple[Contact, Entry]]) -> list[Contact]:
        now_ms = clock_ms()
        after = [_changed(kept, entry, now_ms) for kept, entry in changes]
        rows = [
            {**_row(new, entry), "whose": self._customer, "which": new.id}
            for new, (kept, entry) in zip(after, changes, strict=True)
            if new is not kept
        ]
        if rows:
            connection.execute(_CHANGE, sorted(rows, key=lambda row: row["which"]))
        return after

    def _must_be_free(self, connection: Connection, unicity: str) -> None:
        kept = self._one(connection, _kept.hash == hash_of(unicity))
        if kept:
            raise ContactExists(unicity, kept.id)

    def _known(self, connection: Connection, contact_id: str) -> Contact:
        kept = self._one(connection, _kept.id == contact_id) if ID.fullmatch(contact_id) else None
        if kept is None:
            raise UnknownContact(contact_id)
        return kept

    def _by_hash(self, hash_: str, text: str) -> Contact:
        with self._catalog.reading() as connection:
            kept = self._one(connection, _kept.hash == hash_) if HASH.fullmatch(hash_) else None
        if kept is None:
            raise UnknownContact(text)
        return kept

    def _one(self, connection: Connection, which: ColumnElement[bool]) -> Contact | None:
        row = connection.execute(select(*COLUMNS).where(*self._where(which))).first()
        return contact_of(row) if row else None

    def _found(self, connection: Connection, column: ColumnElement[str], names: Iterable[str]) -> list[Contact]:
        rows = (
            row
            for some in slices(names)
            for row in connection.execute(select(*COLUMNS).where(*self._where(column.in_(some))))
        )
        return [contact_of(row) for row in rows]

    def _where(self, *conditions: ColumnElement[bool]) -> tuple[ColumnElement[bool], ...]:
        return (_kept.customer == self._customer, *conditions)


def addressed(catalog: Catalog, address: str) -> list[tuple[int, str]]:
    """Return the contacts of all customers that have an address, letter case aside: customers' numbers, and ids."""
    same = func.lower(_kept.address) == address.lower()
    with catalog.reading() as connection:
        found = connection.execute(select(_kept.customer, _kept.id).where(same).order_by(_kept.customer, _kept.id))
        return [(row.customer, row.id) for row in found]


def _contact(entry: Entry, contact_id: str, now_ms: int) -> Contact:
    return Contact(
        id=contact_id,
        unicity=entry.unicity,
        hash=hash_of(entry.unicity),
        address=entry.address,
        values=entry.values,
        created_ms=now_ms,
        modified_ms=now_ms,
    )


def _changed(kept: Contact, entry: Entry, now_ms: int) -> Contact:
    if entry.values == kept.values:
        return kept
    return msgspec.structs.replace(
        kept,
        unicity=entry.unicity,
        hash=hash_of(entry.unicity),
        address=entry.address,
        values=entry.values,
        modified_ms=now_ms,
        bounced_ms=kept.bounced_ms if entry.address == kept.address else None,
    )


def _row(contact: Contact, entry: Entry) -> dict[str, Any]:
    return {
        "unicity": contact.unicity,
        "hash": contact.hash,
        "address": contact.address,
        "field_values": entry.json,
        "modified_ms": contact.modified_ms,
    }
