"""Relays: the SMTP servers that take messages, and which of them takes the next one."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

from estampe.errors import EstampeError
from estampe.execution.relaying.connections import Connections
from estampe.execution.relaying.dialogue import InDoubt, Lost
from estampe.execution.relaying.domains import Domains, Limit, parse_limits
from estampe.execution.relaying.health import RelayState
from estampe.execution.relaying.relay import Relay, parse_relays
from estampe.instants import InvalidSpan, parse_span
from estampe.settings import InvalidSetting

if TYPE_CHECKING:
    from collections.abc import Collection

    from estampe.execution.orders import Delivered, Letter, Refused
    from estampe.settings import Settings

__all__ = [
    "InDoubt",
    "Limit",
    "NoRelay",
    "Relay",
    "RelayState",
    "Relays",
    "parse_limits",
    "parse_relays",
    "parse_schedule",
]

_SOONEST_S = 0.1
"""How soon to try again at the earliest, seconds."""


class NoRelay(EstampeError):
    """No relay can be reached; the message is as if it had not been tried.

    Parameters:
        retry_s: when it makes sense to try again, seconds from now.
        states: how the relays do.
    """

    def __init__(self, retry_s: float, states: Collection[RelayState]) -> None:
        errors = "; ".join(f"{state.name}: {state.last_error or 'has just failed'}" for state in states)
        super().__init__(f"no relay takes messages: {errors}; trying again in {retry_s:.0f} s (ESTAMPE_RELAYS)")
        self.retry_s = retry_s


def parse_schedule(text: str) -> tuple[int, ...]:
    """Read the setting `retry_schedule`, such as `1m,5m,1h`; empty: nothing is tried again.

    Returns:
        How long to wait after each temporary refusal, milliseconds.

    Raises:
        InvalidSetting: a span is not written so.
    """
    try:
        return tuple(parse_span(part.strip()) for part in text.split(",")) if text.strip() else ()
    except InvalidSpan as exc:
        raise InvalidSetting("ESTAMPE_RETRY_SCHEDULE", text, "spans with commas between, such as 1m,5m,1h") from exc


class Relays:
    """Sends messages through relays, in turn, by those that can be reached and have the least to do.

    Parameters:
        settings: `relays`, `relay_connections`, `relay_seconds`, `domain_connections`, `domain_rate`,
            `domain_limits`, `mail_domain`.

    Raises:
        InvalidSetting: one of them is not written as it should be.
    """

    def __init__(self, settings: Settings) -> None:
        name = _name(settings.mail_domain)
        usual = Limit(settings.domain_connections, settings.domain_rate)
        self._domains = Domains(usual, parse_limits(settings.domain_limits))
        self._relays = [
            Connections(relay, name, settings.relay_connections, settings.relay_seconds)
            for relay in parse_relays(settings.relays)
        ]

    @property
    def under_way(self) -> int:
        """Messages under way."""
        return self._domains.under_way

    def room(self, domain: str) -> int:
        """Return how many more messages to a domain may be started now, by its limits."""
        return self._domains.room(domain)

    def states(self) -> tuple[RelayState, ...]:
        """Return how each relay does."""
        return tuple(relay.state for relay in self._relays)

    async def deliver(self, letter: Letter, domain: str) -> Delivered | Refused:
        """Have a relay take a message.

        Parameters:
            letter: the message.
            domain: its recipient's, in lower case; counted against its limits.

        Raises:
            NoRelay: none can be reached; the message has not been tried.
            InDoubt: a relay may have it or not.
        """
        with self._domains.sending(domain):
            tried: set[Connections] = set()
            while relay := await self._next(tried):
                tried.add(relay)
                try:
                    return await relay.deliver(letter)
                except Lost:
                    continue
            raise NoRelay(self._retry_s(), self.states())

    async def close(self) -> None:
        """Take leave of all relays."""
        await asyncio.gather(*(relay.close() for relay in self._relays))

    async def _next(self, tried: Collection[Connections]) -> Connections | None:
        """Return whom to ask next, None if there is nobody: one that it is time to try again, else one that is up.

        Whoever would have only relays that another message is just trying waits for how that ends.
        """
        while True:
            self._relays.append(self._relays.pop(0))
            left = [relay for relay in self._relays if relay not in tried]
            if due := [relay for relay in left if relay.health.due]:
                return due[0]
            if up := [relay for relay in left if relay.health.up]:
                return min(up, key=lambda relay: relay.under_way)
            trials = [relay.health.trial for relay in left if relay.health.trial]
            if not trials:
                return None
            await asyncio.wait(trials, return_when=asyncio.FIRST_COMPLETED)

    def _retry_s(self) -> float:
        return max(_SOONEST_S, min(relay.health.wait_s for relay in self._relays))


def _name(domain: str) -> str:
    """Return this machine's name for EHLO; an address literal if it has none that others know (RFC 5321 4.1.3)."""
    try:
        name = (domain or socket.getfqdn()).encode("idna").decode("ascii")
    except UnicodeError:
        name = ""
    return name if "." in name else "[127.0.0.1]"
