"""A listener for links alone: HTTP/1.1 straight to their answers, so that a crowd is no matter.

Granian's way is for all that the API does; here a request costs its parser, a signature and a place in the spool.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections import deque
from contextlib import asynccontextmanager, contextmanager, suppress
from email.utils import formatdate
from typing import TYPE_CHECKING, NamedTuple, cast
from urllib.parse import unquote

import structlog
from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from estampe.http import pages
from estampe.http.links import Answer
from estampe.settings import InvalidSetting
from estampe.tracking.linking.links import PATH

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from typing import Any

    from starlette.types import Message, Scope

    from estampe.http.links import Following
    from estampe.http.pages import Header, Page
    from estampe.settings import Settings

_ADDRESS = re.compile(r"(?:(?P<host>[^\s:\[\]]+)|\[(?P<v6>[^\s\]]+)\]):(?P<port>\d{1,5})")

_LAST_PORT = 65_535

_HEAD_BYTES = 32_768
"""The longest head of a request; browsers send some 1,000 bytes."""

_BODY_BYTES = 4_096

_LINE = 32
"""Requests of one connection that wait for answers to those before; whoever sends more is no browser."""

_TICK_S = 1.0
_LAST_SECONDS = 1.0

_TOO_LONG = pages.refusal(431, "Your browser says too much")
_TOO_MUCH = pages.refusal(413, "Your browser sends too much")
_GARBLED = pages.refusal(400, "This is no request")


class _Asked(NamedTuple):
    """A request, read to its end."""

    method: str
    path: str
    headers: list[Header]
    body: bytes
    keep_alive: bool


class _Listener:
    """What the connections share.

    Parameters:
        following: answers.
        settings: `connections_limit` and `stall_seconds`.
    """

    def __init__(self, following: Following, settings: Settings) -> None:
        self.following = following
        self.connections: dict[_Connection, None] = {}
        """Those that wait for a request the longest stand first."""
        self.date = b""
        self._limit = settings.connections_limit
        self._stall_seconds = settings.stall_seconds
        self._loop = asyncio.get_running_loop()
        self._empty = asyncio.Event()
        self._tick()

    def make_room(self) -> None:
        """Close the connection that has been idle for the longest, if there are as many as there may be."""
        if len(self.connections) >= self._limit:
            next((each for each in self.connections if each.idle), next(iter(self.connections))).close()

    def cut_stalled(self) -> None:
        """Close connections from which nothing whole came for too long."""
        before_s = self._loop.time() - self._stall_seconds
        for connection in [each for each in self.connections if each.since_s < before_s]:
            connection.close()

    def forget(self, connection: _Connection) -> None:
        """Hear that a connection is closed."""
        self.connections.pop(connection, None)
        if not self.connections:
            self._empty.set()

    async def stop(self) -> None:
        """Let connections end once they have had their answers, and close those that do not."""
        self._ticking.cancel()
        self._empty.clear()
        for connection in list(self.connections):
            connection.end()
        if self.connections:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), _LAST_SECONDS)
        for connection in list(self.connections):
            connection.close()

    def _tick(self) -> None:
        self.date = b"date: %b\r\n" % formatdate(usegmt=True).encode()
        self.cut_stalled()
        self._ticking = self._loop.call_later(_TICK_S, self._tick)


class _Connection(asyncio.Protocol):
    """One connection: a request at a time, answered in order.

    Parameters:
        listener: what it shares with others.
    """

    def __init__(self, listener: _Listener) -> None:
        self._listener = listener
        self._following = listener.following
        self._loop = asyncio.get_running_loop()
        self._parser = HttpRequestParser(self)
        self._line: deque[_Asked] = deque()
        self._task: asyncio.Task[None] | None = None
        self._busy = False
        self._full = False
        self._ending = False
        self._unfinished_bytes = 0
        self._begin()

    def _begin(self) -> None:
        self._url = b""
        self._headers: list[Header] = []
        self._body = b""

    @property
    def idle(self) -> bool:
        """Whether it waits for a request."""
        return not self._busy and not self._unfinished_bytes

    def close(self) -> None:
        """Close it at once."""
        self._transport.abort()

    def end(self) -> None:
        """Close it after the answer that is under way."""
        self._ending = True
        if not self._busy:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hear that somebody is there."""
        self._transport = cast("asyncio.Transport", transport)
        self._peer = _host(transport.get_extra_info("peername"))
        self._listener.make_room()
        self._rest()

    def connection_lost(self, _exc: Exception | None) -> None:
        """Hear that nobody is there any more."""
        self._listener.forget(self)
        self._line.clear()
        self._ending = True
        if self._task:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        """Hear a piece of a request, or of several."""
        if self._ending:
            return
        self._unfinished_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:  # the request itself is answered as if it had not asked for that
            self.end()
        except HttpParserError:
            self._refuse(_GARBLED)
        else:
            if self._unfinished_bytes > _HEAD_BYTES + _BODY_BYTES:
                self._refuse(_TOO_MUCH if self._body else _TOO_LONG)

    def eof_received(self) -> bool:
        """Hear that the other side says no more; return whether an answer to it is under way."""
        self._ending = True
        return self._busy

    def pause_writing(self) -> None:
        """Hear that the other side does not read; nothing more is read or answered of it until it does."""
        self._full = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Hear that it reads again."""
        self._full = False
        if not self._busy:
            self._next()

    def on_url(self, url: bytes) -> None:
        """Hear a piece of the request's target from the parser."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Hear a header."""
        self._headers.append((name.lower(), value))

    def on_body(self, body: bytes) -> None:
        """Hear a piece of the body."""
        self._body += body

    def on_message_complete(self) -> None:
        """Hear that a request is whole."""
        if self._ending:
            return
        parser = self._parser
        method, path = parser.get_method().decode(), _path(self._url)
        asked = _Asked(method, path, self._headers, self._body, parser.should_keep_alive())
        self._begin()
        self._unfinished_bytes = 0
        if not self._busy and not self._full:
            self._answer(asked)
        elif len(self._line) < _LINE:
            self._line.append(asked)
            self._transport.pause_reading()
        else:
            self._refuse(_TOO_MUCH)

    def _answer(self, asked: _Asked) -> None:
        self._busy = True
        self.since_s = self._loop.time()
        if not asked.keep_alive:
            self._ending = True
        self._is_head = asked.method == "HEAD"
        if len(asked.body) > _BODY_BYTES:
            self._ending = True
            self._write(_TOO_MUCH)
        elif not asked.path.startswith(PATH):
            self._write(pages.NOTHING)
        else:
            self._follow(asked)

    def _follow(self, asked: _Asked) -> None:
        found = self._following.answer(asked.method, asked.path, asked.headers, self._peer)
        if not isinstance(found, Answer):
            self._task = self._loop.create_task(self._slowly(asked))
        elif found.visit is None:
            self._write(found.page)
        else:
            self._answering = found
            self._following.keep(found, self._kept)

    def _kept(self, kept: bool) -> None:
        answer = self._answering
        self._following.count(answer.kind, kept=kept)
        self._write(answer.page)

    async def _slowly(self, asked: _Asked) -> None:
        """Answer as an ASGI server does."""
        said: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": asked.body, "more_body": False}

        async def send(message: Message) -> None:
            said.append(message)

        scope: Scope = {
            "type": "http",
            "method": asked.method,
            "path": asked.path,
            "query_string": b"",
            "headers": asked.headers,
            "client": (self._peer, 0),
        }
        await self._following(scope, receive, send)
        start, *parts = said
        self._task = None
        self._write(pages.Page(start["status"], b"".join(part["body"] for part in parts), start["headers"]))

    def _refuse(self, page: Page) -> None:
        """Hear no more, and say what is wrong, unless an answer is under way, which is the last one then."""
        self._ending = True
        self._line.clear()
        if not self._busy:
            self._is_head = False
            self._write(page)

    def _write(self, page: Page) -> None:
        """Send an answer, and turn to the next request."""
        if self._transport.is_closing():
            return
        ends = b"connection: close\r\n" if self._ending else b""
        body = b"" if self._is_head else page.body
        self._transport.write(b"%b%b%b\r\n%b" % (page.head, self._listener.date, ends, body))
        self._busy = False
        if self._ending:
            self._transport.close()
        elif not self._full:
            self._next()

    def _next(self) -> None:
        """Turn to the next request."""
        if self._line:
            self._answer(self._line.popleft())
        else:
            if not self._transport.is_reading():
                self._transport.resume_reading()
            self._rest()

    def _rest(self) -> None:
        """Wait for the next request, behind those that wait longer."""
        self.since_s = self._loop.time()
        self._listener.connections.pop(self, None)
        self._listener.connections[self] = None


def _path(target: bytes) -> str:
    """Return the path of a request's target (RFC 9112 section 3.2), percent-decoded, without its query."""
    path = target.partition(b"?")[0].decode("latin-1")
    if not path.startswith("/"):
        path = "/" + path.partition("://")[2].partition("/")[2]
    return unquote(path) if "%" in path else path


def _host(address: Any) -> str:
    return address[0] if isinstance(address, tuple) else ""


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
    listener = _Listener(following, settings)
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(listener), sock=held)
    host, port = held.getsockname()[:2]
    structlog.get_logger().info("links listening", url=f"http://{f'[{host}]' if ':' in host else host}:{port}")
    try:
        yield
    finally:
        server.close()
        await listener.stop()
