"""The one handler of most operations on what the catalog keeps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import msgspec

from estampe.http.parameters import read_path, read_query, refuse_all_but_one
from estampe.http.records.desk import Desk
from estampe.http.records.reading import read_body
from estampe.http.streams import read_ahead, send_on

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from estampe.events import Customer
    from estampe.http.exchange import Exchange
    from estampe.http.route import RecordRoute
    from estampe.http.services import Services

_JSON = "application/json"


class Record:
    """Answers one row of the table.

    Parameters:
        route: the row.
        act: what does it.
        services: what the handlers share.
    """

    def __init__(self, route: RecordRoute, act: Callable[..., Any], services: Services) -> None:
        self._route = route
        self._act = act
        self._services = services

    async def __call__(self, exchange: Exchange) -> None:
        """Do what is asked, and answer what comes of it.

        Raises:
            Problem: the request is wrong, or the catalog refuses it.
            ClientGone, ClientStalled: there is nobody to send to any more.
        """
        assert exchange.key is not None  # noqa: S101  the gate has set it
        given = self._parameters(exchange)
        with self._services.room.taken(exchange.key.id) as take:
            if self._route.takes is not None:
                given["body"] = await read_body(exchange, self._route, self._services, take)
            made = await self._services.clerks.take(exchange.key.id, self._made, exchange.key.customer, given)
        if made is None:
            await exchange.start(204)
            await exchange.send(b"", more=False)
        elif isinstance(made, bytes):
            await exchange.answer(200, made, _JSON)
        else:
            await self._stream(exchange, exchange.key.id, made)

    def _parameters(self, exchange: Exchange) -> dict[str, Any]:
        route = self._route
        members = read_query(exchange.query, route.parameters, self._services.settings.query_limit)
        if route.one_of:
            refuse_all_but_one(members, route.parameters, route.one_of)
        return members | read_path(exchange.path_texts, route.parameters)

    def _made(self, customer: Customer, given: dict[str, Any]) -> bytes | Generator[bytes] | None:
        """Return the answer, None where there is nothing to say; in a thread."""
        desk = Desk(self._services.catalog, self._services.customers.number_of(customer))
        made = self._act(desk, **given)
        if isinstance(made, Iterator):
            return _array(made)
        return None if made is None else msgspec.json.encode(made)

    async def _stream(self, exchange: Exchange, key_id: str, parts: Generator[bytes]) -> None:
        with self._services.streams.opened(key_id):
            async with aclosing(read_ahead(parts, self._services.clerks.threads)) as chunks:
                # A fault in the first chunk is still a whole answer, a problem.
                first = await anext(chunks)
                await exchange.start(200, ("content-type", _JSON))
                if exchange.method == "HEAD":
                    await exchange.send(b"", more=False)
                else:
                    await send_on(exchange, first, chunks)


def _array(pages: Iterator[Sequence[Any]]) -> Generator[bytes]:
    """Yield pages of items as one JSON array."""
    before = b"["
    for page in pages:
        if page:
            yield before + msgspec.json.encode(page)[1:-1]
            before = b","
    yield b"[]" if before == b"[" else b"]"
