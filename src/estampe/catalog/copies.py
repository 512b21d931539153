"""Copies: what messages that were sent can be made of again, for readers who look at them as web pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import zstandard
from sqlalchemy import delete, select, tuple_

from estampe.catalog.tables import copies

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy import Connection

    from estampe.catalog.store import Catalog

_AT_ONCE = 1_000
"""Copies that one transaction forgets."""

_SENT = ("customer", "contact", "stamp")


class Copy(NamedTuple):
    """What a message was made of.

    Parameters:
        customer: the customer's number.
        contact: the contact's id.
        stamp: its stamp's id.
        content: which frozen content.
        variables: what its template may name, JSON.
    """

    customer: int
    contact: str
    stamp: UUID
    content: int
    variables: bytes


class Copies:
    """The copies of all customers; thread-safe. A contact that is deleted takes its copies along.

    Parameters:
        catalog: where they are kept.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def keep(self, connection: Connection, kept: Sequence[Copy], sent_ms: int) -> None:
        """Keep copies inside the caller's transaction, which has locked their contacts; twice adds nothing.

        Parameters:
            connection: the transaction.
            kept: the copies.
            sent_ms: when their messages were sent, Unix milliseconds.
        """
        pack = zstandard.ZstdCompressor().compress
        rows = [{**each._asdict(), "variables": pack(each.variables), "sent_ms": sent_ms} for each in kept]
        if rows:
            connection.execute(self._catalog.insert(copies).on_conflict_do_nothing(), rows)

    def find(self, customer: int, contact: str, stamp: UUID) -> Copy | None:
        """Return the copy of a message, None if there is none."""
        this = (copies.c.customer == customer) & (copies.c.contact == contact) & (copies.c.stamp == stamp)
        with self._catalog.reading() as connection:
            row = connection.execute(select(copies.c.content, copies.c.variables).where(this)).first()
        return row and Copy(customer, contact, stamp, row.content, zstandard.decompress(row.variables))

    def forget(self, before_ms: int) -> bool:
        """Forget some copies of messages that were sent before a time, Unix milliseconds.

        Returns:
            Whether there may be more of them.
        """
        columns = [copies.c[name] for name in _SENT]
        old = select(*columns).where(copies.c.sent_ms < before_ms).order_by(copies.c.sent_ms).limit(_AT_ONCE)
        with self._catalog.writing() as connection:
            return connection.execute(delete(copies).where(tuple_(*columns).in_(old))).rowcount == _AT_ONCE
