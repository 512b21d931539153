"""Composers: the pool of processes that make letters, and whose turn it is with them."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from estampe.execution.composing.child import Child, NoComposer, Task
from estampe.execution.composing.frames import Kind, Limits
from estampe.execution.composing.shares import Shares
from estampe.execution.orders import NoLetter

if TYPE_CHECKING:
    from collections.abc import Hashable

    from estampe.execution.composing.frames import Made
    from estampe.execution.composing.shares import Turn
    from estampe.execution.orders import Letter, Order, Rendered
    from estampe.settings import Settings

__all__ = ["Composers", "NoComposer"]

_LINE = 2
"""Tasks that a composer has before it: the next one is there when one is answered."""

_TRIES = 2
"""How often a task is tried whose composer ends in the middle of it."""

_WAITING = 10_000
"""Tasks of one party that wait at most."""

_REST_S = 1.0
"""How long to wait after one that did not get ready."""


class Composers:
    """Composes messages in processes of their own, each within its limits.

    Processes are started when there is something to do, and anew when they end. Parties share them by the time that
    their messages take: slow templates slow down whoever brings them.

    Parameters:
        settings: `composers`, `render_seconds`, `render_memory`, `message_limit`.
        module: what each of them runs; see `composer.run`.
    """

    def __init__(self, settings: Settings, module: str) -> None:
        self._module = module
        self._most = settings.composers or max(1, _cores() - 1)
        self._limits = Limits(
            seconds=settings.render_seconds, memory=settings.render_memory, message=settings.message_limit
        )
        self._shares: Shares[Task] = Shares()
        self._ready: set[Child] = set()
        self._starting: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    async def compose(self, order: Order, party: Hashable = None) -> Letter | NoLetter:
        """Make the letter that an order asks for, or say why there is none.

        Parameters:
            order: all that the message is made of.
            party: who shares the composers with others, such as a customer.

        Raises:
            NoComposer: no process can be started, or too many messages wait; try again later.
        """
        return cast("Letter | NoLetter", await self._ask(Kind.LETTER, order, party))

    async def preview(self, order: Order, party: Hashable = None) -> Rendered | NoLetter:
        """Render an order's template as `compose` does, without making a letter of it.

        Raises:
            NoComposer: no process can be started, or too many messages wait; try again later.
        """
        return cast("Rendered | NoLetter", await self._ask(Kind.RENDERED, order, party))

    async def close(self) -> None:
        """Let composers answer what they have before them, then end; fail what else waits."""
        self._closing.set()
        self._fail_waiting("the server is closing")
        if self._starting:
            await self._starting
        await asyncio.gather(*(child.end(self._limits.seconds + _REST_S) for child in self._ready))

    async def _ask(self, asked: Kind, order: Order, party: Hashable) -> Made:
        if self._closing.is_set():
            raise NoComposer("the server is closing")
        if self._shares.waiting(party) >= _WAITING:
            raise NoComposer(f"{_WAITING:,} messages wait to be composed already; try again later")
        try:
            task = Task(asked, order)
        except RecursionError:
            return NoLetter(message="its variables are nested too deeply")
        self._shares.put(party, task)
        self._spread()
        return await task.made

    def _spread(self) -> None:
        """Hand tasks to composers that have room; if there is too little, start another one."""
        while self._shares:
            child = min(self._ready, key=lambda each: len(each.line), default=None)
            if child is None or len(child.line) >= _LINE:
                self._start()
                return
            turn = self._shares.take()
            if turn.work.made.done():  # nobody waits for it any more
                self._shares.charge(turn, 0)
            else:
                child.hand(turn)

    def _start(self) -> None:
        if not self._starting and not self._closing.is_set() and len(self._ready) < self._most:
            self._starting = asyncio.create_task(self._started())

    async def _started(self) -> None:
        child = Child(self)
        try:
            await child.start(self._module, self._limits)
            self._ready.add(child)
        except NoComposer as exc:
            if not self._ready:
                self._fail_waiting(str(exc))
            await self._rest()
        finally:
            self._starting = None
            self._spread()

    async def _rest(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_REST_S):
                await self._closing.wait()

    def _fail_waiting(self, reason: str) -> None:
        for task in self._shares.drain():
            task.fail(reason)

    def answered(self, turn: Turn[Task], made: Made, took_s: float) -> None:
        """Hear that a composer has answered a task, and has room again."""
        self._shares.charge(turn, took_s)
        turn.work.answer(made)
        self._spread()

    def ended(self, child: Child, status: int) -> None:
        """Hear that a composer has ended: what it had in hand is the cause, unless it was told to end."""
        self._ready.discard(child)
        if child.line and status and not self._closing.is_set():
            self._blame(child.line.popleft(), status)
        while child.line:
            turn = child.line.pop()
            self._shares.put_back(turn.party, turn.work)
        if self._closing.is_set():
            self._fail_waiting("the server is closing")
        self._spread()

    def _blame(self, turn: Turn[Task], status: int) -> None:
        task = turn.work
        task.tries += 1
        self._shares.charge(turn, self._limits.seconds)  # a broken composer costs everybody time, whatever broke it
        if status == -signal.SIGALRM:
            task.answer(NoLetter(message=f"it takes longer than {self._limits.seconds:g} s (ESTAMPE_RENDER_SECONDS)"))
        elif task.tries < _TRIES:
            self._shares.put_back(turn.party, task)
        elif status == -signal.SIGKILL:  # it cannot do that to itself
            task.fail("composers are being killed; is the machine out of memory?")
        else:
            task.answer(NoLetter(message=f"each process that tries to make it breaks down ({_name(status)})"))


def _name(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"status {status}"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
