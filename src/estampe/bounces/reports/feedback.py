"""Feedback: complaints of recipients, by feedback loops (RFC 5965), and what stands for them elsewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from estampe.bounces.reports import codes
from estampe.bounces.reports.dates import instant_ms
from estampe.bounces.reports.fields import fields
from estampe.bounces.reports.mail import Head
from estampe.bounces.reports.original import returned
from estampe.bounces.reports.parts import own
from estampe.bounces.reports.report import Kind, Statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estampe.bounces.reports.mail import Part

FORMAT = "rfc5965"

_NAMED = ("original-rcpt-to", "removal-recipient", "original-recipient", "x-original-rcpt-to", "recipient")
_BY_COPY = (
    "x-hmxmroriginalrecipient",
    "to",
    "apparently-to",
    "x-original-to",
    "x-rcpt-to",
    "envelope-to",
    "delivered-to",
)
_NOT_COMPLAINTS = frozenset({"not-spam", "other"})
_LETTERS = (
    (
        "from",
        re.compile(
            r"staff@(?:hotmail|live|outlook)\.|scomp@aol\.|fbl@|feedbackloop@|feedback@arf\.|complaints?@",
            re.IGNORECASE,
        ),
    ),
    (
        "subject",
        re.compile(r"complaint about (?:a )?message from|client tos notification|email feedback report", re.IGNORECASE),
    ),
    ("subject", re.compile(r"(?:email |spam )?(?:abuse|complaint) report\b", re.IGNORECASE)),
)
_LEAST = 2
_FAR = 64 << 10


def statements(mail: Part) -> Iterator[Statement]:
    """Yield a complaint for each recipient that it is by; nothing where recipients say that a mail was welcome."""
    facts = _facts(mail)
    if facts is None and not _is_letter(mail):
        return
    facts = facts or Head([("feedback-type", "abuse")])
    kind = facts.get("feedback-type").strip().lower() or "abuse"
    if kind in _NOT_COMPLAINTS:
        return
    for recipient in dict.fromkeys(_recipients(facts, returned(mail))):
        yield Statement(
            kind=Kind.COMPLAINT,
            recipient=recipient,
            format=FORMAT,
            reporting_mta=codes.named_host(facts.get("reporting-mta").rpartition(";")[2]),
            arrival_ms=instant_ms(facts.get("arrival-date") or facts.get("received-date")),
            feedback=kind,
            agent=codes.one_line(facts.get("user-agent")),
        )


def _facts(mail: Part) -> Head | None:
    """Return the fields of the feedback report, also where its part is labelled as text; None if there is none."""
    part = next((each for each in own(mail) if each.kind == "message/feedback-report"), None)
    if part is None and mail.parameters.get("report-type", "").lower() == "feedback-report":
        leaves = (each for each in own(mail) if not each.parts)
        part = next((each for each in leaves if "feedback-type:" in each.text[:_FAR].lower()), None)
    return None if part is None else Head([(name, value) for name, value in fields(part.text) if name])


def _is_letter(mail: Part) -> bool:
    """Return whether a mail is a complaint in a form of its own: who writes it and how it is called say so."""
    signs = sum(bool(pattern.search(mail.head.get(name))) for name, pattern in _LETTERS)
    return signs >= _LEAST and mail.first("message/rfc822", "text/rfc822-headers") is not None


def _recipients(facts: Head, copy: Head) -> list[str]:
    """Return who complains: as the report names them, else its copy of the message; one unnamed if nothing does."""
    for name in _NAMED:
        if found := [each for value in facts.all(name) for each in codes.addresses(value)]:
            return found
    told = ([each for value in copy.all(name) for each in codes.addresses(value)] for name in _BY_COPY)
    return next((found for found in told if len(found) == 1), [""])
