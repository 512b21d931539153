"""The same client for programs that do other things meanwhile."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

import httpx

from estampe.client import calls, executions, wire
from estampe.client.conversation import Ask, Conversation, Give, Pause
from estampe.client.following import Pace, following
from estampe.client.positions import beginning
from estampe.client.reading import events_of, lines_of, listing
from estampe.client.retries import Retries, Tries
from estampe.client.selection import select

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
    from types import TracebackType
    from typing import Unpack

    from estampe.client.calls import Receipt
    from estampe.client.conversation import Read, Reply, Talk
    from estampe.client.executions import Result
    from estampe.client.failures import ServerUnreachable
    from estampe.client.filters import Filters
    from estampe.client.windows import Followed, Watermark
    from estampe.events import Draft, Event

T = TypeVar("T")


class AsyncClient:
    """`Client` for asyncio; parameters, values and errors are the same.

    Use it in an `async with`, or close it. Where you stop reading a generator early, close that too
    (`contextlib.aclosing`).
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        retries: Retries = Retries(),  # noqa: B008  it is immutable
        timeout_s: float = 60,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._url = url
        self._retries = retries
        self._http = httpx.AsyncClient(**wire.options(url, key, timeout_s), transport=transport)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._url!r})"

    def events(self, **filters: Unpack[Filters]) -> AsyncGenerator[Event, None]:
        """Yield events; see `Client.events`."""
        selection = select(filters)
        return self._each(Conversation(listing(selection, Tries(self._retries), events_of(selection))))

    def lines(self, **filters: Unpack[Filters]) -> AsyncGenerator[bytes, None]:
        """Yield events as JSON; see `Client.lines`."""
        selection = select(filters)
        return self._each(Conversation(listing(selection, Tries(self._retries), lines_of(selection))))

    def follow(
        self, after: str | None = None, *, poll_s: float = 1, behind_s: float = 30, **filters: Unpack[Filters]
    ) -> AsyncGenerator[Followed, None]:
        """Yield each event once, those published later too; see `Client.follow`."""
        selection, begin = select(filters), beginning(after, filters)
        return self._each(Conversation(following(selection, begin, Pace(poll_s, behind_s), self._retries)))

    async def publish(self, drafts: Iterable[Draft | Mapping[str, Any] | bytes]) -> list[Receipt]:
        """Publish drafts, all or none; see `Client.publish`."""
        return await self._call(calls.publication(drafts, Tries(self._retries)))

    async def execute(
        self,
        action: str | int,
        items: Iterable[Mapping[str, Any] | bytes],
        idempotency_key: str | None = None,
    ) -> list[Result]:
        """Execute an action for contacts; see `Client.execute`."""
        return await self._call(executions.execution(action, items, idempotency_key, Tries(self._retries)))

    async def put_target(self, unicity: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Create a contact or update it; see `Client.put_target`."""
        return await self._call(executions.target(unicity, fields, Tries(self._retries)))

    async def put_targets(self, many: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Create or update many contacts; see `Client.put_targets`."""
        return await self._call(executions.targets(many, Tries(self._retries)))

    async def statistics(self, action: str | int) -> dict[str, Any]:
        """Return the figures of an action; see `Client.statistics`."""
        return await self._call(calls.statistics(action, Tries(self._retries)))

    async def watermark(self) -> Watermark:
        """Return up to when the log is final now; see `Client.watermark`."""
        return await self._call(calls.watermark(Tries(self._retries)))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _call(self, talk: Talk[T]) -> T:
        conversation = Conversation(talk)
        async for _ in self._each(conversation):
            pass
        return conversation.result

    async def _each(self, conversation: Conversation[Any]) -> AsyncGenerator[Any, None]:
        async with aclosing(_Line(self._http, self._url)) as line:
            while (step := conversation.step) is not None:
                if isinstance(step, Give):
                    for value in step.values:
                        yield value
                    conversation.go(None)
                else:
                    conversation.go(await line.take(step))


class _Line:
    """Takes the steps of one conversation."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self._http = http
        self._url = url
        self._response: httpx.Response | None = None
        self._parts: AsyncIterator[bytes]

    async def take(self, step: Ask | Read | Pause) -> Reply | bytes | ServerUnreachable | None:
        """Take a step; return what it gives."""
        try:
            if isinstance(step, Ask):
                return await self._ask(step)
            if isinstance(step, Pause):
                await self.aclose()
                await asyncio.sleep(step.seconds)
                return None
            return await anext(self._parts, None)
        except httpx.TransportError as exc:
            return wire.unreachable(self._url, exc)

    async def aclose(self) -> None:
        """Let go of the answer."""
        if self._response is not None:
            await self._response.aclose()

    async def _ask(self, ask: Ask) -> Reply:
        await self.aclose()
        self._response = await self._http.send(wire.request(self._http, ask), stream=True)
        self._parts = aiter(cast("httpx.AsyncByteStream", self._response.stream))
        return wire.reply(self._response)
