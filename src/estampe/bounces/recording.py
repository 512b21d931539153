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
    from estampe.bounces.reading import Finding
    from estampe.bounces.reports import Report
    from estampe.events import Activation
    from estampe.verdicts import Judgement

_LONGEST = 2_000
_LONGEST_NAME = 255
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")

_BASICS = range(200, 600)


def draft_of(finding: Finding, activation: Activation) -> Draft | None:
    """Return the draft of the event that a report is; None for what is no event: a delay, a delivery, an autoreply.

    A message has one event of each verdict at most, and one complaint: its id says so, and so nobody who knows a return
    path can fill the log.

    Parameters:
        finding: the report, and what it means.
        activation: the message that it is about.
    """
    report = finding.report
    if report.kind is Kind.BOUNCE and finding.judgement:
        return _bounce(report, finding.judgement, activation)
    return _complaint(report, activation) if report.kind is Kind.COMPLAINT else None


def feedback_type(report: Report) -> str:
    """Return what a complaint is about, in the word of RFC 5965 where it has one; `other` where nothing is said."""
    said = _plain(report.feedback, _LONGEST_NAME).lower()
    return said or FeedbackType.OTHER.value


def _bounce(report: Report, judgement: Judgement, activation: Activation) -> Draft:
    basic = report.basic if report.basic is not None and report.basic in _BASICS else UNSET
    status = Async(
        code=Code(enhanced=judgement.enhanced, basic=basic),
        diagnostic=_plain(report.diagnostic, _LONGEST),
        mta=_plain(report.mta, _LONGEST_NAME),
    )
    detail = BounceDetail(activation=activation, bounce=Bounce(status=status, analysis=judgement.analysis))
    name = f"{EventType.BOUNCE} async {judgement.verdict}"
    return Draft(
        type=EventType.BOUNCE, id=event_id(activation.stamp.id, name), source=Source(type=Channel.EMAIL, detail=detail)
    )


def _complaint(report: Report, activation: Activation) -> Draft:
    complaint = Complaint(
        type=feedback_type(report),
        agent=_plain(report.agent, _LONGEST_NAME) or UNSET,
        mta=_plain(report.reporting_mta, _LONGEST_NAME) or UNSET,
    )
    detail = ComplaintDetail(activation=activation, complaint=complaint)
    stamp = activation.stamp.id
    return Draft(
        type=EventType.COMPLAINT,
        id=event_id(stamp, EventType.COMPLAINT),
        source=Source(type=Channel.EMAIL, detail=detail),
    )


def _plain(text: str, longest: int) -> str:
    return _CONTROLS.sub(" ", text)[:longest].encode(errors="replace").decode()
