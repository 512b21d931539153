"""Activations: which message a hit belongs to, as its log has it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from estampe.events import ActivationDetail, EventType, decode, event_id
from estampe.log import POSITION_BITS
from estampe.tracking.recording.pace import paced

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from estampe.events import Activation
    from estampe.log import EventLog

_MISSING_S = 1.0
"""How long a message that is not activated yet is not asked for again."""


class Message(NamedTuple):
    """What names a message: its customer's number, and the id of its stamp, as a number: a UUID is hashed in Python."""

    customer: int
    stamp: int


class Activated(NamedTuple):
    """The block that says what was sent to whom, and when that was published, Unix milliseconds."""

    activation: Activation
    time_ms: int


class Activations:
    """Finds activations by their stamps, and remembers those that were asked for last; for one thread.

    Parameters:
        most: how many to remember.
        clock: seconds of a clock that never goes back.
    """

    def __init__(self, most: int = 16_384, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._known: dict[Message, Activated] = {}
        self._missing: dict[Message, float] = {}

    def of(self, log: EventLog, messages: Collection[Message]) -> dict[Message, Activated]:
        """Return the activations of those of a log's messages that have one.

        Raises:
            LogError: the log cannot be read.
        """
        self._find(log, messages)
        found = {message: self._known.pop(message) for message in messages if message in self._known}
        self._known.update(found)  # what was asked for last is forgotten last
        self._forget()
        return found

    def _find(self, log: EventLog, messages: Iterable[Message]) -> None:
        now_s = self._clock()
        unknown = {
            event_id(UUID(int=message.stamp), EventType.ACTIVATION): message
            for message in paced(messages)
            if message not in self._known and self._missing.get(message, now_s) <= now_s
        }
        if not unknown:
            return
        found = log.find(list(unknown))
        lines = log.read(found.values())
        for each, message in paced(unknown.items()):
            position = found.get(each, 0)
            activated = _activated(lines.get(position), position)
            self._missing.pop(message, None)
            if activated:
                self._known[message] = activated
            else:
                self._missing[message] = now_s + _MISSING_S

    def _forget(self) -> None:
        while len(self._known) > self._most:
            del self._known[next(iter(self._known))]
        now_s = self._clock()
        while self._missing and (len(self._missing) > self._most or next(iter(self._missing.values())) <= now_s):
            del self._missing[next(iter(self._missing))]


def _activated(line: bytes | None, position: int) -> Activated | None:
    detail = decode(line).source.detail if line else None
    if not isinstance(detail, ActivationDetail):  # none, or somebody published something else with its id
        return None
    return Activated(detail.activation, position >> POSITION_BITS)
