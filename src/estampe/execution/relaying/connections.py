"""Connections to one relay: reused, not too many, and none to one that cannot be reached."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING

from estampe.execution.relaying.dialogue import Dialogue, InDoubt, Lost
from estampe.execution.relaying.health import Health, RelayState

if TYPE_CHECKING:
    from estampe.execution.orders import Delivered, Letter, Refused
    from estampe.execution.relaying.relay import Relay

_IDLE_S = 30.0
"""How long a connection stays open that nobody uses."""

_MESSAGES = 100
"""Messages on one connection; many servers allow no more."""

_REST_S = 10.0
"""How long not to ask again for a further connection of a relay that wants no more of them."""


class Connections:
    """Sends messages to one relay.

    Parameters:
        relay: the relay.
        name: this machine's name, for EHLO.
        most: connections at once.
        seconds: how long the relay may take for one answer.
    """

    def __init__(self, relay: Relay, name: str, most: int, seconds: float) -> None:
        self.health = Health(relay.name)
        self.under_way = 0
        self._relay = relay
        self._name = name
        self._seconds = seconds
        self._tls = _context(relay)
        self._slots = asyncio.Semaphore(most)
        self._in_use = 0
        self._idle: list[Dialogue] = []  # the one used last is at the end
        self._sweeping: asyncio.TimerHandle | None = None
        self._farewells: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def state(self) -> RelayState:
        """How the relay does."""
        health = self.health
        return RelayState(self._relay.name, health.up, self._in_use + len(self._idle), health.last_error)

    async def deliver(self, letter: Letter) -> Delivered | Refused:
        """Send a message, on a connection that is open if there is one.

        Raises:
            Lost: the relay cannot be reached.
            InDoubt: nobody knows whether it has the message.
        """
        self.under_way += 1
        try:
            if self.health.up:
                return await self._in_turn(letter)
            with self.health.tried():
                return await self._in_turn(letter, trial=True)
        finally:
            self.under_way -= 1

    async def close(self) -> None:
        """Take leave on all connections that are not in use; those that are close when they are done."""
        self._closed = True
        if self._sweeping:
            self._sweeping.cancel()
        idle, self._idle = self._idle, []
        await asyncio.gather(*(dialogue.quit() for dialogue in idle), *self._farewells)

    async def _in_turn(self, letter: Letter, *, trial: bool = False) -> Delivered | Refused:
        """Wait for a slot, and send; wait again if the relay wants fewer connections than we do."""
        await self._slots.acquire()
        if not (trial or self.health.up):  # it has gone down while the message waited
            self._slots.release()
            raise Lost(self._relay.name, self.health.last_error)
        rest_s = 0.0
        self._in_use += 1
        try:
            return await self._send(letter)
        except Lost as exc:
            rest_s = self._after(exc)
            if not rest_s:
                raise
        finally:
            self._in_use -= 1
            self._free(rest_s)
        return await self._in_turn(letter, trial=trial)

    def _after(self, exc: Lost) -> float:
        """Return how long a slot rests whose connection the relay does not want, seconds; 0: the relay is down.

        A relay that answers, and says "not now" while others are connected, only wants no more of them.
        """
        if exc.code // 100 == 4 and self._in_use > 1:  # noqa: PLR2004  RFC 5321 section 4.2.1
            return _REST_S
        self.health.failed(exc.reason)
        return 0.0

    def _free(self, rest_s: float) -> None:
        if rest_s:
            asyncio.get_running_loop().call_later(rest_s, self._slots.release)
        else:
            self._slots.release()

    async def _send(self, letter: Letter) -> Delivered | Refused:
        """Send on an open connection, and if that turns out to be over, on a fresh one."""
        if dialogue := await self._open_one():
            with suppress(Lost):
                return await self._send_on(dialogue, letter)
        dialogue = await Dialogue.open(self._relay, self._tls, self._name, self._seconds)
        try:
            return await self._send_on(dialogue, letter)
        except InDoubt:
            self.health.worked()
            raise
        except Lost as exc:
            if exc.refused is None:
                raise
            # It took the message's sender, twice if this was not the first connection: it is not down, and one
            # message that it cannot stand must not keep all others.
            self.health.worked()
            return exc.refused

    async def _send_on(self, dialogue: Dialogue, letter: Letter) -> Delivered | Refused:
        answer = await dialogue.send(letter)
        self.health.worked()
        self._keep(dialogue)
        return answer

    async def _open_one(self) -> Dialogue | None:
        while self._idle:
            dialogue = self._idle.pop()
            if dialogue.usable and dialogue.sent < _MESSAGES:
                return dialogue
            await dialogue.quit()
        return None

    def _keep(self, dialogue: Dialogue) -> None:
        if self._closed:
            dialogue.close()
            return
        dialogue.idle_since_s = _now_s()
        self._idle.append(dialogue)
        if not self._sweeping:
            self._sweep_in(_IDLE_S)

    def _sweep_in(self, seconds: float) -> None:
        self._sweeping = asyncio.get_running_loop().call_later(seconds, self._sweep)

    def _sweep(self) -> None:
        """Take leave on connections that nobody has used for long."""
        self._sweeping = None
        long_ago_s = _now_s() - _IDLE_S
        old = [dialogue for dialogue in self._idle if dialogue.idle_since_s <= long_ago_s]
        self._idle = self._idle[len(old) :]
        for dialogue in old:
            task = asyncio.create_task(dialogue.quit())
            self._farewells.add(task)
            task.add_done_callback(self._farewells.discard)
        if self._idle:
            self._sweep_in(self._idle[0].idle_since_s - long_ago_s)


def _context(relay: Relay) -> ssl.SSLContext:
    if relay.verified:
        return ssl.create_default_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _now_s() -> float:
    return asyncio.get_running_loop().time()
