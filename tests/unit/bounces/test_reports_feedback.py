"""Feedback: complaints in the form of RFC 5965, and in those of their own."""

from __future__ import annotations

import json

import pytest

from estampe.bounces.reports import Kind, parse, read
from estampe.bounces.reports.feedback import statements

_REPORT = """\
From: Feedback <fbl@isp.example>
To: fbl@example.com
Subject: FW: Hello
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

This is an email abuse report.

--b
Content-Type: {kind}

{fields}

--b
Content-Type: message/rfc822

{copied}Message-ID: <1@example.com>
From: news@example.com
To: {to}
Subject: Hello

Hello
--b--
"""


def _report(
    fields: str, *, copied: str = "", to: str = "tom@example.org", kind: str = "message/feedback-report"
) -> bytes:
    return _REPORT.format(fields=fields, copied=copied, to=to, kind=kind).encode()


def _recipients(mail: bytes) -> list[str]:
    return [each.recipient for each in statements(parse(mail))]


_ABUSE = "Feedback-Type: abuse\nUser-Agent: Loop/1.0\nVersion: 1"


def test_facts() -> None:
    fields = (
        f"{_ABUSE}\nOriginal-Rcpt-To: <kim@example.org>\nArrival-Date: Mon, 30 Nov 2026 11:00:00 +0000\n"
        "Reporting-MTA: dns; mx.isp.example"
    )
    (found,) = statements(parse(_report(fields)))
    assert (found.kind, found.recipient, found.feedback) == (Kind.COMPLAINT, "kim@example.org", "abuse")
    assert (found.agent, found.reporting_mta) == ("Loop/1.0", "mx.isp.example")
    assert found.arrival_ms == 1_796_036_400_000


@pytest.mark.parametrize(
    ("fields", "copied", "to", "recipients"),
    [
        (
            "Original-Rcpt-To: a@b.example\nOriginal-Rcpt-To: c@d.example",
            "",
            "x@y.example",
            ["a@b.example", "c@d.example"],
        ),
        ("Removal-Recipient: a@b.example", "", "x@y.example", ["a@b.example"]),
        ("", "", "Tom <tom@example.org>", ["tom@example.org"]),
        ("", "X-HmXmrOriginalRecipient: kim@example.org\n", "list@example.net", ["kim@example.org"]),
        ("", "Delivered-To: kim@example.org\n", "undisclosed-recipients:;", ["kim@example.org"]),
        ("", "", "undisclosed-recipients:;", [""]),
        ("Original-Rcpt-To: redacted", "", "tom@example.org", ["tom@example.org"]),
    ],
)
def test_who_complains(fields: str, copied: str, to: str, recipients: list[str]) -> None:
    assert _recipients(_report(f"{_ABUSE}\n{fields}".strip(), copied=copied, to=to)) == recipients


def test_part_labelled_as_text() -> None:
    assert _recipients(_report(f"{_ABUSE}\nOriginal-Rcpt-To: kim@example.org", kind="text/plain")) == [
        "kim@example.org"
    ]


@pytest.mark.parametrize("kind", ["fraud", "virus", "opt-out", "auth-failure", "Abuse"])
def test_type_is_told(kind: str) -> None:
    (found,) = statements(parse(_report(f"Feedback-Type: {kind}")))
    assert found.feedback == kind.lower()


def test_welcome_mail_is_no_complaint() -> None:
    assert read(_report("Feedback-Type: not-spam\nUser-Agent: Loop/1.0")) == ()


def test_letter_without_a_feedback_part() -> None:
    mail = (
        b"From: staff@hotmail.com\nSubject: complaint about message from 192.0.2.1\n"
        b'Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: message/rfc822\n\n'
        b"X-HmXmrOriginalRecipient: kim@example.org\nMessage-ID: <1@example.com>\nTo: kim@example.org\n\nHello\n--b--\n"
    )
    (found,) = read(mail)
    assert (found.kind, found.recipient, found.original.message_id) == (
        Kind.COMPLAINT,
        "kim@example.org",
        "1@example.com",
    )


def _notice(**about: object) -> bytes:
    told = {
        "mail": {
            "timestamp": "2026-11-30T11:00:00.000Z",
            "source": "b+token@bounces.example.com",
            "headers": [{"name": "Message-ID", "value": "<1@example.com>"}],
        },
        **about,
    }
    letter = b"From: Notices <no-reply@sns.amazonaws.com>\nSubject: AWS Notification Message\n\n"
    return letter + json.dumps(told).encode() + b"\n\n--\nTo stop this, see https://example.com\n"


def test_notice_of_a_complaint() -> None:
    complaint = {"complainedRecipients": [{"emailAddress": "tom@example.org"}], "complaintFeedbackType": "abuse"}
    (found,) = read(_notice(notificationType="Complaint", complaint=complaint))
    assert (found.kind, found.recipient, found.feedback) == (Kind.COMPLAINT, "tom@example.org", "abuse")
    assert (found.original.message_id, found.original.return_paths[0]) == (
        "1@example.com",
        "b+token@bounces.example.com",
    )


def test_notice_of_a_bounce() -> None:
    person = {"emailAddress": "tom@example.org", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}
    (found,) = read(_notice(notificationType="Bounce", bounce={"bouncedRecipients": [person]}))
    assert (found.kind, found.recipient, found.enhanced) == (Kind.BOUNCE, "tom@example.org", "5.1.1")
    assert (found.basic, found.diagnostic, found.arrival_ms) == (550, "550 5.1.1 user unknown", 1_796_036_400_000)


def test_notice_of_a_delivery() -> None:
    delivery = {"recipients": ["tom@example.org"], "smtpResponse": "250 2.6.0 Ok"}
    (found,) = read(_notice(notificationType="Delivery", delivery=delivery))
    assert (found.kind, found.recipient, found.basic) == (Kind.DELIVERED, "tom@example.org", 250)


@pytest.mark.parametrize(
    "text", ['{"notificationType": "Bounce"', '{"notificationType": 7}', "[" * 50_000 + ' "eventType": {}']
)
def test_broken_notice_is_none(text: str) -> None:
    assert read(f"From: no-reply@sns.amazonaws.com\n\n{text}".encode()) == ()
