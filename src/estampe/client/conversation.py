"""What the client does, apart from how bytes travel: a talk yields steps, and whoever runs it sends what they gave.

A talk is the same for `Client` and `AsyncClient`, which only know how to take each step.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from estampe.errors import EstampeError

T = TypeVar("T")


class Ask(NamedTuple):
    """Send a request; gives a `Reply` or `ServerUnreachable`."""

    method: str
    path: str
    query: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    content: bytes = b""


class Reply(NamedTuple):
    """How an answer begins; headers by name in lower case."""

    status: int
    headers: Mapping[str, str]


class Read(NamedTuple):
    """Read on in the answer; gives its bytes as they came, None at its end, or `ServerUnreachable`."""


class Pause(NamedTuple):
    """Wait."""

    seconds: float


class Give(NamedTuple):
    """Hand values to the caller."""

    values: Iterable[Any]


Step = Ask | Read | Pause | Give
Talk = Generator[Step, Any, T]


class Conversation(Generic[T]):
    """A talk while it runs: `step` is the next one to take, None once it is over and `result` is there."""

    def __init__(self, talk: Talk[T]) -> None:
        self._talk = talk
        self.step: Step | None = None
        self.result: T
        self.go(None)

    def go(self, outcome: object) -> None:
        """Go on to the next step with what the last one gave."""
        try:
            if isinstance(outcome, EstampeError):
                self.step = self._talk.throw(outcome)
            else:
                self.step = self._talk.send(outcome)
        except StopIteration as end:
            self.step, self.result = None, end.value
