"""The redlist: contacts that want no more messages, and how that became known."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from estampe.catalog.contact import COLUMNS, contact_of
from estampe.catalog.contacts import Contacts
from estampe.catalog.tables import contacts
from estampe.instants import clock_ms

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from estampe.catalog.contact import Contact
    from estampe.catalog.store import Catalog


class Origin(IntEnum):
    """How it became known that a contact wants no more messages."""

    UNKNOWN = 0
    API = 1
    IMPORT = 2
    FORM = 3
    UNSUBSCRIBE_LIST = 4
    COMPLAINT = 5
    SMS_STOP = 6
    SMS_LIST_1 = 7
    SMS_LIST_2 = 8
    SMS_LIST_3 = 9


class Redlist:
    """The redlist of one customer; thread-safe.

    Parameters:
        catalog: where it is kept.
        customer: the customer's number.
    """

    def __init__(self, catalog: Catalog, customer: int) -> None:
        self._catalog = catalog
        self._customer = customer
        self._contacts = Contacts(catalog, customer)

    def add(self, contact_id: str, origin: Origin = Origin.API) -> Contact:
        """Put a contact on the list; one that is there stays as it was.

        Raises:
            UnknownContact: there is none.
        """
        now_ms = clock_ms()
        return self._set(contact_id, contacts.c.redlisted_ms.is_(None), redlisted_ms=now_ms, redlist_origin=int(origin))

    def remove(self, contact_id: str) -> Contact:
        """Take a contact off the list, if it is there.

        Raises:
            UnknownContact: there is none.
        """
        return self._set(contact_id, contacts.c.redlisted_ms.is_not(None), redlisted_ms=None, redlist_origin=None)

    def page(self, after: str, limit: int) -> list[Contact]:
        """Return contacts that are on the list, in order of their ids.

        Parameters:
            after: the last id of the page before; empty for the first page.
            limit: how many at most.
        """
        listed = (contacts.c.customer == self._customer, contacts.c.redlisted_ms.is_not(None), contacts.c.id > after)
        found = select(*COLUMNS).where(*listed).order_by(contacts.c.id).limit(limit)
        with self._catalog.reading() as connection:
            return [contact_of(row) for row in connection.execute(found)]

    def _set(self, contact_id: str, where: ColumnElement[bool], **values: Any) -> Contact:
        known = self._contacts.get(contact_id)
        this = (contacts.c.customer == self._customer, contacts.c.id == known.id, where)
        with self._catalog.writing() as connection:
            connection.execute(update(contacts).where(*this).values(**values))
        return self._contacts.get(contact_id)
