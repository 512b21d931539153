"""A child: one composer, as the server sees it."""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, cast

import msgspec

from estampe.confinement import environment
from estampe.errors import EstampeError
from estampe.execution.composing import frames
from estampe.execution.composing.frames import HEADER, Kind

if TYPE_CHECKING:
    from estampe.execution.composing.frames import Limits, Made
    from estampe.execution.composing.shares import Turn
    from estampe.execution.orders import Order

_START_S = 60.0
"""How long a composer may take to be ready."""


class NoComposer(EstampeError):
    """No process is there to compose a message. That is not the message's fault; it can be composed later."""


class Task:
    """An order on its way to be answered."""

    def __init__(self, asked: Kind, order: Order) -> None:
        self.frame = frames.task(asked, order)
        self.tries = 0
        self.made: asyncio.Future[Made] = asyncio.get_running_loop().create_future()

    def answer(self, made: Made) -> None:
        """Hand over what was made, if somebody still waits for it."""
        if not self.made.done():
            self.made.set_result(made)

    def fail(self, reason: str) -> None:
        """Say that nothing can be made now."""
        if not self.made.done():
            self.made.set_exception(NoComposer(reason))


class Parent(Protocol):
    """Is told what a child does."""

    def answered(self, turn: Turn[Task], made: Made, took_s: float) -> None:
        """Hear that a child has answered a task, and has room again."""

    def ended(self, child: Child, status: int) -> None:
        """Hear that a child has ended, with what status; negative: by what signal."""


class Child(asyncio.SubprocessProtocol):
    """A process and the tasks before it, in order.

    Parameters:
        parent: is told what it does.
    """

    def __init__(self, parent: Parent) -> None:
        self.line: deque[Turn[Task]] = deque()
        self._parent = parent
        self._heard = bytearray()
        self._since_s = 0.0
        self._loop = asyncio.get_running_loop()
        self._is_ready: asyncio.Future[None] = self._loop.create_future()
        self._has_ended: asyncio.Future[None] = self._loop.create_future()

    async def start(self, module: str, limits: Limits) -> None:
        """Start it: a module that runs a composer, within limits.

        Raises:
            NoComposer: it ended, or was not ready in time.
        """
        command = (sys.executable, "-P", "-m", module, msgspec.json.encode(limits).decode())
        try:
            await self._loop.subprocess_exec(lambda: self, *command, stderr=None, env=environment())
        except OSError as exc:
            raise NoComposer(f"no process can be started to compose messages: {exc.strerror}") from exc
        await asyncio.wait((self._is_ready, self._has_ended), timeout=_START_S, return_when=asyncio.FIRST_COMPLETED)
        if not self._is_ready.done():
            await self.end(0)
            raise NoComposer("the process that composes messages does not get ready; see the server's standard error")

    def hand(self, turn: Turn[Task]) -> None:
        """Put a task before it."""
        if not self.line:
            self._since_s = self._loop.time()
        self.line.append(turn)
        self._input.write(turn.work.frame)

    async def end(self, seconds: float) -> None:
        """Let it end after what it has before it, and make it end after so many seconds."""
        if not self._has_ended.done():
            self._input.close()
            await asyncio.wait((self._has_ended,), timeout=seconds)
        if not self._has_ended.done():
            with suppress(ProcessLookupError):
                self._transport.kill()
            await self._has_ended

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hear that it runs."""
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self._input = cast("asyncio.WriteTransport", self._transport.get_pipe_transport(0))

    def pipe_data_received(self, _fd: int, data: bytes) -> None:
        """Hear a piece of its answers."""
        self._heard += data
        while len(self._heard) >= HEADER.size:
            length, kind = HEADER.unpack_from(self._heard)
            end = HEADER.size + length
            if len(self._heard) < end:
                return
            body = bytes(self._heard[HEADER.size : end])
            del self._heard[:end]
            self._hear(kind, body)

    def _hear(self, kind: int, body: bytes) -> None:
        if kind == Kind.READY:
            self._is_ready.set_result(None)
            return
        now_s = self._loop.time()
        turn, took_s, self._since_s = self.line.popleft(), now_s - self._since_s, now_s
        self._parent.answered(turn, frames.read_answer(kind, body), took_s)

    def connection_lost(self, _exc: Exception | None) -> None:
        """Hear that it has ended, and all that it said was heard."""
        self._transport.close()
        self._has_ended.set_result(None)
        self._parent.ended(self, self._transport.get_returncode() or 0)
