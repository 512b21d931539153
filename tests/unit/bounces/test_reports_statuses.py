"""Statuses: delivery status notifications as RFC 3464 has them, and as servers send them."""

from __future__ import annotations

import string
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estampe.bounces.reports import Kind, parse
from estampe.bounces.reports.statuses import statements

_REPORT = """\
Return-Path: <>
From: MAILER-DAEMON@mx.example.net
To: news@example.com
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

{human}

--b
Content-Type: {kind}

{status}

--b
Content-Type: text/rfc822-headers

Message-ID: <1@example.com>
To: tom@example.org

--b--
"""


def report(status: str, human: str = "Sorry.", kind: str = "message/delivery-status") -> bytes:
    """Return a report with a status part."""
    return _REPORT.format(status=status, human=human, kind=kind).encode()


class Dialect(NamedTuple):
    """What a server writes, and what it means by that."""

    name: str
    status: str
    recipient: str = "tom@example.org"
    kind: Kind = Kind.BOUNCE
    enhanced: str = "5.1.1"
    basic: int | None = 550
    diagnostic: str = "550 5.1.1 User unknown"
    mta: str = ""


_SAID = "Diagnostic-Code: smtp; 550 5.1.1 User unknown"
_ROW = f"Action: failed\nStatus: 5.1.1\n{_SAID}"

