"""The client for programs that wait for each answer."""

from __future__ import annotations

import time
from contextlib import closing
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
    from collections.abc import Generator, Iterable, Iterator, Mapping
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


class Client:
    """Reads from, publishes into and executes actions of Estampe, and reads from NP6's own events API.

    Threads may share one. Use it in a `with`, or close it. Every call tries again as `retries` say when the server
    is away, fails (5xx) or asks to come later (429), and raises what `estampe.client.failures` lists.

    Parameters:
        url: where the server is, such as `http://127.0.0.1:8080`.
        key: a key with the scopes that the calls need; it is sent to this server only, and shown nowhere.
        retries: what to do about failures that pass.
        timeout_s: how long the server may be silent, seconds.
        transport: how bytes travel, where not by httpx's own way.

    Raises:
        InvalidAddress: the URL is none.
        InvalidKey: the key cannot be one.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        retries: Retries = Retries(),  # noqa: B008  it is immutable
        timeout_s: float = 60,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._url = url
        self._retries = retries
        self._http = httpx.Client(**wire.options(url, key, timeout_s), transport=transport)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._url!r})"

    def events(self, **filters: Unpack[Filters]) -> Generator[Event, None, None]:
        """Yield the events that meet the filters (see `Filters`), each as soon as it has come.

        Raises:
            IncompleteList: the list broke off after its first event; before, it is asked for again.
        """
        selection = select(filters)
        return self._each(Conversation(listing(selection, Tries(self._retries), events_of(selection))))

    def lines(self, **filters: Unpack[Filters]) -> Generator[bytes, None, None]:
        """Yield the same events as JSON, byte for byte as the server sent them, without newline.

        Raises:
            IncompleteList: as `events` does.
        """
        selection = select(filters)
        return self._each(Conversation(listing(selection, Tries(self._retries), lines_of(selection))))

    def follow(
        self, after: str | None = None, *, poll_s: float = 1, behind_s: float = 30, **filters: Unpack[Filters]
    ) -> Generator[Followed, None, None]:
        """Yield each event once, in order, those published later too; ends only when you stop reading.

        Each comes with `after`, the position behind it: store it once the event is dealt with, and a later `follow`
        with the same filters goes on exactly there. It names the time and the id of the event, and lists of final
        windows stay as they are; so the next call asks from that time on and passes over what stands before the event
        and the event itself. A server that is away is waited for, however long, once it has answered.

        A server that does not say up to when its lists are final (NP6's) is read up to `behind_s` ago, and again from
        as long before the last event: what comes late within that is given late, and once, since ids are compared.

        Parameters:
            after: the position to resume from; absent, from `start`, or else what is published from now on.
            poll_s: how long to wait between two lists, seconds.
            behind_s: how far to stay behind a server of the second kind, seconds.
            filters: as in `events`, but without `end` and `sort`.

        Raises:
            HistoryRewritten: an operator has changed what was read before; its `after` goes on from there.
            InvalidPosition: `after` is none, or is not in this list.
        """
        selection, begin = select(filters), beginning(after, filters)
        return self._each(Conversation(following(selection, begin, Pace(poll_s, behind_s), self._retries)))

    def publish(self, drafts: Iterable[Draft | Mapping[str, Any] | bytes]) -> list[Receipt]:
        """Publish drafts, all or none; return a receipt for each, in order, once all are on the disk.

        Drafts without id are given one here, so a repeated send adds nothing; its receipts may say `duplicate`.

        Raises:
            InvalidRequest: a draft is wrong; `faults` tells which and why.
        """
        return self._call(calls.publication(drafts, Tries(self._retries)))

    def execute(
        self,
        action: str | int,
        items: Iterable[Mapping[str, Any] | bytes],
        idempotency_key: str | None = None,
    ) -> list[Result]:
        """Execute an action for contacts; return a result for each item, in order, once all are durable.

        A bad item fails alone. The call may be repeated with its key, from another process too: each item is executed
        once, and the results are the same.

        Parameters:
            action: a validated action's id.
            items: as the API takes them: `recipient`, and `data`, `variables`, `set` and others as wanted.
            idempotency_key: 1 to 255 printable ASCII characters; absent, one is made for the attempts of this call.

        Raises:
            Conflict: the action is not validated.
            NotFound: there is no such action.
        """
        return self._call(executions.execution(action, items, idempotency_key, Tries(self._retries)))

    def put_target(self, unicity: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Create the contact with this unicity, or update the fields given; return it as the API shows it.

        Raises:
            InvalidRequest: the fields are wrong.
        """
        return self._call(executions.target(unicity, fields, Tries(self._retries)))

    def put_targets(self, many: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Create or update many contacts by their unicity fields, all or none; return them in order.

        Raises:
            InvalidRequest: the fields of one are wrong; the message names it, the first being 1.
        """
        return self._call(executions.targets(many, Tries(self._retries)))

    def statistics(self, action: str | int) -> dict[str, Any]:
        """Return the figures of an action.

        Raises:
            NotFound: it never occurred.
        """
        return self._call(calls.statistics(action, Tries(self._retries)))

    def watermark(self) -> Watermark:
        """Return up to when the log is final now.

        Raises:
            WrongServer: the server does not say; NP6's does not.
        """
        return self._call(calls.watermark(Tries(self._retries)))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _call(self, talk: Talk[T]) -> T:
        conversation = Conversation(talk)
        for _ in self._each(conversation):
            pass
        return conversation.result

    def _each(self, conversation: Conversation[Any]) -> Generator[Any, None, None]:
        with closing(_Line(self._http, self._url)) as line:
            while (step := conversation.step) is not None:
                if isinstance(step, Give):
                    yield from step.values
                    conversation.go(None)
                else:
                    conversation.go(line.take(step))


class _Line:
    """Takes the steps of one conversation."""

    def __init__(self, http: httpx.Client, url: str) -> None:
        self._http = http
        self._url = url
        self._response: httpx.Response | None = None
        self._parts: Iterator[bytes] = iter(())

    def take(self, step: Ask | Read | Pause) -> Reply | bytes | ServerUnreachable | None:
        """Take a step; return what it gives."""
        try:
            if isinstance(step, Ask):
                return self._ask(step)
            if isinstance(step, Pause):
                self.close()
                time.sleep(step.seconds)
                return None
            return next(self._parts, None)
        except httpx.TransportError as exc:
            return wire.unreachable(self._url, exc)

    def close(self) -> None:
        """Let go of the answer."""
        if self._response is not None:
            self._response.close()

    def _ask(self, ask: Ask) -> Reply:
        self.close()
        self._response = self._http.send(wire.request(self._http, ask), stream=True)
        self._parts = iter(cast("httpx.SyncByteStream", self._response.stream))
        return wire.reply(self._response)
