"""Outcomes: the events that end a message's way through the outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID  # noqa: TC003  msgspec reads the annotation

import msgspec
from msgspec import UNSET

from estampe.events import (
    Activation,
    ActivationDetail,
    Bounce,
    BounceDetail,
    CancellationDetail,
    Channel,
    Code,
    Draft,
    EventType,
    ExecutionDetail,
    Kind,
    Source,
    Sync,
    Verdict,
    event_id,
)
from estampe.verdicts import Refusal, judge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estampe.events import Cancellation, Detail, Execution
    from estampe.execution.cases import Case
    from estampe.execution.orders import Refused


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a message ended.

    Parameters:
        drafts: of its events.
        verdict: what it means for the address that the message bounced, None if it did not.
        sent: the message, if it was sent.
    """

    drafts: tuple[Draft, ...]
    verdict: Verdict | None = None
    sent: Case | None = None


def cancelled(case: Case, cancellation: Cancellation) -> Outcome:
    """Return the outcome of a message that was not sent."""
    detail = CancellationDetail(execution=case.execution, cancellation=cancellation)
    return Outcome(drafts=(_draft(EventType.CANCELLATION, case.held.stamp, detail),))


def activated(case: Case) -> Outcome:
    """Return the outcome of a message that a relay took."""
    return Outcome(drafts=(_activation(case),), sent=case)


def bounced(case: Case, refused: Refused) -> Outcome:
    """Return the outcome of a message that was refused for good, or so often that it is given up."""
    judgement = judge(
        Refusal(
            basic=refused.code or None,
            enhanced=refused.enhanced,
            diagnostic=refused.diagnostic,
            mta=refused.mta,
            command=refused.command,
        )
    )
    status = Sync(
        code=Code(enhanced=judgement.enhanced, basic=refused.code or UNSET),
        diagnostic=refused.diagnostic,
        mta=refused.mta,
    )
    detail = BounceDetail(activation=_activated(case), bounce=Bounce(status=status, analysis=judgement.analysis))
    drafts = (_activation(case), _draft(EventType.BOUNCE, case.held.stamp, detail))
    return Outcome(drafts=drafts, verdict=judgement.verdict)


def ends(stamp: UUID) -> Sequence[UUID]:
    """Return the ids of the events that end a message: whichever of them the log has, it is over."""
    return event_id(stamp, EventType.ACTIVATION), event_id(stamp, EventType.CANCELLATION)


def executed(execution: Execution, stamp: UUID) -> Draft:
    """Return the draft of the event that says that a message was accepted."""
    return _draft(EventType.EXECUTION, stamp, ExecutionDetail(execution=execution))


def _activation(case: Case) -> Draft:
    return _draft(EventType.ACTIVATION, case.held.stamp, ActivationDetail(activation=_activated(case)))


def _activated(case: Case) -> Activation:
    execution = case.execution
    return Activation(
        id=execution.id, kind=Kind.MESSAGE, receiver=execution.recipient, stamp=execution.stamp, recipient=case.address
    )


def _draft(kind: EventType, stamp: UUID, detail: Detail) -> Draft:
    return Draft(type=kind, id=event_id(stamp, kind), source=Source(type=Channel.EMAIL, detail=detail))
