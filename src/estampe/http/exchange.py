"""One request and its answer."""

from __future__ import annotations

import asyncio
import re
import time
from itertools import count
from typing import TYPE_CHECKING
from uuid import uuid4

from estampe.http.problems import MEDIA_TYPE, Kind, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Message, Receive, Scope, Send

    from estampe.catalog import Key

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}", re.ASCII)

_METHOD_LETTERS = 32
"""What is beyond is no method of ours, and would only fill log lines and answers."""

_RUN = uuid4().hex[:16]
_NUMBERS = count(1)
"""Request ids are made of the run and a number: unlike a key, an id may be guessed."""


_CLOSE = (("connection", "close"),)


class ClientGone(Exception):
    """The client closed the connection; there is nobody to answer."""


class ClientStalled(Exception):
    """The client has read nothing for too long."""


class Exchange:
    """A request, the answer as far as it was sent, and what its log line tells.

    Parameters:
        scope: the ASGI scope.
        receive: the ASGI receive.
        send: the ASGI send.
        stall_seconds: how long the client may read or send nothing.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send, stall_seconds: float) -> None:
        self._receive = receive
        self._send = send
        self._stall_seconds = stall_seconds
        self._began = time.perf_counter()
        self._headers = _joined(scope["headers"])
        self.method: str = scope["method"][:_METHOD_LETTERS]
        self.path: str = scope["path"]
        self.query: bytes = scope["query_string"]
        self.path_texts: dict[str, str] = {}
        self.request_id = self._request_id()
        self.route = ""
        self.key: Key | None = None
        self.status = 0
        self.sent_bytes = 0
        self.extra_headers: list[tuple[str, str]] = []

    @property
    def elapsed_s(self) -> float:
        """Seconds since the request came."""
        return time.perf_counter() - self._began

    def header(self, name: bytes) -> str:
        """Return a request header's value, empty where it is absent; the name in lower case."""
        return self._headers.get(name, b"").decode("latin-1")

    async def read(self, limit: int, take: Callable[[int], None]) -> bytes:
        """Return the whole body.

        Parameters:
            limit: the most bytes to read.
            take: told of the bytes of each part, to take room for them.

        Raises:
            Problem: it is longer, broke off, or did not go on arriving.
        """
        declared = self.header(b"content-length")
        if declared.isdecimal() and int(declared) > limit:
            raise body_too_large(limit)
        parts: list[bytes] = []
        size, more = 0, True
        while more:
            message = await self._next_part()
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > limit:
                raise body_too_large(limit)
            take(len(parts[-1]))
            more = message.get("more_body", False)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def start(self, status: int, *headers: tuple[str, str]) -> None:
        """Send the status and headers."""
        self.status = status
        lines = [("x-request-id", self.request_id), *self.extra_headers, *headers]
        await self._send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in lines],
            }
        )

    async def send(self, body: bytes, *, more: bool) -> None:
        """Send a part of the body, waiting for a slow client.

        Raises:
            ClientStalled: it has read nothing for too long.
        """
        try:
            async with asyncio.timeout(self._stall_seconds):
                await self._send({"type": "http.response.body", "body": body, "more_body": more})
        except TimeoutError:
            raise ClientStalled from None
        self.sent_bytes += len(body)

    async def answer(self, status: int, body: bytes, media_type: str, *headers: tuple[str, str]) -> None:
        """Send a whole answer; the body stays out of it for HEAD."""
        length = ("content-length", str(len(body)))
        await self.start(status, ("content-type", media_type), length, *headers)
        await self.send(b"" if self.method == "HEAD" else body, more=False)

    async def answer_problem(self, problem: Problem) -> None:
        """Send a problem."""
        await self.answer(problem.kind.status, problem.body(), MEDIA_TYPE, *problem.headers)

    async def gone(self) -> None:
        """Return once the client has closed the connection."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _next_part(self) -> Message:
        try:
            async with asyncio.timeout(self._stall_seconds):
                message = await self._receive()
        except TimeoutError:
            detail = f"Nothing of the body came for {self._stall_seconds:g} s."
            raise Problem(Kind.STALLED_BODY, detail, headers=_CLOSE) from None
        if message["type"] == "http.disconnect":
            # It says the same of chunks that are malformed, whose sender still listens.
            raise Problem(Kind.INVALID_BODY, "The body broke off, or its chunks are malformed.", headers=_CLOSE)
        return message

    def _request_id(self) -> str:
        given = self.header(b"x-request-id")
        return given if _REQUEST_ID.fullmatch(given) else f"{_RUN}-{next(_NUMBERS):x}"


def _joined(headers: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Return headers by name, repeated ones as one list (RFC 9110, section 5.3)."""
    joined = dict(headers)
    if len(joined) != len(headers):
        for name in joined:
            joined[name] = b", ".join(value for other, value in headers if other == name)
    return joined


def body_too_large(limit: int) -> Problem:
    """Return the problem of a body beyond `limit` bytes."""
    return Problem(Kind.BODY_TOO_LARGE, f"The body is larger than the {limit} bytes that are allowed.")