DIALECTS = [
    Dialect("RFC 3464", f"Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; tom@example.org\n{_ROW}"),
    Dialect("without a group for the message", f"Final-Recipient: rfc822;tom@example.org\n{_ROW}"),
    Dialect(
        "message and recipient in one group",
        f"Reporting-MTA: dns; a.b\nFinal-Recipient: rfc822;tom@example.org\n{_ROW}",
    ),
    Dialect("an empty line within a group", f"Final-Recipient: rfc822; tom@example.org\n\n{_ROW}"),
    Dialect("the recipient last", f"{_ROW}\nFinal-Recipient: rfc822; tom@example.org"),
    Dialect("in brackets", f"Final-Recipient: RFC822; <tom@example.org>\n{_ROW}"),
    Dialect("with a name", f'Final-Recipient: rfc822; "Tom Cat" <tom@example.org>\n{_ROW}'),
    Dialect("with a comment", f"Final-Recipient: rfc822; tom@example.org (Tom Cat)\n{_ROW}"),
    Dialect("without a type", f"Final-Recipient: tom@example.org\n{_ROW}"),
    Dialect("all indented", "  " + f"Final-Recipient: rfc822; tom@example.org\n{_ROW}".replace("\n", "\n  ")),
    Dialect(
        "final address is local", f"Final-Recipient: LOCAL; <tom>\nOriginal-Recipient: rfc822;tom@example.org\n{_ROW}"
    ),
    Dialect(
        "final host is not public",
        f"Original-Recipient: rfc822;tom@example.org\nFinal-Recipient: rfc822;tom@inner\n{_ROW}",
    ),
    Dialect("xtext", f"Original-Recipient: rfc822;tom+2Bcat@example.org\n{_ROW}", recipient="tom+cat@example.org"),
    Dialect("utf-8", f"Final-Recipient: utf-8; t\\x{{F6}}m@example.org\n{_ROW}", recipient="töm@example.org"),
    Dialect("quoted", f'Final-Recipient: rfc822; "tom cat"@example.org\n{_ROW}', recipient='"tom cat"@example.org'),
    Dialect(
        "looks encoded",
        f"Final-Recipient: rfc822; =?utf-8?B?dG9t?=@example.org\n{_ROW}",
        recipient="=?utf-8?B?dG9t?=@example.org",
    ),
    Dialect(
        "actually piped",
        "Final-Recipient: RFC822; tom@example.org\nX-Actual-Recipient: X-Unix; |/bin/cat\n"
        "Action: failed\nStatus: 5.3.0\nDiagnostic-Code: X-Unix; 73",
        enhanced="5.3.0",
        basic=None,
        diagnostic="73 can't create output file",
    ),
    Dialect(
        "loud",
        f"FINAL-RECIPIENT: RFC822; tom@example.org\nACTION: FAILED\nSTATUS: 5.1.1\n{_SAID.upper()}",
        diagnostic="550 5.1.1 USER UNKNOWN",
    ),
    Dialect(
        "action and status with comments",
        f"Final-Recipient: rfc822; tom@example.org\nAction: failed (bad)\nStatus: 5.1.1 (no such user)\n{_SAID}",
    ),
    Dialect("action translated", f"Final-Recipient: rfc822; tom@example.org\nAction: échec\nStatus: 5.1.1\n{_SAID}"),
    Dialect("action missing", f"Final-Recipient: rfc822; tom@example.org\nStatus: 5.1.1\n{_SAID}"),
    Dialect("status vague", f"Final-Recipient: rfc822; tom@example.org\nAction: failed\nStatus: 5.0.0\n{_SAID}"),
    Dialect(
        "status vague, and what was said first",
        "Final-Recipient: rfc822; tom@example.org\nAction: failed\nStatus: 5.0.0\n"
        "Diagnostic-Code: smtp; 554 5.0.0 Error: 550 5.1.1 unknown",
        basic=554,
        diagnostic="554 5.0.0 Error: 550 5.1.1 unknown",
    ),
    Dialect("status missing", f"Final-Recipient: rfc822; tom@example.org\nAction: failed\n{_SAID}"),
    Dialect(
        "status outweighs",
        f"Final-Recipient: rfc822; tom@example.org\nAction: failed\nStatus: 5.2.1\n{_SAID}",
        enhanced="5.2.1",
    ),
    Dialect("diagnostic without a type", f"Final-Recipient: rfc822; tom@example.org\n{_ROW.replace('smtp; ', '')}"),
    Dialect(
        "diagnostic folded", f"Final-Recipient: rfc822; tom@example.org\n{_ROW.replace('User', chr(10) + '    User')}"
    ),
    Dialect(
        "diagnostic folded badly", f"Final-Recipient: rfc822; tom@example.org\n{_ROW.replace('User', chr(10) + 'User')}"
    ),
    Dialect(
        "words in the status only",
        "Final-Recipient: rfc822; tom@example.org\nAction: failed\nStatus: 5.1.1 (mailbox gone)",
        basic=None,
        diagnostic="mailbox gone",
    ),
    Dialect(
        "words beside",
        "Final-Recipient: rfc822; tom@example.org\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550\n"
        "X-Supplementary-Info: <mx.example.org #5.1.1 smtp; no>",
        diagnostic="550 <mx.example.org #5.1.1 smtp; no>",
    ),
    Dialect(
        "remote named",
        f"Final-Recipient: rfc822; tom@example.org\n{_ROW}\nRemote-MTA: dns; mx.example.org (192.0.2.1)",
        mta="mx.example.org",
    ),
    Dialect(
        "remote numbered",
        f"Final-Recipient: rfc822; tom@example.org\n{_ROW}\nRemote-MTA: dns; [192.0.2.1]",
        mta="192.0.2.1",
    ),
    Dialect(
        "delayed", f"Final-Recipient: rfc822; tom@example.org\n{_ROW.replace('failed', 'delayed')}", kind=Kind.DELAYED
    ),
    Dialect(
        "delivered",
        "Final-Recipient: rfc822; tom@example.org\nAction: delivered\nStatus: 2.1.5\n"
        "Diagnostic-Code: smtp; 250 2.1.5 Ok",
        kind=Kind.DELIVERED,
        enhanced="2.1.5",
        basic=250,
        diagnostic="250 2.1.5 Ok",
    ),
    Dialect(
        "relayed", f"Final-Recipient: rfc822; tom@example.org\n{_ROW.replace('failed', 'relayed')}", kind=Kind.DELIVERED
    ),
    Dialect(
        "expanded",
        f"Final-Recipient: rfc822; tom@example.org\n{_ROW.replace('failed', 'expanded')}",
        kind=Kind.DELIVERED,
    ),
]


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("kind", ["message/delivery-status", "text/plain"])
def test_dialect(dialect: Dialect, kind: str) -> None:
    (found,) = [each for each in statements(parse(report(dialect.status, kind=kind))) if each.recipient]
    assert (found.recipient, found.kind, found.enhanced) == (dialect.recipient, dialect.kind, dialect.enhanced)
    assert (found.basic, found.diagnostic, found.mta) == (dialect.basic, dialect.diagnostic, dialect.mta)


def test_several_recipients_with_and_without_lines_between() -> None:
    rows = [f"Final-Recipient: rfc822; {name}@example.org\n{_ROW}" for name in ("tom", "tim", "kim")]
    for between in ("\n\n", "\n"):
        found = list(statements(parse(report("Reporting-MTA: dns; mx.example.net\n\n" + between.join(rows)))))
        assert [each.recipient for each in found] == ["tom@example.org", "tim@example.org", "kim@example.org"]
        assert {each.reporting_mta for each in found} == {"mx.example.net"}


def test_facts_of_the_message_hold_for_each_recipient() -> None:
    status = (
        "Reporting-MTA: dns;mx.example.net (tcp-daemon)\nArrival-Date: Mon, 30 Nov 2026 12:00:00 +0100 (CET)\n\n"
        f"Final-Recipient: rfc822; tom@example.org\n{_ROW}"
    )
    (found,) = statements(parse(report(status)))
    assert (found.reporting_mta, found.arrival_ms) == ("mx.example.net", 1_796_036_400_000)


