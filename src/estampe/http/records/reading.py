"""Bodies of calls about what the catalog keeps."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from estampe.http.bodies import decoded, media_type_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from estampe.http.exchange import Exchange
    from estampe.http.route import RecordRoute
    from estampe.http.services import Services

_SMALL = 1_048_576
"""The most bytes of a body, but for those that may be large."""

_INLINE_BYTES = 64 * 1_024
"""Larger bodies are decoded in a thread, so that other requests get their turn meanwhile."""


async def read_body(exchange: Exchange, route: RecordRoute, services: Services, take: Callable[[int], None]) -> Any:
    """Return a request's body as its route reads it; None if it may be left out and is.

    Parameters:
        exchange: the request.
        route: the row of the table.
        services: what the handlers share.
        take: takes room for the bytes that come.

    Raises:
        Problem: it is of another kind, too large, or not what the route takes.
    """
    limit = services.settings.body_limit
    limit = limit if route.large else min(limit, _SMALL)
    body = await exchange.read(limit, take)
    if not body and route.optional:
        return None
    media_type_of(exchange.header(b"content-type"), route.media)
    facts = body, exchange.header(b"content-encoding"), limit, route.reads or route.takes
    if facts[1] or len(body) > _INLINE_BYTES:
        return await asyncio.get_running_loop().run_in_executor(services.decoders, decoded, *facts)
    return decoded(*facts)
