"""Statements: what one place in a mail says of one recipient, on the way to a report."""

from __future__ import annotations

import msgspec

from estampe.bounces.reports.report import Kind


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """What one place in a mail says of one recipient; the members are those of `Report`, and mean the same.

    What reads a form of report returns these; `reading` joins them, and adds what names the original.
    """

    kind: Kind = Kind.BOUNCE
    recipient: str = ""
    sent_to: str = ""
    format: str = ""
    enhanced: str = ""
    basic: int | None = None
    diagnostic: str = ""
    mta: str = ""
    reporting_mta: str = ""
    command: str = ""
    arrival_ms: int | None = None
    feedback: str = ""
    agent: str = ""
