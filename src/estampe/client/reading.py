"""Lists: asked for, tried again, and read line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estampe.client.coding import ACCEPTED, Coding
from estampe.client.conversation import Give, Pause, Read
from estampe.client.failures import (
    CallRunning,
    IncompleteList,
    RateLimited,
    ServerFailed,
    ServerUnreachable,
    WrongServer,
    refusal,
)
from estampe.client.retries import asked_wait_s
from estampe.client.splitting import Array, Lines
from estampe.events import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from estampe.client.conversation import Ask, Reply, Talk
    from estampe.client.retries import Tries
    from estampe.client.selection import Selection
    from estampe.client.splitting import Splitter
    from estampe.events import Event

PASSING = (CallRunning, RateLimited, ServerFailed, ServerUnreachable)
"""What another attempt may mend."""

LARGEST_BODY = 64 << 20
"""The most read of an answer that is no list, bytes."""

LARGEST_EXPLANATION = 1 << 20
"""The most read of a refusal, bytes."""


def asked(ask: Ask) -> Talk[Reply]:
    """Ask once.

    Raises:
        Refused: the server said no.
        ServerUnreachable: it did not answer.
    """
    reply: Reply = yield ask._replace(headers={"accept-encoding": ACCEPTED, **ask.headers})
    if reply.status // 100 != 2:  # noqa: PLR2004  what succeeded
        raise refusal(reply.status, reply.headers, (yield from _explanation(reply)), asked_wait_s(reply))
    return reply


def answered(ask: Ask, tries: Tries) -> Talk[tuple[Reply, bytes]]:
    """Ask until there is a whole answer, as often as is allowed; return it with its body."""
    while True:
        try:
            reply = yield from asked(ask)
            return reply, (yield from whole(reply))
        except (*PASSING, IncompleteList) as failure:
            yield Pause(tries.wait_s(failure))


def _explanation(reply: Reply) -> Talk[bytes]:
    """Read why a request was refused; that it was, counts also where the reason cannot be read."""
    try:
        return (yield from whole(reply, LARGEST_EXPLANATION))
    except (IncompleteList, ServerUnreachable, WrongServer):
        return b""


def whole(reply: Reply, largest: int = LARGEST_BODY) -> Talk[bytes]:
    """Read the whole body of an answer.

    Raises:
        IncompleteList: it is damaged.
        ServerUnreachable: it broke off.
        WrongServer: it is too long.
    """
    coding = Coding(reply.headers.get("content-encoding", ""))
    body = bytearray()
    while (raw := (yield Read())) is not None:
        for piece in coding.decode(raw):
            body += piece
            if len(body) > largest:
                raise WrongServer(f"the answer has more than {largest} bytes")
    coding.end()
    return bytes(body)


class Listed:
    """The events of an answer as lines.

    Raises:
        WrongServer: nothing in the answer will tell its end from a cut.
    """

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._coding = Coding(headers.get("content-encoding", ""))
        self._splitter = _splitter(headers)
        self._pieces: Iterator[bytes] = iter(())
        self._ended = False

    def next(self) -> Talk[list[bytes]]:
        """Read on until there are lines; none are the end.

        Raises:
            IncompleteList: it ended before its end.
        """
        while not self._ended:
            for piece in self._pieces:
                if lines := self._splitter.feed(piece):
                    return lines
            if lines := (yield from self._read()):
                return lines
        return []

    def _read(self) -> Talk[list[bytes]]:
        try:
            raw: bytes | None = yield Read()
        except ServerUnreachable as exc:
            raise IncompleteList(f"the list broke off: {exc}") from exc
        if raw is not None:
            self._pieces = self._coding.decode(raw)
            return []
        self._ended = True
        self._coding.end()
        return self._splitter.end()


def _splitter(headers: Mapping[str, str]) -> Splitter:
    if not headers.get("content-type", "").lower().startswith("application/x-ndjson"):
        return Array()
    if "transfer-encoding" not in headers and "content-length" not in headers:
        raise WrongServer("the end of this list could not be told from a cut: let the proxy speak HTTP/1.1")
    return Lines()


def listing(selection: Selection, tries: Tries, form: Callable[[Iterable[bytes]], Iterable[object]]) -> Talk[None]:
    """Give all of a list; a list that breaks off is asked for again only as long as nothing of it was given.

    Parameters:
        selection: which list.
        tries: how often to ask.
        form: makes of lines what is given.
    """
    begun = False
    while True:
        try:
            listed = Listed((yield from asked(selection.ask())).headers)
            while lines := (yield from listed.next()):
                begun = True
                yield Give(form(lines))
        except (*PASSING, IncompleteList) as failure:
            if begun:
                raise
            yield Pause(tries.wait_s(failure))
        else:
            return


def events_of(selection: Selection) -> Callable[[Iterable[bytes]], Iterable[Event]]:
    """Return what makes of lines the events that were asked for."""
    return lambda lines: filter(selection.keep, map(decode, lines)) if selection.keep else map(decode, lines)


def lines_of(selection: Selection) -> Callable[[Iterable[bytes]], Iterable[bytes]]:
    """Return what leaves of lines those that were asked for, as they are."""
    keep = selection.keep
    return lambda lines: lines if keep is None else (line for line in lines if keep(decode(line)))
