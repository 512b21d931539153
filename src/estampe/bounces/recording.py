"""Recording: reports become events, each once, however often and by whichever door it comes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import UNSET

from estampe.bounces.reports import Kind
from estampe.events import (
    Async,
    Bounce,
    BounceDetail,
    Channel,
    Code,
    Complaint,
    ComplaintDetail,
    Draft,
    EventType,
    FeedbackType,
    Source,
    event_id,
)

if TYPE_CHECKING:
    from uuid import UUID

    from estampe.bounces.reading import Finding
    from estampe.bounces.reports import Report
    from estampe.events import Activation, Detail, Verdict
    from estampe.verdicts import Judgement

_LONGEST = 2_000
_LONGEST_NAME = 255
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")

_BASICS = range(200, 600)


def draft_of(finding: Finding, activation: Activation, *, is_sure: bool) -> Draft | None:
    """Return the draft of the event that a report is; None for what is no event: a delay, a delivery, an autoreply.

    A message has one event of each verdict at most, and one complaint: its id says so, and so nobody who knows a return
    path can fill the log. Those that strangers may have made up have ids of their own, and stand in no true one's way.

    Parameters:
        finding: the report, and what it means.
        activation: the message that it is about.
        is_sure: whether something told so that strangers do not know.
    """
    report = finding.report
    if report.kind is Kind.BOUNCE and finding.judgement:
        detail = _bounced(report, finding.judgement, activation)
        name = _name(f"{EventType.BOUNCE} async {finding.judgement.verdict}", is_sure=is_sure)
        return _draft(EventType.BOUNCE, event_id(activation.stamp.id, name), detail)
    if report.kind is Kind.COMPLAINT:
        name = _name(EventType.COMPLAINT, is_sure=is_sure)
        return _draft(EventType.COMPLAINT, event_id(activation.stamp.id, name), _complained(report, activation))
    return None


def is_made_up(event_id_: UUID, stamp: UUID, verdict: Verdict) -> bool:
    """Return whether a stranger may have made up the report that an event of a bounce is."""
    return event_id_ == event_id(stamp, _name(f"{EventType.BOUNCE} async {verdict}", is_sure=False))


def feedback_type(report: Report) -> str:
    """Return what a complaint is about, in the word of RFC 5965 where it has one; `other` where nothing is said."""
    said = _plain(report.feedback, _LONGEST_NAME).lower()
    return said or FeedbackType.OTHER.value


def _name(name: str, *, is_sure: bool) -> str:
    return name if is_sure else f"{name} by recipient"


def _draft(kind: EventType, id_: UUID, detail: Detail) -> Draft:
    return Draft(type=kind, id=id_, source=Source(type=Channel.EMAIL, detail=detail))


def _bounced(report: Report, judgement: Judgement, activation: Activation) -> BounceDetail:
    basic = report.basic if report.basic is not None and report.basic in _BASICS else UNSET
    status = Async(
        code=Code(enhanced=judgement.enhanced, basic=basic),
        diagnostic=_plain(report.diagnostic, _LONGEST),
        mta=_plain(report.mta, _LONGEST_NAME),
    )
    return BounceDetail(activation=activation, bounce=Bounce(status=status, analysis=judgement.analysis))


def _complained(report: Report, activation: Activation) -> ComplaintDetail:
    complaint = Complaint(
        type=feedback_type(report),
        agent=_plain(report.agent, _LONGEST_NAME) or UNSET,
        mta=_plain(report.reporting_mta, _LONGEST_NAME) or UNSET,
    )
    return ComplaintDetail(activation=activation, complaint=complaint)


def _plain(text: str, longest: int) -> str:
    return _CONTROLS.sub(" ", text)[:longest].encode(errors="replace").decode()
