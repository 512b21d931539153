"""Servers for the client's tests: httpx transports that answer from a list of events, and break off as told."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
import msgspec

from estampe.client import Client, Retries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

KEY = "est_0123456789ab_secret"
URL = "http://estampe.example"
QUICK = Retries(attempts=3, first_s=0, longest_s=1)


def event(number: int, timestamp: int, type_: str = "reply") -> dict[str, Any]:
    """Return an event that is told by its number."""
    activation = {
        "id": "000PE4",
        "kind": "message",
        "receiver": {"type": "id", "value": "000R4M0T"},
        "stamp": {"time": 1, "id": f"{UUID(int=1)}", "thread": f"{UUID(int=2)}"},
        "recipient": "example@np6.com",
    }
    return {
        "type": type_,
        "id": f"{UUID(int=number)}",
        "timestamp": timestamp,
        "identity": {"type": "customer", "agency": "DEMO", "customer": "028"},
        "source": {"type": "email", "detail": {"activation": activation, type_: {"type": "stop"}}},
    }


def number(of: Any) -> int:
    """Return an event's number."""
    return int(of.id.int)


class Broken(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body whose connection breaks where it ends."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self._content
        raise httpx.RemoteProtocolError("peer closed connection")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self:
            yield part


class Server:
    """Answers lists as Estampe does, or as NP6 does; keeps what it was asked.

    Parameters:
        events: in order of publication.
        until_ms: up to when lists are final; None is a server that does not say.
        now: the header Date.
    """

    def __init__(self, events: list[dict[str, Any]], until_ms: int | None = None, now: str = "") -> None:
        self.events = events
        self.until_ms = until_ms
        self.now = now
        self.epoch = 1
        self.asked: list[httpx.Request] = []
        self.cuts: deque[int | None] = deque()
        """After how many events the next answers break off; None answers 503."""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer."""
        self.asked.append(request)
        if request.method == "HEAD":
            return httpx.Response(200, headers=self._headers())
        cut = self.cuts.popleft() if self.cuts else len(self.events) + 1
        if cut is None:
            return httpx.Response(503)
        start_ms = int(request.url.params.get("start", 0))
        found = [
            each
            for each in sorted(self.events, key=lambda each: each["timestamp"])
            if start_ms <= each["timestamp"] and (self.until_ms is None or each["timestamp"] < self.until_ms)
        ]
        lines = [msgspec.json.encode(each) for each in found[:cut]]
        if self.until_ms is None:
            whole, content = len(found) <= cut, b"[" + b",".join(lines) + (b"]" if len(found) <= cut else b"")
        else:
            whole, content = len(found) <= cut, b"".join(line + b"\n" for line in lines)
        headers = {**self._headers(), "content-length": f"{len(content)}"}
        return httpx.Response(200, headers=headers, stream=httpx.ByteStream(content) if whole else Broken(content))

    def _headers(self) -> dict[str, str]:
        if self.until_ms is None:
            return {"content-type": "application/json", "date": self.now}
        return {
            "content-type": "application/x-ndjson",
            "x-events-complete-until": f"{self.until_ms}",
            "x-events-epoch": f"{self.epoch}",
        }


def client_of(handler: Callable[[httpx.Request], httpx.Response], **options: Any) -> Client:
    """Return a client of a server that runs in the test."""
    return Client(URL, KEY, transport=httpx.MockTransport(handler), **({"retries": QUICK} | options))
