"""A server without sockets: the real API and keys on a log that lives in memory and breaks when told to."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import msgspec
import pytest
import zstandard

from contract.activity import selected
from estampe.catalog import Keys, open_catalog
from estampe.events import Customer, draft_parts
from estampe.http import journal
from estampe.http.api import Api
from estampe.http.metrics import Metrics
from estampe.http.services import Services
from estampe.log import Audience, Count, Counting, Query, Receipt, Watermark
from estampe.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from uuid import UUID

    from estampe.catalog import Scope
    from estampe.events import Draft
    from estampe.verdicts import Classification

CUSTOMER = Customer(agency="DEMO", customer="028")
WATERMARK = Watermark(1_700_000_000_000, 3)


class MemoryScan:
    """The chunks it was given; a chunk that is an exception is raised."""

    def __init__(self, chunks: Sequence[bytes | Exception]) -> None:
        self.watermark = WATERMARK
        self.chunks = chunks
        self.read = 0
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self.chunks:
                if isinstance(chunk, Exception):
                    raise chunk
                self.read += 1
                yield chunk
        finally:
            self.closed = True

    def frames(self) -> Iterator[bytes]:
        return (zstandard.compress(chunk) for chunk in self)


class MemoryLog:
    """As much of the port as the API uses; remembers what it was asked, and counts as it is told."""

    def __init__(self, customer: Customer) -> None:
        self.customer = customer
        self.bodies: list[bytes] = []
        self.judged: dict[UUID, Classification] = {}
        self.counted: list[Count] = []
        self.reached = Audience(0, 0, 0, 0)
        self.chunks: Sequence[bytes | Exception] | None = None
        self.refusal: Exception | None = None
        self.queries: list[Query] = []
        self.scans: list[MemoryScan] = []
        self.countings: list[Counting] = []

    def publish(self, drafts: Sequence[Draft]) -> Future[list[Receipt]]:
        future: Future[list[Receipt]] = Future()
        if self.refusal:
            future.set_exception(self.refusal)
        else:
            future.set_result([self._add(draft) for draft in drafts])
        return future

    def scan(self, query: Query) -> MemoryScan:
        self.queries.append(query)
        lines = [body + b"\n" for body in selected(self.bodies, query, self.judged)[: query.limit]]
        self.scans.append(MemoryScan(lines if self.chunks is None else self.chunks))
        return self.scans[-1]

    def counts(self, counting: Counting) -> Sequence[Count]:
        self.countings.append(counting)
        return self.counted[: counting.limit]

    def audience(self, _action: str) -> Audience:
        return self.reached

    def watermark(self) -> Watermark:
        return WATERMARK

    def _add(self, draft: Draft) -> Receipt:
        now_ms = time.time_ns() // 1_000_000
        draft_id = draft.id or uuid4()
        before, after = draft_parts(draft, draft_id, self.customer)
        known = any(str(draft_id).encode() in body for body in self.bodies)
        if not known:
            self.bodies.append(before + b"%d" % now_ms + after)
        return Receipt(draft_id, (now_ms << 22) + len(self.bodies), known)


class MemoryLogs:
    """One log a customer."""

    def __init__(self) -> None:
        self.logs: dict[str, MemoryLog] = {}

    def of(self, customer: Customer) -> MemoryLog:
        return self.logs.setdefault(customer.name, MemoryLog(customer))


class Caller:
    """Calls the API as a client does."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.logs = MemoryLogs()
        self._catalog = open_catalog(settings.data)
        self.keys = Keys(self._catalog)
        self.key = self.make_key()
        self.services = Services(settings, self.logs, self.keys, Metrics(), catalog=self._catalog)
        self.api = Api(self.services)

    @property
    def log(self) -> MemoryLog:
        return self.logs.of(CUSTOMER)

    def make_key(self, *scopes: Scope, customer: Customer = CUSTOMER, expires_ms: int | None = None) -> str:
        return self.keys.create(customer, scopes or ("read", "write"), expires_ms).text

    def __call__(
        self, method: str, path: str, *, key: str | None = "", headers: Any = None, **request: Any
    ) -> httpx.Response:
        """Send a request with the caller's key, another one, or (None) without."""
        headers = dict(headers or {}) | ({} if key is None else {"X-Key": key or self.key})
        return asyncio.run(self._send(method, path, headers=headers, **request))

    async def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.api, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://estampe") as client:
            client.headers["accept-encoding"] = ""
            return await client.request(method, path, **request)

    def post(self, drafts: Any, **request: Any) -> httpx.Response:
        headers = {"content-type": "application/json"} | request.pop("headers", {})
        content = drafts if isinstance(drafts, bytes) else msgspec.json.encode(drafts)
        return self("POST", "/actions/events", content=content, headers=headers, **request)

    def close(self) -> None:
        self.services.close()
        self.keys.close()
        self._catalog.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path)


@pytest.fixture
def call(settings: Settings) -> Iterator[Caller]:
    """The caller of an API of its own."""
    journal.configure(settings)
    caller = Caller(settings)
    yield caller
    caller.close()


@pytest.fixture
def draft() -> dict[str, Any]:
    """A draft that is right."""
    stamp = {"time": 1_614_089_576_625, "id": str(uuid4()), "thread": str(uuid4())}
    activation = {
        "id": "000PE4",
        "kind": "message",
        "receiver": {"type": "id", "value": "0013KDC8"},
        "stamp": stamp,
        "recipient": "example@np6.com",
    }
    return {"type": "activation", "source": {"type": "email", "detail": {"activation": activation}}}
