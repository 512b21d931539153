"""The server process: Granian in our own event loop, signals, and an orderly end."""

from __future__ import annotations

import asyncio
import signal
import socket
from typing import TYPE_CHECKING, NamedTuple

import structlog
import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from estampe.errors import EstampeError
from estampe.http.listener import listening, reserved

if TYPE_CHECKING:
    from collections.abc import Callable

    from estampe.http.api import Api
    from estampe.http.services import Services
    from estampe.settings import Settings

_SIGNALS = (signal.SIGTERM, signal.SIGINT)

_ASK_AGAIN_SECONDS = 0.01

_LAST_SECONDS = 1.0
"""How long connections may still take to close after their streams were cut."""


class _Address(NamedTuple):
    host: str
    port: int


class AddressTaken(EstampeError):
    """Another process listens there, or the address is not ours."""

    def __init__(self, settings: Settings, reason: str) -> None:
        address = f"{settings.host}:{settings.port}"
        super().__init__(f"cannot listen on {address}: {reason}; choose another --host or --port")


def run(api: Api, services: Services) -> None:
    """Serve until SIGTERM or SIGINT, then let streams end within `shutdown_seconds`.

    Raises:
        AddressTaken: the address cannot be listened on.
    """
    uvloop.run(_serve(api, services))


async def _serve(api: Api, services: Services) -> None:
    settings = services.settings
    with reserved(api.following, settings) as links:  # first, so that the other address cannot be the same
        address = _free_address(settings)
        server = _server(api, settings, address)
        stopping = asyncio.Event()
        _on_signal(stopping.set)
        serving = asyncio.ensure_future(server.serve())
        waiting = asyncio.ensure_future(stopping.wait())
        announcing = asyncio.ensure_future(_announce(settings.host, address.port))
        async with services.running(), listening(api.following, settings, links):
            await asyncio.wait([serving, waiting], return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            announcing.cancel()
            if not serving.done():
                structlog.get_logger().info("stopping", within_s=settings.shutdown_seconds)
                asyncio.get_running_loop().call_soon(server.stop)
                await _end(serving, services)
        await _raise_fault(serving)


async def _announce(host: str, port: int) -> None:
    """Log the address once it accepts connections: Granian's start-up hook runs before it does."""
    while True:
        try:
            _, connection = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(_ASK_AGAIN_SECONDS)
        else:
            connection.close()
            shown = f"[{host}]" if ":" in host else host
            structlog.get_logger().info("listening", url=f"http://{shown}:{port}")
            return


def _on_signal(stop: Callable[[], None]) -> None:
    """Stop at the first SIGTERM or SIGINT; further ones are ignored, so that logs are closed in order.

    The event loop's own handlers would go with the loop, before the logs are closed.
    """
    loop = asyncio.get_running_loop()

    def handle(_number: int, _frame: object) -> None:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        loop.call_soon_threadsafe(stop)

    for number in _SIGNALS:
        signal.signal(number, handle)


async def _end(serving: asyncio.Future[None], services: Services) -> None:
    """Wait for what is being answered; cut it off when the time is over."""
    done, _ = await asyncio.wait([serving], timeout=services.settings.shutdown_seconds)
    if not done:
        structlog.get_logger().warning("cut off", streams=services.streams.cut())
        await asyncio.wait([serving], timeout=_LAST_SECONDS)


async def _raise_fault(serving: asyncio.Future[None]) -> None:
    if serving.done():
        await serving


def _server(api: Api, settings: Settings, address: _Address) -> Server:
    return Server(
        api,
        address=address.host,
        port=address.port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        backlog=settings.connections_limit,
        backpressure=settings.connections_limit,
        log_level=LogLevels.critical,
    )


def _free_address(settings: Settings) -> _Address:
    """Return the numbers to listen on: Granian takes no names, and shares a taken port silently (SO_REUSEPORT)."""
    try:
        family, kind, *_, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            return _Address(*probe.getsockname()[:2])
    except OSError as exc:
        raise AddressTaken(settings, exc.strerror or str(exc)) from exc
