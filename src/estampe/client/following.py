"""Following a log: each event once, and after each the exact place to go on from."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from estampe.client.conversation import Ask, Give, Pause
from estampe.client.failures import IncompleteList, NotFound, Refused
from estampe.client.positions import Position
from estampe.client.reading import PASSING, Listed, answered, asked
from estampe.client.retries import Tries
from estampe.client.windows import COMPLETE_UNTIL, Follower, Watermark, server_ms
from estampe.events import decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estampe.client.conversation import Talk
    from estampe.client.retries import Retries
    from estampe.client.selection import Selection
    from estampe.client.windows import Followed

_NO_HEAD = {404, 405, 501}
"""What a server answers that does not know HEAD."""


class Pace(NamedTuple):
    """How a log is followed.

    Parameters:
        poll_s: how long to wait between two lists, seconds.
        behind_s: how far to stay behind a server that does not say up to when its lists are final, seconds.
    """

    poll_s: float
    behind_s: float


def following(selection: Selection, begin: Position | None, pace: Pace, retries: Retries) -> Talk[NoReturn]:
    """Give what a list has from a position on, then for ever what it has later.

    A server that is away is waited for as long as it takes once it has answered; before, and where one list
    breaks off again and again at the same place, as long as `retries` allow.

    Parameters:
        selection: which list.
        begin: where; None is the present.
        pace: how often to ask.
        retries: how often to ask before an answer.
    """
    away, broken = Tries(retries), Tries(retries)
    follower = Follower(begin or (yield from _present(away, pace)), pace.behind_s)
    while True:
        before = follower.position
        try:
            yield from _window(selection, follower, away)
        except IncompleteList as failure:
            if follower.position != before:
                broken.succeeded()
            yield Pause(broken.wait_s(failure))
        except PASSING as failure:
            yield Pause(away.wait_s(failure))
        else:
            broken.succeeded()
            yield Pause(pace.poll_s)


def _window(selection: Selection, follower: Follower, away: Tries) -> Talk[None]:
    try:
        reply = yield from asked(selection.since(follower.start_ms))
    except NotFound as failure:
        if not (selection.named and failure.type):
            raise
        return  # what the list is about has not occurred yet
    away.succeeded()
    away.endless = True
    listed, window = Listed(reply.headers), follower.window(reply.headers)
    while lines := (yield from listed.next()):
        yield Give(_kept(window.new(map(decode, lines)), selection))
    yield Give(_kept(window.end(), selection))


def _kept(followed: Iterator[Followed], selection: Selection) -> Iterator[Followed]:
    keep = selection.keep
    return followed if keep is None else (each for each in followed if keep(each.event))


def _present(tries: Tries, pace: Pace) -> Talk[Position]:
    """Return the position of what is published from now on."""
    try:
        reply, _ = yield from answered(Ask("HEAD", "/actions/events"), tries)
    except Refused as failure:
        if failure.status not in _NO_HEAD:
            raise
        return Position("", int((time.time() - pace.behind_s) * 1_000))
    headers = reply.headers
    if COMPLETE_UNTIL in headers:
        complete_until_ms, epoch = Watermark.of(headers)
        return Position(f"{epoch}", complete_until_ms)
    return Position("", server_ms(headers) - int(pace.behind_s * 1_000))
