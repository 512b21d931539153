"""Executions as JSON, and the handler of those for one target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from estampe.catalog import UnknownContact
from estampe.events import Identity, Stamp  # noqa: TC001  msgspec reads the annotations
from estampe.execution.accepting import Failure, Success, Wrong
from estampe.http.bodies import invalid_body
from estampe.http.parameters import read_path, read_query
from estampe.http.records.reading import read_body

if TYPE_CHECKING:
    from estampe.events import Customer
    from estampe.http.exchange import Exchange
    from estampe.http.route import RecordRoute
    from estampe.http.services import Services

Result = Success | Failure
"""What becomes of an item."""


class MessageContent(Struct, frozen=True, kw_only=True):
    """The content of one message, instead of the action's; it is sent as it is."""

    html: str | None = None
    text: str | None = None


class MessageItem(Struct, frozen=True, kw_only=True):
    """What a message is to be, where it differs from the action.

    Parameters:
        data: free JSON for the template; all events of the message keep it.
        stamp: the message's stamp, if it is not to be a new one.
        content: instead of the action's, sent as it is; one text is HTML.
        subject: instead of the action's, sent as it is.
        headers: further headers of the message.
        variables: for the template, beside the target's fields.
    """

    data: Any = UNSET
    stamp: Stamp | UnsetType = UNSET
    content: str | MessageContent | None = None
    subject: str | None = None
    headers: dict[str, str] | None = None
    variables: dict[str, Any] | None = None


class ExecutionItem(MessageItem, frozen=True, kw_only=True):
    """A message: for whom, and what it is to be, where it differs from the action.

    Parameters:
        recipient: the target.
        data: free JSON for the template; all events of the message keep it.
        stamp: the message's stamp, if it is not to be a new one.
        content: instead of the action's, sent as it is; one text is HTML.
        subject: instead of the action's, sent as it is.
        headers: further headers of the message.
        variables: for the template, beside the target's fields.
    """

    recipient: Identity


class ExecutionForOne:
    """Answers POST of a message for the target that the path names.

    Parameters:
        route: the row of the table.
        services: what the handlers share.
    """

    def __init__(self, route: RecordRoute, services: Services) -> None:
        self._route = route
        self._services = services

    async def __call__(self, exchange: Exchange) -> None:
        """Execute the action once.

        Raises:
            Problem: the call is wrong, there is no such action or target, or it could not be kept.
        """
        assert exchange.key is not None  # noqa: S101  the gate has set it
        read_query(exchange.query, self._route.parameters, self._services.settings.query_limit)
        named = read_path(exchange.path_texts, self._route.parameters)
        with self._services.room.taken(exchange.key.id) as take:
            body = await read_body(exchange, self._route, self._services, take)
            item = {**(body or {}), "recipient": {"type": "id", "value": named["contact"]}}
            facts = exchange.key.customer, named["action"], msgspec.json.encode(item)
            result = await self._services.clerks.take(exchange.key.id, self._accept, *facts)
            if isinstance(result, Failure) and isinstance(result.value, Wrong):
                raise invalid_body(f"{result.value.message} - at `{result.value.path}`")
            if isinstance(result, Failure):
                raise UnknownContact(named["contact"])
        await exchange.start(204)
        await exchange.send(b"", more=False)

    def _accept(self, customer: Customer, action: str, item: bytes) -> Result:
        ((result,),) = self._services.execution.acceptance.accept(customer, action, [item])
        return result
