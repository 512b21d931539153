"""Originals: what names the message that a report is about."""

from __future__ import annotations

import time

import pytest

from estampe.bounces.reports import Original, parse
from estampe.bounces.reports.original import original

_STAMP = "6d0f2f5e-1111-4222-8333-444455556666"
_ID = "1.2@mail.example.com"
_HEADER = f"""\
Return-Path: <b+c2lnbmVk.x1@bounces.example.com>
Received: from a by b; Mon, 30 Nov 2026 12:00:00 +0100
Message-ID: <{_ID}>
X-Estampe-Stamp: {_STAMP}
Subject: Hello
From: News <news@example.com>
To: tom@example.org
"""
_PATH = "b+c2lnbmVk.x1@bounces.example.com"
_REPORT = """\
From: MAILER-DAEMON@mx.example.net
To: someone@example.com
Subject: failure
Content-Type: multipart/mixed; boundary="b"

--b

Sorry.

--b
{copy}
--b--
"""


def _about(mail: str) -> Original:
    return original(parse(mail.encode()))


def _plain(body: str) -> str:
    return f"From: MAILER-DAEMON@mx.example.net\nTo: someone@example.com\nSubject: failure\n\nSorry.\n\n{body}"


def _indented(mark: str) -> str:
    return "".join(f"{mark}{line}\n" for line in _HEADER.splitlines())


COPIES = {
    "whole": _REPORT.format(copy=f"Content-Type: message/rfc822\n\n{_HEADER}\nHello Tom"),
    "header only": _REPORT.format(copy=f"Content-Type: text/rfc822-headers\n\n{_HEADER}"),
    "cut off": _REPORT.format(copy=f"Content-Type: message/rfc822\n\n{_HEADER}").replace("--b--\n", ""),
    "folded badly": _REPORT.format(copy=f"Content-Type: message/rfc822\n\n{_HEADER.replace('by b', chr(10) + 'by b')}"),
    "part without a header": _REPORT.format(copy=f"{_HEADER}\nHello Tom"),
    "below a line": _plain(f"--- Below this line is a copy of the message.\n\n{_HEADER}\nHello"),
    "below a long line": _plain(
        f"------ This is a copy of the message, including all the headers. ------\n\n{_HEADER}\nHello"
    ),
    "original headers": _plain(f"Original message headers:\n\n{_HEADER}"),
    "unsent": _plain(f"   ----- Unsent message follows -----\n{_HEADER}\nHello"),
    "quoted": _plain(f"Original message follows.\n\n{_indented('> ')}"),
    "indented": _plain(f"The header of the original message follows:\n\n{_indented('    ')}"),
    "without a word on it": _plain(f"Your mail:\n\n{_HEADER}\nHello"),
    "CRLF": _REPORT.format(copy=f"Content-Type: message/rfc822\n\n{_HEADER}\nHello Tom").replace("\n", "\r\n"),
}


@pytest.mark.parametrize("name", COPIES)
def test_copy(name: str) -> None:
    found = _about(COPIES[name])
    assert (found.message_id, found.stamp, found.subject) == (_ID, _STAMP, "Hello")
    assert found.return_paths[0] == _PATH


def test_where_the_report_went_is_a_return_path() -> None:
    found = _about(f"Delivered-To: {_PATH}\nX-Original-To: other@example.com\nTo: <third@example.com>\n\nSorry.")
    assert found.return_paths == (_PATH, "other@example.com", "third@example.com")


def test_what_looks_like_ours_comes_first() -> None:
    found = _about(f"To: other@example.com\nReceived: from x by y for <{_PATH}>; now\n\nSorry.")
    assert found.return_paths == (_PATH, "other@example.com")


def test_who_failed_is_no_return_path() -> None:
    found = _about("To: other@example.com\nX-Failed-Recipients: tom@example.org\n\nSorry.")
    assert found.return_paths == ("other@example.com",)


def test_sender_that_postfix_tells() -> None:
    copy = (
        f"Content-Type: message/delivery-status\n\nX-Postfix-Sender: rfc822; {_PATH}\n\nFinal-Recipient: rfc822; a@b.c"
    )
    assert _about(_REPORT.format(copy=copy)).return_paths[0] == _PATH


@pytest.mark.parametrize("name", ["In-Reply-To", "X-Original-Message-ID", "References"])
def test_fields_of_a_reply_name_the_message(name: str) -> None:
    assert _about(f"From: tom@example.org\n{name}: <{_ID}>\n\nI am away.").message_id == _ID


def test_last_reference_is_the_nearest() -> None:
    assert _about(f"References: <first@example.com> <{_ID}>\n\nI am away.").message_id == _ID


def test_copy_outweighs_the_reports_own_fields() -> None:
    assert _about(f"References: <0@example.com>\n{COPIES['whole']}").message_id == _ID


def test_nothing_is_named() -> None:
    assert _about("Subject: hello\n\nHello.") == Original()


def test_few_of_many_candidates_are_kept() -> None:
    many = ", ".join(f"b+{number}@example.com" for number in range(5_000))
    assert len(_about(f"To: {many}\n\n{many}").return_paths) <= 20


@pytest.mark.parametrize("unit", ["a", ".", "<", "a<", "\u00e9"])
def test_a_message_id_that_is_none_takes_no_time(unit: str) -> None:
    copy = f"Message-ID: {unit * (240_000 // len(unit.encode()))}\n\n".encode()
    mail = parse(b"Subject: Undelivered\nContent-Type: message/rfc822\n\n" + copy)
    begin_s = time.process_time()

    assert not original(mail).message_id

    assert time.process_time() - begin_s < 0.5
