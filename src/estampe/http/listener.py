"""A listener for links alone: HTTP/1.1 straight to their answers, so that a crowd is no matter.

Granian's way is for all that the API does; here a request costs its parser, a signature and a place in the spool.
"""

from __future__ import annotations

import asyncio
import re
import socket
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

import structlog

from estampe.http.connections import Connection, Connections
from estampe.settings import InvalidSetting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from estampe.http.links import Following
    from estampe.settings import Settings

_ADDRESS = re.compile(r"(?:(?P<host>[^\s:\[\]]+)|\[(?P<v6>[^\s\]]+)\]):(?P<port>\d{1,5})")

_LAST_PORT = 65_535


@contextmanager
def reserved(following: Following | None, settings: Settings) -> Iterator[socket.socket | None]:
    """Hold the address for links, if there is one, for as long as the block lasts.

    Raises:
        InvalidSetting: the address is not written as it should be, or cannot be listened on.
    """
    if following is None or not settings.links_listen:
        yield None
        return
    with _bound(settings.links_listen) as held:
        yield held


def _bound(text: str) -> socket.socket:
    """Return a socket that listens on an address, as the setting `links_listen` writes it.

    Raises:
        InvalidSetting: it is not written as it should be, or cannot be listened on.
    """
    found = _ADDRESS.fullmatch(text)
    allowed = "HOST:PORT, such as 127.0.0.1:8081 or [::]:8081"
    if not found or int(found["port"]) > _LAST_PORT:
        raise InvalidSetting("ESTAMPE_LINKS_LISTEN", text, allowed)
    try:
        family, _, _, _, address = socket.getaddrinfo(
            found["host"] or found["v6"], int(found["port"]), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address, family=family, backlog=1_024)
    except (OSError, OverflowError) as exc:
        reason = getattr(exc, "strerror", None) or exc
        raise InvalidSetting("ESTAMPE_LINKS_LISTEN", text, f"an address that is free ({reason})") from exc


@asynccontextmanager
async def listening(following: Following | None, settings: Settings, held: socket.socket | None) -> AsyncIterator[None]:
    """Answer links on the address that is held for them, if there is one, for as long as the block lasts."""
    if following is None or held is None:
        yield
        return
    connections = Connections(following, settings)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(connections), sock=held)
    host, port = held.getsockname()[:2]
    structlog.get_logger().info("links listening", url=f"http://{f'[{host}]' if ':' in host else host}:{port}")
    try:
        yield
    finally:
        server.close()
        await connections.stop()
