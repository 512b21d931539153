"""The handler that takes drafts and answers with their places in the log."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from uuid import UUID  # noqa: TC003  msgspec reads the annotation

import msgspec

from estampe.http.bodies import Limits, read_drafts
from estampe.http.problems import RETRY, Kind, Problem
from estampe.log import LogBusy, LogClosed, LogError, LogFull

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estampe.events import Customer, Draft
    from estampe.http.exchange import Exchange
    from estampe.http.services import Services
    from estampe.log import Receipt as Kept

_INLINE_BYTES = 256 * 1_024
"""Larger bodies are decoded in a thread, so that other requests get their turn meanwhile."""

_REFUSALS: dict[type[LogError], Kind] = {
    LogBusy: Kind.LOG_BUSY,
    LogFull: Kind.LOG_FULL,
    LogClosed: Kind.NOT_READY,
}


class Receipt(msgspec.Struct, frozen=True, omit_defaults=True):
    """A receipt in JSON; the position is text: numbers lose digits beyond 2^53 (RFC 8259, section 6)."""

    id: UUID
    position: str
    duplicate: bool = False


class Publication:
    """Answers POST of drafts.

    Parameters:
        services: what the handlers share.
    """

    def __init__(self, services: Services) -> None:
        settings = services.settings
        self._services = services
        self._limits = Limits(settings.body_limit, settings.batch_limit)

    async def __call__(self, exchange: Exchange) -> None:
        """Keep all drafts of the body, or none.

        Raises:
            Problem: the request is wrong, or the log cannot take it.
        """
        assert exchange.key is not None  # noqa: S101  the gate has set it
        customer = exchange.key.customer
        with self._services.room.taken(exchange.key.id) as take:
            body = await exchange.read(self._limits.body_bytes, take)
            arrived_s = exchange.elapsed_s
            receipts = await self._publish(customer, await self._read(exchange, body, customer))
        self._count(receipts, exchange.elapsed_s - arrived_s)
        shown = [Receipt(receipt.id, str(receipt.position), receipt.duplicate) for receipt in receipts]
        await exchange.answer(201, msgspec.json.encode(shown), "application/json")

    async def _read(self, exchange: Exchange, body: bytes, customer: Customer) -> list[Draft]:
        encoding = exchange.header(b"content-encoding")
        facts = (body, exchange.header(b"content-type"), encoding, customer, self._limits)
        if encoding or len(body) > _INLINE_BYTES:
            return await asyncio.get_running_loop().run_in_executor(self._services.decoders, read_drafts, *facts)
        return read_drafts(*facts)

    async def _publish(self, customer: Customer, drafts: Sequence[Draft]) -> Sequence[Kept]:
        if not drafts:
            return ()
        try:
            log = await self._services.log_of(customer)
            return await asyncio.wrap_future(log.publish(drafts))
        except tuple(_REFUSALS) as exc:
            raise Problem(_REFUSALS[type(exc)], str(exc), headers=[RETRY]) from exc

    def _count(self, receipts: Sequence[Kept], seconds: float) -> None:
        metrics = self._services.metrics
        duplicates = sum(receipt.duplicate for receipt in receipts)
        metrics.publishes.inc()
        metrics.events.inc(len(receipts) - duplicates)
        metrics.duplicates.inc(duplicates)
        metrics.publish_seconds.observe(seconds)
