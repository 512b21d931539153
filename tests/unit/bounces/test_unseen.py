"""Reports that no rule was written from, `unseen.txt`, are read; ordinary mails, `ordinary.txt`, are no reports."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from estampe.bounces.reading import findings
from estampe.events import StatusSubject

if TYPE_CHECKING:
    from collections.abc import Iterator

NOTED = re.compile(
    r"^@@(?P<wrong>!?) (?P<recipient>\S+) (?P<kind>\S+) (?P<verdict>\S+) (?P<subject>\S+) (?P<name>.+)\n", re.MULTILINE
)
ENOUGH = 120
OTHERS = 60
RETURNED = "Return-Path: <>\n"
HEAD = "To: news@example.com\nMIME-Version: 1.0\n"


class Noted(NamedTuple):
    """A mail, and what it says."""

    recipient: str
    kind: str
    verdict: str
    subject: str
    mail: bytes


def noted(name: str) -> Iterator[tuple[Noted, str, bool]]:
    text = Path(__file__).with_name(name).read_text()
    found = list(NOTED.finditer(text))
    for each, end in zip(found, [*(following.start() for following in found[1:]), len(text)], strict=True):
        written = text[each.end() : end]
        mail = (HEAD + written if name == "ordinary.txt" else RETURNED + HEAD + written).encode()
        what = Noted(each["recipient"], each["kind"], each["verdict"], each["subject"], mail)
        yield what, each["name"], bool(each["wrong"])


REPORTS = [
    pytest.param(what, id=name, marks=[pytest.mark.xfail(strict=True)] if is_wrong else [])
    for what, name, is_wrong in noted("unseen.txt")
]
ORDINARY = [pytest.param(what, id=name) for what, name, _ in noted("ordinary.txt")]


@pytest.mark.parametrize("what", REPORTS)
def test_a_report_that_no_rule_was_written_from_is_read(what: Noted) -> None:
    found = [
        (
            each.report.recipient,
            each.report.kind.value,
            each.verdict or "-",
            str(tuple(StatusSubject).index(each.judgement.subject)) if each.judgement else "-",
        )
        for each in findings(what.mail)
    ]

    assert found == [what[:4]]


@pytest.mark.parametrize("what", ORDINARY)
def test_an_ordinary_mail_is_no_report_of_a_failure(what: Noted) -> None:
    assert [each.report.kind.value for each in findings(what.mail)] == ([] if what.kind == "none" else [what.kind])


def test_there_are_enough_of_both() -> None:
    assert len(REPORTS) >= ENOUGH
    assert len(ORDINARY) >= OTHERS
