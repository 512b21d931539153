"""Rendering: an action's message as a target would read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import Struct

from estampe.catalog import Contacts, UnknownContact
from estampe.execution.items import InvalidItem, read_item
from estampe.http.bodies import converted, invalid_body
from estampe.http.parameters import read_path, read_query
from estampe.http.records.reading import read_body
from estampe.instants import clock_ms

if TYPE_CHECKING:
    from estampe.events import Customer, Identity
    from estampe.http.exchange import Exchange
    from estampe.http.route import RecordRoute
    from estampe.http.services import Services


class Preview(Struct, frozen=True, kw_only=True):
    """A message to be rendered.

    Parameters:
        recipient: the target; absent, the target's fields are not there for the template.
        receiver: the same, as the documented API has it.
        data: as an execution brings it.
        variables: as an execution brings them.
    """

    recipient: dict[str, Any] | None = None
    receiver: dict[str, Any] | None = None
    data: Any = None
    variables: dict[str, Any] | None = None


class Rendering(Struct, frozen=True, kw_only=True):
    """A message as its target reads it.

    Parameters:
        recipient: the target's address; empty where it has none.
        html: null if the message has none.
        text: null if the message has none.
    """

    type: Literal["success"] = "success"
    recipient: str
    subject: str
    html: str | None
    text: str | None


class Rendition:
    """Answers POST of a message to be rendered.

    Parameters:
        route: the row of the table.
        services: what the handlers share.
    """

    def __init__(self, route: RecordRoute, services: Services) -> None:
        self._route = route
        self._services = services

    async def __call__(self, exchange: Exchange) -> None:
        """Answer the message.

        Raises:
            Problem: the request is wrong, there is no such action or target, or the message cannot be rendered.
        """
        assert exchange.key is not None  # noqa: S101  the gate has set it
        read_query(exchange.query, self._route.parameters, self._services.settings.query_limit)
        action: str = read_path(exchange.path_texts, self._route.parameters)["action"]
        customer, key_id = exchange.key.customer, exchange.key.id
        with self._services.room.taken(key_id) as take:
            wanted = converted(await read_body(exchange, self._route, self._services, take), Preview)
            recipient = _identity(wanted, action)
            address = await self._services.clerks.take(key_id, self._address, customer, recipient)
            previewing = self._services.execution.previewing
            made = await previewing.preview(customer, action, recipient, wanted.data, wanted.variables)
            rendering = Rendering(recipient=address, subject=made.subject, html=made.html, text=made.text)
            await exchange.answer(200, msgspec.json.encode(rendering), "application/json")

    def _address(self, customer: Customer, recipient: Identity | None) -> str:
        if recipient is None:
            return ""
        number = self._services.customers.number_of(customer)
        (contact,) = Contacts(self._services.catalog, number).find([recipient])
        if contact is None:
            raise UnknownContact(_name(recipient))
        return contact.address


def _identity(wanted: Preview, action: str) -> Identity | None:
    """Return who a message is for, read as an execution's recipient is."""
    named = wanted.recipient or wanted.receiver
    if named is None:
        return None
    item = msgspec.json.encode({"recipient": named})
    try:
        return read_item(item, action, clock_ms(), None).execution.recipient
    except InvalidItem as exc:
        raise invalid_body(f"{exc} - at `{exc.path}`") from exc


def _name(recipient: Identity) -> str:
    """Return what a recipient is named by."""
    value = getattr(recipient, "value", recipient.type)
    return value if isinstance(value, str) else ", ".join(value)
