"""Health: whether a relay can be reached, and when it is time to try one again that cannot."""

from __future__ import annotations

import asyncio
import random
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import structlog

if TYPE_CHECKING:
    from collections.abc import Iterator

_FIRST_S, _LAST_S = 1.0, 60.0
"""How long to leave a relay alone that fails: at first, and at most."""


class RelayState(NamedTuple):
    """How a relay does: whether it was reached when last tried, open connections, what went wrong if it is down."""

    name: str
    up: bool
    connections: int
    last_error: str


class Health:
    """Whether a relay can be reached; one that fails is left alone for a while, then one message tries it.

    Parameters:
        name: the relay's.
    """

    def __init__(self, name: str) -> None:
        self.trial: asyncio.Future[None] | None = None
        self.last_error = ""
        self._name = name
        self._failures = 0
        self._until_s = 0.0
        self._journal = structlog.get_logger()

    @property
    def up(self) -> bool:
        """Whether it was reached when last tried."""
        return not self._failures

    @property
    def wait_s(self) -> float:
        """How long it is still left alone, seconds."""
        return max(0.0, self._until_s - _now_s())

    @property
    def due(self) -> bool:
        """Whether it is down, and time that a message tries it."""
        return not self.up and not self.trial and not self.wait_s

    @contextmanager
    def tried(self) -> Iterator[None]:
        """Let the message that is sent in the block be the one that tries a relay which is down."""
        self.trial = trial = asyncio.get_running_loop().create_future()
        try:
            yield
        finally:
            self.trial = None
            trial.set_result(None)

    def failed(self, reason: str) -> None:
        """Note that it could not be reached; what fails together counts once."""
        self.last_error = reason
        if self.wait_s:
            return
        wait_s = min(_LAST_S, _FIRST_S * 2**self._failures) * random.uniform(0.75, 1)  # noqa: S311  no secret
        self._failures = min(self._failures + 1, 10)
        self._until_s = _now_s() + wait_s
        self._journal.warning("a relay is down", relay=self._name, reason=reason, retry_s=round(wait_s, 1))

    def worked(self) -> None:
        """Note that it was reached."""
        if not self.up:
            self._failures = 0
            self._until_s = 0.0
            self.last_error = ""
            self._journal.info("a relay is up again", relay=self._name)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
