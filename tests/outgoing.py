"""A catalog, a log and an outbox with messages, for tests of what sends them."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID, uuid4

import msgspec

from estampe.catalog import Actions, Catalog, Contact, Contacts, Customers, Message, Outbox, open_catalog
from estampe.catalog.contents import ActionType
from estampe.events import Customer, decode
from estampe.log import EventLog, Logs, Query

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from estampe.catalog import Action
    from estampe.events import Event

CUSTOMER = Customer(agency="DEMO", customer="028")
OTHER = Customer(agency="DEMO", customer="029")
NOW_MS = 1_700_000_000_000

BODY: dict[str, Any] = {
    "content": {
        "headers": {"from": {"prefix": "news", "domain": "a.example", "label": "News"}},
        "subject": "Hello {{ Email }}",
        "html": "<p>Hello {{ Email }}</p>",
    }
}


def body_with(html: str, text: str | None = None) -> dict[str, Any]:
    """Return the body of an action with other parts."""
    return {"content": {**BODY["content"], "html": html, "text": text}}


class Outgoing(NamedTuple):
    """All that a message passes."""

    catalog: Catalog
    customers: Customers
    outbox: Outbox
    logs: Logs
    action: Action

    @property
    def log(self) -> EventLog:
        """The customer's log."""
        return self.logs.of(CUSTOMER)

    def contacts(self, count: int, domain: str = "a.example", customer: Customer = CUSTOMER) -> list[Contact]:
        """Make contacts."""
        repository = Contacts(self.catalog, self.customers.number_of(customer))
        return repository.put_many([{"Email": f"reader{uuid4().hex}@{domain}"} for _ in range(count)])

    @property
    def action_number(self) -> int:
        """The customer's number."""
        return self.customers.number_of(CUSTOMER)

    def accept(self, contact: Contact, *, release: bool = True, customer: Customer = CUSTOMER) -> UUID:
        """Put a message for a contact into the outbox; return its stamp."""
        stamp = uuid4()
        execution = {
            "id": self.action.id,
            "kind": "message",
            "recipient": contact.footprint,
            "stamp": {"time": NOW_MS, "id": stamp, "thread": uuid4()},
        }
        assert self.action.content is not None
        message = Message(
            stamp=stamp,
            action=self.action.id,
            contact=contact.id,
            domain=contact.address.rpartition("@")[2],
            content=self.action.content,
            execution=msgspec.json.encode(execution),
        )
        batch = self.outbox.add(customer, [message], NOW_MS)
        if release:
            self.outbox.release(batch)
        return stamp

    def events(self, stamp: UUID) -> list[Event]:
        """Return the events of a message."""
        found = (decode(line) for chunk in self.log.scan(Query(sort="asc")) for line in chunk.splitlines())
        return [event for event in found if (block := event.source.detail.block) and block.stamp.id == stamp]

    def types(self, stamp: UUID) -> list[str]:
        """Return the types of a message's events."""
        return [event.type for event in self.events(stamp)]


@contextmanager
def outgoing(folder: Path, body: dict[str, Any] | None = None) -> Iterator[Outgoing]:
    """Open them in a folder, with a validated action."""
    with closing(open_catalog(folder)) as catalog, closing(Logs(folder)) as logs:
        customers = Customers(catalog)
        actions = Actions(catalog, customers.number_of(CUSTOMER))
        made = actions.create(ActionType.MAIL_MESSAGE, "News", body or BODY)
        actions.validate(made.id, for_test=True)
        yield Outgoing(catalog, customers, Outbox(catalog, customers), logs, actions.validate(made.id, for_test=False))
