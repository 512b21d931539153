"""Signs: whether a mail is a report of a program at all, and of what kind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from estampe.bounces.reports.prose.phrases import ANSWERS, DELAYS, DELIVERIES, ENDS, FAILURES, SUBJECTS
from estampe.bounces.reports.prose.sayings import has_reply
from estampe.bounces.reports.report import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estampe.bounces.reports.prose.format import Format
    from estampe.bounces.reports.prose.letter import Letter

_ENOUGH = 5
_LEAST = 2
_KNOWN_BY_HEAD = 3
_OPENING = 1_500

_HEADS = (
    (3, re.compile(r"^return-path: {0,4}(?:<>|<?mailer-daemon\b[^\n]{0,300})?$", re.MULTILINE)),
    (
        3,
        re.compile(
            r"^from:[^\n]{0,300}(?:mailer-?\s?daemon|mdaemon|mail delivery|maildeliver|delivery sub)", re.MULTILINE
        ),
    ),
    (
        2,
        re.compile(
            r"^from:[^\n]{0,300}(?:post[_.-]?master|delivery[ .-]?(?:system|service|agent|report|notification)|"
            r"mail[ .-]?(?:deliver|system|server|router|gateway|administrator)|mailerdaemon|system administrator|"
            r"bounces?\b|daemon@|undeliver|returned|\bndr\b|mmsc|microsoft ?exchange|majordomo|\bsmtpd?@|"
            r"content-filter|no-?reply[^\n]{0,40}(?:sns|ses)\b)",
            re.MULTILINE,
        ),
    ),
    (2, re.compile(r"^content-type: {0,4}multipart/report", re.MULTILINE)),
    (1, re.compile(r"^auto-submitted: {0,4}auto-(?:replied|generated \(failure)", re.MULTILINE)),
    (1, re.compile(r"^(?:x-ms-embedded-report|x-mailer: {0,4}<smtp32)", re.MULTILINE)),
    (1, re.compile(r"^from:[^\n]{0,300}no-?reply", re.MULTILINE)),
    (-3, re.compile(r"^subject: {0,4}(?:fwd?|tr|wg|rv|enc|i) {0,2}:", re.MULTILINE)),
    (-2, re.compile(r"^subject: {0,4}(?:re|aw|sv|antw|odp|ответ|回复|返信) {0,2}(?:\[\d{1,4}\])?:", re.MULTILINE)),
    (-3, re.compile(r"^(?:list-id|list-unsubscribe|list-post):", re.MULTILINE)),
)
"""How much each says for a program as the writer."""


def is_report(letter: Letter, known: Sequence[Format]) -> bool:
    """Return whether a mail is a program's report: written by one, and about a message's fate.

    Parameters:
        letter: the mail.
        known: what knows it.
    """
    machine = sum(weight for weight, pattern in _HEADS if pattern.search(letter.head))
    failure = _failure(letter)
    if known:
        machine += _KNOWN_BY_HEAD if any(each.heads for each in known) else 0
        failure += _LEAST
    return machine >= _LEAST and failure >= _LEAST and machine + failure >= _ENOUGH


def kind(letter: Letter) -> Kind:
    """Return what a report tells of: a message that failed, is late, or arrived."""
    said = f"{_subject(letter)} {letter.flat}"
    if _is_in(ENDS, said):
        return Kind.BOUNCE
    if _is_in(DELAYS, said):
        return Kind.DELAYED
    if _is_in(DELIVERIES, said) and not _is_in(FAILURES, said):
        return Kind.DELIVERED
    return Kind.BOUNCE


def speaks_of_failure(text: str) -> bool:
    """Return whether a text, in small letters, says that a message failed."""
    return _is_in(FAILURES, text)


def _failure(letter: Letter) -> int:
    subject = _subject(letter)
    return (
        (3 if letter.failed else 0)
        + (2 if _is_in(SUBJECTS, subject) else 0)
        + (2 if _is_in(FAILURES, letter.flat[:_OPENING]) or _is_in(DELAYS, letter.flat[:_OPENING]) else 0)
        + (1 if any("@" in line and has_reply(line) for line in letter.lines) else 0)
        - (3 if _is_in(ANSWERS, subject) else 0)
    )


def _subject(letter: Letter) -> str:
    return " ".join(letter.mail.head.get("subject").lower().split())


def _is_in(phrases: tuple[str, ...], text: str) -> bool:
    return any(phrase in text for phrase in phrases)
