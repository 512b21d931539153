"""Previewing: an action's message as a contact would read it, without sending it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from uuid import UUID

from estampe.catalog import Actions, Contacts, Fields, UnknownContact
from estampe.errors import EstampeError
from estampe.execution.ordering import known, variables
from estampe.execution.orders import NoLetter, Order, Sender, Template
from estampe.instants import clock_ms

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Executor

    from estampe.catalog import Action, Catalog, Customers
    from estampe.events import Customer, Identity
    from estampe.execution.composing.composers import Composers
    from estampe.execution.orders import Rendered

_NOBODY = UUID(int=0)


class NotRendered(EstampeError):
    """A message cannot be rendered, or its template wants none; the message says why."""


class Previewing:
    """Renders actions' messages for people to look at.

    Parameters:
        catalog: where actions and contacts are.
        customers: the catalog's customers.
        composers: render.
        threads: where the catalog is asked.
    """

    def __init__(self, catalog: Catalog, customers: Customers, composers: Composers, threads: Executor) -> None:
        self._catalog = catalog
        self._customers = customers
        self._composers = composers
        self._threads = threads

    async def preview(
        self,
        customer: Customer,
        action: str,
        recipient: Identity | None,
        data: object = None,
        own: Mapping[str, Any] | None = None,
    ) -> Rendered:
        """Render an action's message.

        Parameters:
            customer: whose action it is.
            action: the action's id, in any state.
            recipient: the contact; None: nobody, whose fields are not defined.
            data: as an execution brings it, JSON decoded.
            own: the variables that an execution brings.

        Raises:
            UnknownAction, UnknownContact: there is none.
            NotRendered: it cannot be rendered, or its template wants no message.
            NoComposer: nothing can be rendered now.
        """
        asked = customer, action, recipient
        found, values = await asyncio.get_running_loop().run_in_executor(self._threads, self._look, *asked)
        order = _order(found, variables(values, data, own or {}))
        rendered = await self._composers.preview(order, self._customers.number_of(customer))
        if isinstance(rendered, NoLetter):
            raise NotRendered(rendered.message)
        return rendered

    def _look(self, customer: Customer, action: str, recipient: Identity | None) -> tuple[Action, dict[str, Any]]:
        number = self._customers.number_of(customer)
        found = Actions(self._catalog, number).get(action)
        if recipient is None:
            return found, {}
        (contact,) = Contacts(self._catalog, number).find([recipient])
        if contact is None:
            raise UnknownContact(recipient.type)
        return found, known([field.name for field in Fields(self._catalog, number).list()], contact)


def _order(action: Action, named: dict[str, Any]) -> Order:
    mail = action.mail()
    if mail is None:
        raise NotRendered(f"action {action.id} has no content that could be rendered")
    return Order(
        stamp=_NOBODY,
        template=Template(subject=mail.subject, html=mail.html, text=mail.text),
        variables=named,
        sender=Sender(address=""),
        to="",
        message_id="",
        return_path="",
        time_ms=clock_ms(),
    )
