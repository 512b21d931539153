"""The one handler of all lists of events."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, NamedTuple

from estampe.http.exchange import ClientGone
from estampe.http.framing import body_of
from estampe.http.negotiation import Coding, Form, choose_coding, choose_form
from estampe.http.parameters import read_query
from estampe.http.streams import read_ahead
from estampe.log import Query

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from estampe.http.exchange import Exchange
    from estampe.http.routes import ListRoute
    from estampe.http.services import Services
    from estampe.log import EventLog, Watermark


class _Answer(NamedTuple):
    """How a list is to be answered."""

    query: Query
    form: Form
    coding: Coding

    def headers(self, watermark: Watermark) -> list[tuple[str, str]]:
        coding = [] if self.coding == "identity" else [("content-encoding", self.coding)]
        return [
            ("content-type", self.form),
            ("vary", "Accept, Accept-Encoding"),
            ("x-events-complete-until", str(watermark.complete_until_ms)),
            ("x-events-epoch", str(watermark.epoch)),
            *coding,
        ]


class EventList:
    """Answers GET and HEAD of one row of the route table.

    Parameters:
        route: the row.
        services: what the handlers share.
    """

    def __init__(self, route: ListRoute, services: Services) -> None:
        self._route = route
        self._services = services

    async def __call__(self, exchange: Exchange) -> None:
        """Answer with the events that the route and the parameters select.

        Raises:
            Problem: the request is wrong, or there are too many lists already.
            ClientGone, ClientStalled: there is nobody to send to any more.
        """
        assert exchange.key is not None  # noqa: S101  the gate has set it
        answer = self._answer(exchange)
        log = await self._services.log_of(exchange.key.customer)
        if exchange.method == "HEAD":
            watermark = await asyncio.get_running_loop().run_in_executor(self._services.readers, log.watermark)
            await exchange.start(200, *answer.headers(watermark))
            await exchange.send(b"", more=False)
            return
        with self._services.streams.opened(exchange.key.id):
            await self._stream(exchange, log, answer)

    def _answer(self, exchange: Exchange) -> _Answer:
        route = self._route
        members = read_query(exchange.query, route.parameters, self._services.settings.query_limit)
        return _Answer(
            Query(types=route.types, subtypes=route.subtypes, **members),
            choose_form(exchange.header(b"accept")),
            choose_coding(exchange.header(b"accept-encoding")),
        )

    async def _stream(self, exchange: Exchange, log: EventLog, answer: _Answer) -> None:
        threads = self._services.readers
        scan = await asyncio.get_running_loop().run_in_executor(threads, log.scan, answer.query)
        body = body_of(scan, answer.form, answer.coding)
        async with aclosing(read_ahead(body, threads)) as chunks:
            # A fault in the first chunk is still a whole answer, a problem.
            first = await anext(chunks, b"")
            self._services.metrics.first_chunk_seconds.observe(exchange.elapsed_s)
            await exchange.start(200, *answer.headers(scan.watermark))
            await self._send(exchange, first, chunks)

    async def _send(self, exchange: Exchange, first: bytes, chunks: AsyncGenerator[bytes]) -> None:
        gone = asyncio.ensure_future(exchange.gone())
        try:
            await exchange.send(first, more=True)
            async for chunk in chunks:
                await asyncio.sleep(0)  # Other requests get their turn.
                if gone.done():
                    raise ClientGone
                await exchange.send(chunk, more=True)
            await exchange.send(b"", more=False)
        finally:
            gone.cancel()
            self._services.metrics.scan_bytes.inc(exchange.sent_bytes)
