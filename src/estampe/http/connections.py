"""Connections of the listener for links: HTTP/1.1, a request at a time, whatever the other side does."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from email.utils import formatdate
from typing import TYPE_CHECKING, NamedTuple, cast
from urllib.parse import unquote

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from estampe.http import pages
from estampe.http.links import Answer
from estampe.tracking.linking.links import PATH

if TYPE_CHECKING:
    from typing import Any

    from starlette.types import Message, Scope

    from estampe.http.links import Following
    from estampe.http.pages import Header, Page
    from estampe.settings import Settings

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


class Connections:
    """All connections, and what they share.

    Parameters:
        following: answers.
        settings: `connections_limit` and `stall_seconds`.
    """

    def __init__(self, following: Following, settings: Settings) -> None:
        self.following = following
        self.open: dict[Connection, None] = {}
        """Those that wait for a request the longest stand first."""
        self.date = b""
        self._limit = settings.connections_limit
        self._stall_seconds = settings.stall_seconds
        self._loop = asyncio.get_running_loop()
        self._empty = asyncio.Event()
        self._tick()

    def make_room(self) -> None:
        """Close the connection that has been idle for the longest, if there are as many as there may be."""
        if len(self.open) >= self._limit:
            next((each for each in self.open if each.idle), next(iter(self.open))).close()

    def cut_stalled(self) -> None:
        """Close connections from which nothing whole came for too long."""
        before_s = self._loop.time() - self._stall_seconds
        for connection in [each for each in self.open if each.since_s < before_s]:
            connection.close()

    def forget(self, connection: Connection) -> None:
        """Hear that a connection is closed."""
        self.open.pop(connection, None)
        if not self.open:
            self._empty.set()

    async def stop(self) -> None:
        """Let connections end once they have had their answers, and close those that do not."""
        self._ticking.cancel()
        self._empty.clear()
        for connection in list(self.open):
            connection.end()
        if self.open:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), _LAST_SECONDS)
        for connection in list(self.open):
            connection.close()

    def _tick(self) -> None:
        self.date = b"date: %b\r\n" % formatdate(usegmt=True).encode()
        self.cut_stalled()
        self._ticking = self._loop.call_later(_TICK_S, self._tick)


class Connection(asyncio.Protocol):
    """One connection: a request at a time, answered in order.

    Parameters:
        connections: all of them.
    """

    def __init__(self, connections: Connections) -> None:
        self._all = connections
        self._following = connections.following
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
        self._all.make_room()
        self._rest()

    def connection_lost(self, _exc: Exception | None) -> None:
        """Hear that nobody is there any more."""
        self._all.forget(self)
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
        self._transport.write(b"%b%b%b\r\n%b" % (page.head, self._all.date, ends, body))
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
        self._all.open.pop(self, None)
        self._all.open[self] = None


def _path(target: bytes) -> str:
    """Return the path of a request's target (RFC 9112 section 3.2), percent-decoded, without its query."""
    path = target.partition(b"?")[0].decode("latin-1")
    if not path.startswith("/"):
        path = "/" + path.partition("://")[2].partition("/")[2]
    return unquote(path) if "%" in path else path


def _host(address: Any) -> str:
    return address[0] if isinstance(address, tuple) else ""
