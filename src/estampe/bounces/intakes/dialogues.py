"""Dialogues: those with all mail servers that bring reports now, and what they share."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from ipaddress import IPv6Address
from typing import TYPE_CHECKING, NamedTuple, Protocol

from estampe.bounces.intakes.content import Room

if TYPE_CHECKING:
    import ssl
    from concurrent.futures import Executor
    from ipaddress import IPv4Address, IPv4Network, IPv6Network

    from estampe.bounces.delivery import Delivery, Receiver, Taken

LAST_SECONDS = 1.0
"""How long the other side may take to hear the last answer."""


class Terms(NamedTuple):
    """What dialogues are held to.

    Parameters:
        hostname: how we call ourselves.
        tls: with which STARTTLS is offered; None: it is not.
        networks: who may come; empty: anybody.
        octets: the largest mail, bytes.
        memory: the mails in hand, bytes.
        recipients: of one mail.
        connections: at once.
        connections_each: at once, of one address.
        stall_seconds: how long a command, or the next piece of a mail, may take.
        takers: mails taken at once.
    """

    hostname: str
    tls: ssl.SSLContext | None
    networks: tuple[IPv4Network | IPv6Network, ...]
    octets: int
    memory: int
    recipients: int
    connections: int
    connections_each: int
    stall_seconds: float
    takers: int


class Open(Protocol):
    """A dialogue that goes on."""

    def stop(self) -> None:
        """End it: at once, or after the answer to a mail that is being taken."""

    def abort(self) -> None:
        """End it without another word."""


class Dialogues:
    """All dialogues, and what they share.

    Parameters:
        receiver: takes the mails.
        terms: what they are held to.
        threads: where the receiver takes them.
    """

    def __init__(self, receiver: Receiver, terms: Terms, threads: Executor) -> None:
        self.receiver = receiver
        self.terms = terms
        self.room = Room(max(terms.memory, terms.octets))
        self.ending = False
        self._open: dict[Open, str] = {}
        self._threads = threads
        self._turns = asyncio.Semaphore(terms.takers)
        self._loop = asyncio.get_running_loop()
        self._empty = asyncio.Event()
        self._empty.set()

    def refusal(self, peer: IPv4Address | IPv6Address | None) -> str:
        """Return why an address may not come (now); empty if it may."""
        terms = self.terms
        if self.ending:
            return f"421 4.3.2 {terms.hostname} is being shut down"
        if peer and terms.networks and not any(peer in network for network in terms.networks):
            return f"554 5.7.1 {terms.hostname} takes no mail from {peer}"
        if len(self._open) >= terms.connections:
            return f"421 4.3.2 {terms.hostname} has too many connections; come again later"
        if peer and list(self._open.values()).count(_origin(peer)) >= terms.connections_each:
            return f"421 4.7.0 {terms.hostname} has too many connections from {peer}; come again later"
        return ""

    def add(self, dialogue: Open, peer: IPv4Address | IPv6Address | None) -> None:
        """Hear that a dialogue has begun."""
        self._open[dialogue] = _origin(peer) if peer else ""
        self._empty.clear()

    def forget(self, dialogue: Open) -> None:
        """Hear that a dialogue is over."""
        self._open.pop(dialogue, None)
        if not self._open:
            self._empty.set()

    async def take(self, delivery: Delivery) -> Taken:
        """Have a mail taken; once it has begun, it is taken to its end, even if nobody is there any more to hear it.

        Raises:
            NotTaken: it is not kept.
            MailTooLarge: it has more bytes than may be read.
        """
        await self._turns.acquire()
        taking = self._loop.run_in_executor(self._threads, self.receiver.take, delivery)
        taking.add_done_callback(self._taken)
        return await asyncio.shield(taking)

    def _taken(self, taking: asyncio.Future[Taken]) -> None:
        self._turns.release()
        if not taking.cancelled():
            taking.exception()  # whoever waits hears it; if nobody does, it is no fault

    async def stop(self, seconds: float) -> None:
        """End all dialogues: those that bring nothing at once, those whose mail is being taken after their answer."""
        self.ending = True
        for dialogue in list(self._open):
            dialogue.stop()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._empty.wait(), seconds + LAST_SECONDS)
        for dialogue in list(self._open):
            dialogue.abort()


def _origin(peer: IPv4Address | IPv6Address) -> str:
    """Return what counts as one address: of IPv6 a /64, which is what one has at the least."""
    return peer.exploded[:19] if isinstance(peer, IPv6Address) else str(peer)
