"""Reading: a mail's reports, each with what it means."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from estampe.bounces.reports import Kind, Report, read
from estampe.verdicts import Refusal, explain, judge

if TYPE_CHECKING:
    from estampe.bounces.reports import Limits
    from estampe.verdicts import Explanation, Judgement

_FAILURES = (Kind.BOUNCE, Kind.DELAYED)


class Finding(NamedTuple):
    """A report, and what it means; only a message that did not arrive (yet) is judged."""

    report: Report
    judgement: Judgement | None

    @property
    def verdict(self) -> str:
        """`hard`, `soft` or `complaint`; empty for what is none of these."""
        if self.judgement:
            return self.judgement.verdict.value
        return "complaint" if self.report.kind is Kind.COMPLAINT else ""


def findings(octets: bytes, limits: Limits | None = None) -> tuple[Finding, ...]:
    """Return what a mail reports, and what that means; empty where it is no report.

    Raises:
        MailTooLarge: it has more bytes than may be read.
    """
    return tuple(Finding(report, _judged(report)) for report in read(octets, limits))


def explained(finding: Finding) -> Explanation | None:
    """Return why a finding means what it does; None where nothing is judged."""
    return explain(_refusal(finding.report)) if finding.judgement else None


def _judged(report: Report) -> Judgement | None:
    return judge(_refusal(report)) if report.kind in _FAILURES else None


def _refusal(report: Report) -> Refusal:
    return Refusal(
        basic=report.basic,
        enhanced=report.enhanced,
        diagnostic=report.diagnostic,
        mta=report.mta,
        reporting_mta=report.reporting_mta,
        command=report.command,
        is_final=report.kind is not Kind.DELAYED,
    )
