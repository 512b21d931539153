"""The backlog: the outbox as people see it, what waits and why; may be read beside the process that sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID  # noqa: TC003  msgspec reads the annotation

import msgspec
from sqlalchemy import Select, func, select

from estampe.catalog.outbox import MessageState
from estampe.catalog.tables import customers, outbox
from estampe.events import Customer  # noqa: TC001  the same

if TYPE_CHECKING:
    from sqlalchemy import Row

    from estampe.catalog.customers import Customers
    from estampe.catalog.store import Catalog


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A message that waits; `reason` is what its last attempt ended with, `due_ms` when the next one is made."""

    customer: Customer
    stamp: UUID
    action: str
    contact: str
    domain: str
    state: MessageState
    attempts: int
    due_ms: int
    accepted_ms: int
    reason: str


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """How many messages of a customer wait for a domain in one state; `reason` is one of theirs."""

    customer: Customer
    domain: str
    state: MessageState
    messages: int
    oldest_ms: int
    reason: str


_COLUMNS = [outbox.c[name] for name in Waiting.__struct_fields__]


class Backlog:
    """Looks into the outbox; thread-safe.

    Parameters:
        catalog: where it is kept.
        customers: the catalog's customers.
    """

    def __init__(self, catalog: Catalog, customers: Customers) -> None:
        self._catalog = catalog
        self._customers = customers

    def waiting(self, customer: Customer | None, limit: int) -> list[Waiting]:
        """Return messages of a customer, or of all, those that wait longest first."""
        found = self._of(customer, select(*_COLUMNS)).order_by(outbox.c.accepted_ms, outbox.c.seq).limit(limit)
        return [Waiting(**self._shown(row)) for row in self._rows(found)]

    def summary(self, customer: Customer | None = None) -> list[Summary]:
        """Count messages of a customer, or of all, by domain and state."""
        groups = (outbox.c.customer, outbox.c.domain, outbox.c.state)
        counted = select(
            *groups,
            func.count().label("messages"),
            func.min(outbox.c.accepted_ms).label("oldest_ms"),
            func.max(outbox.c.reason).label("reason"),
        )
        found = self._of(customer, counted).group_by(*groups).order_by(*groups)
        return [Summary(**self._shown(row)) for row in self._rows(found)]

    def count(self) -> dict[MessageState, int]:
        """Return how many messages are in each state."""
        with self._catalog.reading() as connection:
            rows = connection.execute(select(outbox.c.state, func.count()).group_by(outbox.c.state))
            return dict.fromkeys(MessageState, 0) | {MessageState(state): count for state, count in rows}

    def _of(self, customer: Customer | None, found: Select[Any]) -> Select[Any]:
        if customer is None:
            return found
        names = {"agency": customer.agency, "customer": customer.customer}
        number = select(customers.c.number).filter_by(**names).scalar_subquery()
        return found.where(outbox.c.customer == number)

    def _rows(self, found: Select[Any]) -> list[Row[Any]]:
        with self._catalog.reading() as connection:
            return list(connection.execute(found))

    def _shown(self, row: Row[Any]) -> dict[str, Any]:
        members = row._asdict()
        customer = self._customers.customer_of(members["customer"])
        return members | {"customer": customer, "state": MessageState(members["state"])}
