"""Reading: reports of all forms joined, and nothing from mails that report nothing."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estampe.bounces.reports import Kind, Limits, read
from estampe.bounces.reports.codes import is_enhanced

_STATUS = """\
Return-Path: <>
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
To: b+token@bounces.example.com
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

This is the mail system at host mx.example.net.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

{human}

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

{status}

--b
Content-Type: text/rfc822-headers

Message-ID: <1@example.com>
From: news@example.com
To: tom@example.org

--b--
"""
_TOM = "Final-Recipient: rfc822; tom@example.org\nAction: failed\nStatus: 5.1.1\n"


def _report(status: str, human: str = "") -> bytes:
    return _STATUS.format(status=status, human=human).encode()


def test_words_complete_a_status_that_has_none() -> None:
    human = (
        "<tom@example.org>: host mx.example.org[192.0.2.1] said: 550 5.1.1 No such user (in reply to RCPT TO command)"
    )
    (found,) = read(_report(_TOM, human))
    assert (found.format, found.enhanced, found.basic) == ("rfc3464", "5.1.1", 550)
    assert "No such user" in found.diagnostic
    assert (found.mta, found.command) == ("mx.example.org", "RCPT TO")


def test_one_report_for_each_recipient_in_order() -> None:
    status = "\n\n".join(
        f"Final-Recipient: rfc822; {name}@example.org\nAction: failed\nDiagnostic-Code: smtp; 550 5.1.1 no {name}"
        for name in ("tom", "kim", "TOM", "ann")
    )
    assert [each.recipient for each in read(_report(status))] == [
        "tom@example.org",
        "kim@example.org",
        "ann@example.org",
    ]


def test_recipient_that_nothing_names_is_whom_the_message_was_written_to() -> None:
    (found,) = read(_report("Action: failed\nStatus: 5.2.2\nDiagnostic-Code: smtp; 552 5.2.2 Mailbox full"))
    assert (found.recipient, found.enhanced, found.basic) == ("tom@example.org", "5.2.2", 552)


def test_original_is_told_with_each_report() -> None:
    (found,) = read(_report(_TOM))
    assert found.original.message_id == "1@example.com"
    assert found.original.return_paths[0] == "b+token@bounces.example.com"


def test_recipients_beyond_the_limit_are_left_out() -> None:
    status = "\n\n".join(
        f"Final-Recipient: rfc822; u{number}@example.org\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 no"
        for number in range(1_500)
    )
    assert len(read(_report(status))) == Limits().reports
    assert len(read(_report(status), Limits(reports=3))) == 3


def test_diagnostic_is_one_line_of_limited_length() -> None:
    (found,) = read(_report(f"{_TOM}Diagnostic-Code: smtp; 550 " + "a\n  b " * 3_000))
    assert len(found.diagnostic) <= 2_000
    assert "\n" not in found.diagnostic


def test_delivered_is_delivered() -> None:
    (found,) = read(_report("Final-Recipient: rfc822; tom@example.org\nAction: delivered\nStatus: 2.0.0\n"))
    assert found.kind is Kind.DELIVERED


_FORWARDED = """\
> From: MAILER-DAEMON@mx.example.net
> Subject: Undelivered Mail Returned to Sender
>
> <tom@example.org>: host mx.example.org[192.0.2.1] said: 550 5.1.1 User unknown
"""

ORDINARY = {
    "newsletter": (
        "From: News <news@shop.example>\nList-Unsubscribe: <https://shop.example/u>\nSubject: Winter sale",
        "50 % off!",
    ),
    "newsletter on delivery": (
        "From: news@shop.example\nList-Id: n.shop.example\nSubject: Delivery failed? Never again",
        "We deliver.",
    ),
    "forwarded bounce": (
        "From: Kim <kim@example.org>\nSubject: Fwd: Undelivered Mail Returned to Sender",
        f"Why?\n\n{_FORWARDED}",
    ),
    "answer that quotes a bounce": (
        "From: Kim <kim@example.org>\nSubject: Re: delivery failure",
        f"I fixed it.\n\n{_FORWARDED}",
    ),
    "question on a bounce": (
        "From: Kim <kim@example.org>\nSubject: mail problem",
        "I get 550 5.1.1 User unknown for tom@example.org, why?",
    ),
    "inline forward": (
        "From: Kim <kim@example.org>\nSubject: FW: failure notice",
        (
            "-----Original Message-----\nFrom: MAILER-DAEMON@mx.example.net\n\nHi. This is the qmail-send program."
            "\n\n<tom@example.org>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 no such user"
        ),
    ),
    "bounce attached": (
        'From: Kim <kim@example.org>\nSubject: Fwd: failure\nContent-Type: multipart/mixed; boundary="x"',
        f"--x\n\nWhat is this?\n\n--x\nContent-Type: message/rfc822\n\n{_STATUS.format(status=_TOM, human='')}\n--x--",
    ),
    "complaint attached": (
        'From: Kim <kim@example.org>\nSubject: Fwd: abuse\nContent-Type: multipart/mixed; boundary="x"',
        (
            "--x\n\nWhat is this?\n\n--x\nContent-Type: message/rfc822\n\n"
            "From: fbl@isp.example\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n--x--"
        ),
    ),
    "digest": (
        (
            "From: postfix-users-request@lists.example\nList-Id: <postfix-users.lists.example>\nPrecedence: list\n"
            "Subject: postfix-users Digest, Vol 3"
        ),
        "Today's topics:\n  1. 550 5.1.1 User unknown (Kim)\n  2. mailer-daemon loops (Tom)",
    ),
    "list mail": (
        "From: Kim <kim@example.org>\nList-Post: <mailto:l@example.net>\nSubject: [l] bounce handling",
        "Action: failed means so.",
    ),
    "cron": (
        "From: root@host.example (Cron Daemon)\nAuto-Submitted: auto-generated\nSubject: Cron <root@host> backup",
        "rsync: failed: 23",
    ),
    "log report": (
        "From: root@host.example\nSubject: Logwatch for host.example",
        "postfix/smtp: to=<tom@example.org>, dsn=5.1.1, status=bounced (host said: 550 user unknown)\n" * 5,
    ),
    "statistics": (
        "From: pflogsumm@host.example\nSubject: postfix report",
        "message bounce detail\n  550 User unknown: 12\n  tom@example.org",
    ),
    "order confirmation": (
        "From: orders@shop.example\nSubject: Your order 550-123",
        "Thank you, tom@example.org. Delivery on Monday.",
    ),
    "parcel": (
        "From: info@post.example\nSubject: Delivery attempt failed",
        "Your parcel could not be delivered. Pick it up at the post office.",
    ),
    "invoice": (
        "From: billing@host.example\nAuto-Submitted: auto-generated\nSubject: Invoice 5.1.1",
        "Amount: 550 EUR",
    ),
    "password reset": (
        "From: no-reply@app.example\nAuto-Submitted: auto-generated\nSubject: Reset your password",
        "For tom@example.org",
    ),
    "two-factor code": ("From: no-reply@app.example\nSubject: 554100 is your code", "Your code: 554100"),
    "spam": (
        "From: Prince <p@spam.example>\nSubject: URGENT delivery of your fund",
        "Contact kim@spam.example for $ 5.500.000",
    ),
    "phish as a bounce": (
        "From: Admin <admin@spam.example>\nSubject: Your mailbox is full",
        "Click https://spam.example to keep tom@example.org",
    ),
    "calendar": (
        "From: Kim <kim@example.org>\nSubject: Accepted: Meeting\nContent-Type: text/calendar; method=REPLY",
        "BEGIN:VCALENDAR\nEND:VCALENDAR",
    ),
    "person's reply": (
        "From: Kim <kim@example.org>\nIn-Reply-To: <1@example.com>\nSubject: Re: Hello",
        "Thanks! See you.\n\n> Hello\n",
    ),
    "reply on holiday": ("From: Kim <kim@example.org>\nSubject: Re: holiday plans", "I am on vacation in May."),
    "read receipt": (
        (
            "From: Kim <kim@example.org>\nSubject: Read: Hello\n"
            'Content-Type: multipart/report; report-type=disposition-notification; boundary="b"'
        ),
        (
            "--b\n\nYour message was read.\n\n--b\nContent-Type: message/disposition-notification\n\n"
            "Final-Recipient: rfc822; kim@example.org\nOriginal-Message-ID: <1@example.com>\n"
            "Disposition: manual-action/MDN-sent-manually; displayed\n\n--b--"
        ),
    ),
    "ticket": (
        "From: Support <support@host.example>\nSubject: [#5501] Mail problem",
        "We look into 'User unknown' for tom@example.org.",
    ),
    "monitoring": (
        "From: nagios@host.example\nSubject: ** PROBLEM: SMTP is CRITICAL **",
        "Connection refused by mx.example.org port 25",
    ),
    "code review": (
        "From: bot@git.example\nSubject: [app] Fix 550 handling (#12)",
        "+    raise Refused(550, '5.1.1 User unknown')",
    ),
    "job application": (
        "From: Kim <kim@example.org>\nSubject: Application as postmaster",
        "I ran Postfix for 5 years.",
    ),
    "unsubscription": ("From: Kim <kim@example.org>\nSubject: unsubscribe", "Please remove kim@example.org"),
    "DMARC aggregate": ("From: noreply-dmarc@isp.example\nSubject: Report domain: example.com", "See the attachment."),
    "spam digest": (
        "From: quarantine@host.example\nSubject: Quarantine summary",
        "3 messages to tom@example.org were blocked",
    ),
    "empty": ("From: Kim <kim@example.org>\nSubject:", ""),
    "no header": ("", "Hello Tom, user unknown is a nice band name. kim@example.org"),
    "old text": (
        "From: Kim <kim@example.org>\nSubject: RFC 3464",
        "The fields are:\n\nFinal-Recipient: rfc822; tom@example.org\nAction: failed\n",
    ),
}


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_mail_reports_nothing(name: str) -> None:
    head, body = ORDINARY[name]
    assert read(f"{head}\nTo: tom@example.com\n\n{body}\n".encode()) == ()


@given(st.binary(max_size=2_000))
def test_any_bytes_are_read(octets: bytes) -> None:
    read(octets)


_PIECES = st.sampled_from(
    [
        "\n\n",
        "\n",
        " ",
        "Final-Recipient: rfc822; a@b.example",
        "Action: failed",
        "Status: 5.x",
        "Status: 9.9.9",
        "Diagnostic-Code: smtp; 550 5.1.1 no",
        "Feedback-Type: abuse",
        "Message-ID: <x@y>",
        "--b",
        "Content-Type: message/rfc822",
        "@",
        "{",
        "\x00",
        "é",
    ]
)


@given(st.lists(_PIECES, max_size=60).map("".join))
def test_what_is_read_is_well_formed(body: str) -> None:
    for found in read(_report(body)):
        assert not found.enhanced or is_enhanced(found.enhanced)
        assert found.basic is None or 200 <= found.basic <= 599
        assert "\n" not in found.diagnostic
        assert not set("<>\n ") & set(found.recipient)


@pytest.mark.parametrize(
    "body",
    [
        "@" * 900_000,
        "a@" * 400_000,
        "Final-Recipient: " * 50_000,
        "b+" * 400_000,
        "<" * 900_000,
        "Status: 5.1.1\n" * 60_000,
        "> " * 400_000,
    ],
    ids=lambda body: body[:8].strip(),
)
def test_hostile_texts_take_no_longer_than_others(body: str) -> None:
    begun = time.process_time()
    read(_report(body, body))
    assert time.process_time() - begun < 5


def test_code_that_says_little_gives_way_to_the_words() -> None:
    status = "Final-Recipient: rfc822; tom@example.org\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550"
    human = (
        "<tom@example.org>: host mx.example.org[192.0.2.1] said: 552 5.2.2 Mailbox full (in reply to RCPT TO command)"
    )
    (found,) = read(_report(status, human))
    assert (found.enhanced, found.basic) == ("5.2.2", 550)
    assert "Mailbox full" in found.diagnostic


def test_address_alone_is_nothing_said() -> None:
    (found,) = read(_report(_TOM, "Delivery to the following recipients failed.\n\n       tom@example.org\n"))
    assert not found.diagnostic.startswith("tom@example.org")