@pytest.mark.parametrize(
    ("date", "arrival_ms"),
    [
        ("30 Nov 2026 11:00:00 GMT", 1_796_036_400_000),
        ("Mon, 30 Nov 26 11:00 +0000", 1_796_036_400_000),
        ("Mon, 30 Nov 2026 11:00:00", 1_796_036_400_000),
        ("2026-11-30T11:00:00Z", 1_796_036_400_000),
        ("Mon, 30 Nov 99999999999 11:00:00 +0000", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_arrival(date: str, arrival_ms: int | None) -> None:
    (found,) = statements(parse(report(f"Arrival-Date: {date}\n\nFinal-Recipient: rfc822; tom@example.org\n{_ROW}")))
    assert found.arrival_ms == arrival_ms


def test_where_the_message_was_sent_to_is_told_beside_where_it_ended() -> None:
    (found,) = statements(
        parse(report(f"Original-Recipient: rfc822;tom@example.org\nFinal-Recipient: rfc822;cat@example.net\n{_ROW}"))
    )
    assert (found.recipient, found.sent_to) == ("cat@example.net", "tom@example.org")


def test_command_is_taken_from_the_words_about_the_recipient() -> None:
    human = (
        "<tom@example.org>: host mx.example.org[192.0.2.1] said: 550 5.1.1 User unknown (in reply to RCPT TO command)"
    )
    (found,) = statements(parse(report(f"Final-Recipient: rfc822; tom@example.org\n{_ROW}", human=human)))
    assert found.command == "RCPT TO"


def test_fields_that_a_person_quotes_are_no_report() -> None:
    quoted = b"Final-Recipient: rfc822; kim@example.org\nAction: failed\n"
    mail = b"From: tom@example.org\nSubject: Fwd: Undelivered\n\nLook:\n" + quoted
    assert list(statements(parse(mail))) == []


def test_status_of_a_report_that_is_itself_returned_is_of_another_message() -> None:
    inner = report(f"Final-Recipient: rfc822; tom@example.org\n{_ROW}").decode()
    mail = f"From: kim@example.org\nContent-Type: message/rfc822\n\n{inner}".encode()
    assert list(statements(parse(mail))) == []


_LABEL = st.text(string.ascii_lowercase, min_size=1, max_size=12)
_LOCAL = st.from_regex(r"[a-z0-9](?:[a-z0-9.+_-]{0,20}[a-z0-9])?", fullmatch=True).filter(
    lambda local: "+2" not in local
)
_ADDRESS = st.builds(lambda local, name, top: f"{local}@{name}.{top}x", _LOCAL, _LABEL, _LABEL)
_DETAIL = st.integers(1, 99)


class _Fact(NamedTuple):
    recipient: str
    action: str
    enhanced: str
    basic: int
    words: str
    mta: str


_FACT = st.builds(
    _Fact,
    _ADDRESS,
    st.sampled_from(["failed", "delayed", "Failed"]),
    st.builds(lambda subject, detail: f"5.{subject}.{detail}", st.sampled_from([1, 2, 3, 6, 7]), _DETAIL),
    st.integers(400, 559),
    st.lists(_LABEL, min_size=1, max_size=6).map(" ".join),
    st.builds(lambda name, top: f"{name}.{top}", _LABEL, _LABEL),
)


def _written(fact: _Fact) -> str:
    return (
        f"Final-Recipient: rfc822; {fact.recipient}\nAction: {fact.action}\nStatus: {fact.enhanced}\n"
        f"Remote-MTA: dns; {fact.mta}\nDiagnostic-Code: smtp; {fact.basic} {fact.words}"
    )


@given(st.lists(_FACT, min_size=1, max_size=8), st.sampled_from(["\n", "\r\n", "\r"]))
def test_what_is_written_is_read(facts: list[_Fact], end: str) -> None:
    mail = report("Reporting-MTA: dns; mx.example.net\n\n" + "\n\n".join(map(_written, facts))).decode()
    found = list(statements(parse(mail.replace("\n", end).encode())))
    assert [(each.recipient, each.kind == Kind.DELAYED, each.enhanced, each.basic, each.mta) for each in found] == [
        (fact.recipient, fact.action == "delayed", fact.enhanced, fact.basic, fact.mta) for fact in facts
    ]
    assert [each.diagnostic for each in found] == [f"{fact.basic} {fact.words}" for fact in facts]


def test_late_message_that_is_given_up_has_bounced() -> None:
    status = f"Final-Recipient: rfc822; tom@example.org\n{_ROW.replace('failed', 'delayed')}"
    (found,) = statements(parse(report(status, human="We have\ngiven up on your message.")))
    assert found.kind is Kind.BOUNCE
