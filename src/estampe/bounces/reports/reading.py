"""Reading: a mail's reports, one for each recipient, whatever form they came in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estampe.bounces.reports.mail import parse
from estampe.bounces.reports.report import Report
from estampe.bounces.reports.statuses import statements

if TYPE_CHECKING:
    from estampe.bounces.reports.mail import Limits


def read(octets: bytes, limits: Limits | None = None) -> tuple[Report, ...]:
    """Return what a mail reports, in the order in which it does; empty where it is no report.

    Parameters:
        octets: any bytes that claim to be a mail.
        limits: how much of it is read.

    Raises:
        MailTooLarge: it has more bytes than may be read.
    """
    mail = parse(octets, limits)
    return tuple(
        Report(
            kind=each.kind,
            recipient=each.recipient,
            format=each.format,
            enhanced=each.enhanced,
            diagnostic=each.diagnostic,
        )
        for each in statements(mail)
    )
