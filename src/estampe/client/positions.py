"""Where a follower is, as a text that its caller may store."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from estampe.client.failures import InvalidPosition, InvalidSelection
from estampe.client.filters import time_ms

if TYPE_CHECKING:
    from estampe.client.filters import Filters
    from estampe.events import Event

_POSITION = re.compile(r"(?P<epoch>\d*):(?P<time_ms>\d{1,19}):(?P<id>[0-9a-f-]{36})?", re.ASCII)


class Position(NamedTuple):
    """After the event `id` of the time `time_ms`, or, where there is no id, before the first event of that time.

    `epoch`: which history it belongs to; empty for servers that do not say.
    """

    epoch: str
    time_ms: int
    id: str = ""

    @classmethod
    def parse(cls, text: str) -> Position:
        """Read a position.

        Raises:
            InvalidPosition: the text is none.
        """
        match = _POSITION.fullmatch(text)
        if match is None:
            raise InvalidPosition(f"{text!r} is no position: give an `after` that follow() gave")
        return cls(match["epoch"], int(match["time_ms"]), match["id"] or "")

    def of(self, event: Event) -> Position:
        """Return the place after an event."""
        return Position(self.epoch, event.timestamp, str(event.id))

    def __str__(self) -> str:
        return f"{self.epoch}:{self.time_ms}:{self.id}"


def beginning(after: str | None, filters: Filters) -> Position | None:
    """Return where to begin to follow; None is the present.

    Raises:
        InvalidPosition: `after` is none.
        InvalidSelection: the filters have an end or another order.
        InvalidTime, InvalidInstant: `start` is no time.
    """
    if filters.get("end") is not None or filters.get("sort") == "desc":
        raise InvalidSelection("a follower goes on in order of time: leave out end and sort")
    if after is not None:
        return Position.parse(after)
    start = filters.get("start")
    return None if start is None else Position("", time_ms(start))
