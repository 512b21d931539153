"""Policies: each may stop a message and says why; a new one is a class and its place in the list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from estampe.events import (
    BlacklistedTarget,
    BouncedTarget,
    EmptyAddress,
    ExcludedTarget,
    MarketingPressure,
    RedlistedTarget,
    Render,
    UserDefinedPolicy,
)
from estampe.execution.orders import NoLetter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from uuid import UUID

    from estampe.events import Cancellation
    from estampe.execution.cases import Case
    from estampe.execution.orders import Letter


class Policy(Protocol):
    """Judges messages."""

    async def cancellation(self, case: Case) -> Cancellation | None:
        """Return why a message is not to be sent, None if nothing speaks against it."""


class Exclusion:
    """A contact in one of the segments that the action excludes gets no message of it."""

    async def cancellation(self, case: Case) -> Cancellation | None:
        """Return why not, or None."""
        return ExcludedTarget() if "excluded" in case.barred else None


class Address:
    """A contact without an address, or that is no more, gets nothing."""

    async def cancellation(self, case: Case) -> Cancellation | None:
        """Return why not, or None."""
        return None if case.address else EmptyAddress()


class Redlisting:
    """Who wants no more messages gets none."""

    async def cancellation(self, case: Case) -> Cancellation | None:
        """Return why not, or None."""
        redlisted = case.contact is not None and case.contact.redlisted_ms is not None
        return RedlistedTarget() if redlisted else None


class Bouncing:
    """An address that is known as dead gets nothing."""

    async def cancellation(self, case: Case) -> Cancellation | None:
        """Return why not, or None."""
        bounced = case.contact is not None and case.contact.bounced_ms is not None
        return BouncedTarget() if bounced else None


class Blacklisting:
    """Nothing goes to an address or a domain on the blacklist."""

    async def cancellation(self, case: Case) -> Cancellation | None:
        """Return why not, or None."""
        return BlacklistedTarget() if "blacklisted" in case.barred else None


class Pressure:
    """A contact that has had enough messages gets no more of them, says a rule.

    It stands in the list twice: asked before a message is composed, so that this reason comes first, and afterwards,
    when the message is counted; only then the answer is exact.

    Parameters:
        exceeded: returns the rule that is exceeded, or None.
    """

    def __init__(self, exceeded: Callable[[Case], Awaitable[UUID | None]]) -> None:
        self._exceeded = exceeded

    async def cancellation(self, case: Case) -> Cancellation | None:
        """Return why not, or None."""
        if not case.frozen.uses_pressure:
            return None
        rule = await self._exceeded(case)
        return None if rule is None else MarketingPressure(rule=rule)


class Composing:
    """A message that cannot be composed, or whose template refuses, is not sent; else the case has its letter then.

    Parameters:
        compose: makes the letter.
    """

    def __init__(self, compose: Callable[[Case], Awaitable[Letter | NoLetter]]) -> None:
        self._compose = compose

    async def cancellation(self, case: Case) -> Cancellation | None:
        """Return why not, or None."""
        letter = await self._compose(case)
        if isinstance(letter, NoLetter):
            return UserDefinedPolicy(value=Render(message=letter.message))
        case.letter = letter
        return None


def policies(
    compose: Callable[[Case], Awaitable[Letter | NoLetter]],
    exceeded: Callable[[Case], Awaitable[UUID | None]],
    reserved: Callable[[Case], Awaitable[UUID | None]],
) -> Sequence[Policy]:
    """Return all policies in the order in which they are asked.

    Parameters:
        compose: makes a letter.
        exceeded: returns the rule that a message would break, as far as is known.
        reserved: the same, and counts the message if there is none.
    """
    return (
        Exclusion(),
        Address(),
        Redlisting(),
        Bouncing(),
        Blacklisting(),
        Pressure(exceeded),
        Composing(compose),
        Pressure(reserved),
    )
