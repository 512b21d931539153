"""What is new in a list, for one who follows it: lists that say up to when they are final, and lists that do not."""

from __future__ import annotations

import time
from collections import deque
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol

from estampe.client.failures import HistoryRewritten, InvalidPosition, WrongServer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from uuid import UUID

    from estampe.client.positions import Position
    from estampe.events import Event

COMPLETE_UNTIL = "x-events-complete-until"
EPOCH = "x-events-epoch"


class Watermark(NamedTuple):
    """Up to when a log is final (Unix milliseconds), and which history it tells."""

    complete_until_ms: int
    epoch: int

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Watermark:
        """Read what an answer says.

        Raises:
            WrongServer: it does not.
        """
        try:
            return cls(int(headers[COMPLETE_UNTIL]), int(headers[EPOCH]))
        except (KeyError, ValueError):
            raise WrongServer("the server does not say up to when its log is final; is it Estampe?") from None


class Followed(NamedTuple):
    """An event, and the position to resume from once it is dealt with."""

    event: Event
    after: str


class Window(Protocol):
    """What is new in one list."""

    def new(self, events: Iterable[Event]) -> Iterator[Followed]:
        """Yield those events that were not given before."""

    def end(self) -> Iterator[Followed]:
        """Yield what only the list's end lets go, and move on."""


class Follower:
    """Knows where it is.

    Parameters:
        position: where to begin.
        behind_s: how far to stay behind a server that does not say up to when its lists are final, seconds.
    """

    def __init__(self, position: Position, behind_s: float) -> None:
        self.position = position
        self._behind_ms = int(behind_s * 1_000)
        self._late: _LateEvents | None = None

    @property
    def start_ms(self) -> int:
        """From when on to ask, Unix milliseconds."""
        return self.position.time_ms if self._late is None else self._late.start_ms

    def window(self, headers: Mapping[str, str]) -> Window:
        """Begin with a list.

        Raises:
            HistoryRewritten: it tells another history than the one that was followed.
            InvalidPosition: it is of another kind of server than the position.
            WrongServer: its headers are no numbers.
        """
        is_final = COMPLETE_UNTIL in headers
        if self._late if is_final else self.position.epoch:
            raise _other_kind()
        if not is_final:
            self._late = self._late or _LateEvents(self.position, self._behind_ms)
            return _LateWindow(self, self._late, server_ms(headers) - self._behind_ms)
        complete_until_ms, epoch = Watermark.of(headers)
        known, self.position = self.position.epoch, self.position._replace(epoch=f"{epoch}")
        if known not in {"", f"{epoch}"}:
            raise HistoryRewritten(str(self.position))
        return _FinalWindow(self, complete_until_ms)


class _FinalWindow:
    """A list that is final: in order of publication, the same again whenever it is asked for.

    So the event that was given last is found again at its time, and what follows it was not given.
    """

    def __init__(self, follower: Follower, until_ms: int) -> None:
        self._follower = follower
        self._until_ms = until_ms
        self._last = follower.position.id

    def new(self, events: Iterable[Event]) -> Iterator[Followed]:
        """Yield those after the one that was given last."""
        for event in events:
            if self._last:
                self._look_for_last(event)
                continue
            self._follower.position = self._follower.position.of(event)
            yield Followed(event, str(self._follower.position))

    def end(self) -> Iterator[Followed]:
        """Move on to where the list is final."""
        if self._last:
            raise _lost(self._follower.position)
        position = self._follower.position
        if self._until_ms > position.time_ms:
            self._follower.position = position._replace(time_ms=self._until_ms, id="")
        return iter(())

    def _look_for_last(self, event: Event) -> None:
        if event.timestamp > self._follower.position.time_ms:
            raise _lost(self._follower.position)
        if str(event.id) == self._last:
            self._last = ""


class _LateEvents:
    """What was given of a server whose events may come late, and equal times in any order.

    It is asked again for what it had shortly before; what was given since is known by id. Where a follower
    resumes, events up to its position in order of time and id count as given.
    """

    def __init__(self, position: Position, overlap_ms: int) -> None:
        self._floor = (position.time_ms, position.id)
        self._reached_ms = position.time_ms
        self._overlap_ms = overlap_ms
        self._given: deque[tuple[int, UUID]] = deque()
        self._ids: set[UUID] = set()

    @property
    def start_ms(self) -> int:
        """From when on to ask, Unix milliseconds."""
        return max(self._reached_ms - self._overlap_ms, self._floor[0])

    def is_new(self, event: Event) -> bool:
        """Tell whether an event was not given before."""
        return event.id not in self._ids and (event.timestamp, str(event.id)) > self._floor

    def give(self, event: Event) -> None:
        """Keep in mind that an event was given."""
        self.reach(event.timestamp)
        self._ids.add(event.id)
        self._given.append((event.timestamp, event.id))

    def reach(self, time_ms: int) -> None:
        """Move on, and forget what will not be asked for again."""
        self._reached_ms = max(self._reached_ms, time_ms)
        while self._given and self._given[0][0] < self.start_ms:
            self._ids.discard(self._given.popleft()[1])


class _LateWindow:
    """A list of which nobody says that it is final: read up to a while ago, equal times in order of id."""

    def __init__(self, follower: Follower, late: _LateEvents, until_ms: int) -> None:
        self._follower = follower
        self._late = late
        self._until_ms = until_ms
        self._tie: list[Event] = []

    def new(self, events: Iterable[Event]) -> Iterator[Followed]:
        """Yield those that were not given before, once what has the same time is there."""
        for event in events:
            if event.timestamp >= self._until_ms:
                continue
            if self._tie and self._tie[0].timestamp != event.timestamp:
                yield from self._untied()
            self._tie.append(event)

    def end(self) -> Iterator[Followed]:
        """Yield the last ones and move on."""
        yield from self._untied()
        self._late.reach(self._until_ms)

    def _untied(self) -> Iterator[Followed]:
        tie, self._tie = sorted(self._tie, key=lambda event: str(event.id)), []
        for event in filter(self._late.is_new, tie):
            self._late.give(event)
            self._follower.position = max(self._follower.position, self._follower.position.of(event))
            yield Followed(event, str(self._follower.position))


def server_ms(headers: Mapping[str, str]) -> int:
    """Return what time it is for the server, Unix milliseconds."""
    try:
        return int(parsedate_to_datetime(headers.get("date", "")).timestamp() * 1_000)
    except (ValueError, OverflowError):
        return int(time.time() * 1_000)


def _other_kind() -> InvalidPosition:
    return InvalidPosition(
        "some answers say up to when lists are final and some do not, so two kinds of servers answer: resume with the "
        "server that gave the position, or begin with `start`"
    )


def _lost(position: Position) -> InvalidPosition:
    return InvalidPosition(
        f"there is no event {position.id} at {position.time_ms} in this list: resume with the filters and the server "
        "that gave the position, or begin with `start`"
    )
