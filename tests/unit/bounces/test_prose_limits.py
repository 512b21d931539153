# ruff: noqa: E501  many in a line
"""No text, however it is made, keeps the reader of free text busy for long."""

import time

import pytest

from estampe.bounces.reports import parse
from estampe.bounces.reports.prose import statements
from estampe.bounces.reports.prose.formats import FORMATS

HEAD = "Return-Path: <>\nFrom: Mail Daemon <mailer-daemon@mx.example.net>\nSubject: Undeliverable\n\n"
LARGEST = 70_000
LONGEST_S = 3.0

UNITS = (
    "a", "@", " ", "\n", "\t", "-", "-\n", "[", '"', '"a@', "a.", "1.", "5.1.1 ", "550 ", "550-", "550-\n", "a@b ", "<a@b>\n",
    "a@b:\n", "的@", "a:\n", "a: b\n\n", "X-A: b\n\nc\n", "Received: x\n", "To: a@b\nSubject: x\n", ">>> RCPT TO:<a@b>\n",
    "550 5.1.1 <a@b>\n", "(in reply to ", "(expanded from ", "<mailto:", "learn more at http://", "host ", "host a.b",
    "a.b[1.2.3.4", "while talking to ", "remote server ", "server for ", "rejected by the server for the recipient domain a by ",
    "generating server: ", "not delivered ", "original message ", "error message ", "<<< 550 ", "because ", "recipient ",
)  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_repetition_takes_no_time(unit: str) -> None:
    signs = "\n".join(sign for row in FORMATS for sign in row.signs)
    mails = [parse(f"{HEAD}{before}{unit * (LARGEST // len(unit))}".encode()) for before in ("", f"{signs}\n")]
    begin = time.process_time()

    for mail in mails:
        statements(mail)

    assert time.process_time() - begin < LONGEST_S


def test_recipients_are_read_up_to_a_thousand() -> None:
    listed = "".join(f"<p{number}@example.org>: 550 5.1.1 Unknown\n" for number in range(1_500))

    assert len(statements(parse(f"{HEAD}Not delivered:\n\n{listed}".encode()))) == 1_000


def test_many_recipients_may_share_a_reason() -> None:
    listed = "".join(f"<p{number}@example.org>\n" for number in range(1_500))

    found = statements(parse(f"{HEAD}Not delivered:\n\n{listed}\n550 5.1.1 Unknown\n".encode()))

    assert len(found) == 1_000
    assert {each.diagnostic for each in found} == {"550 5.1.1 Unknown"}


def test_many_recipients_of_whom_nothing_is_said_take_no_time() -> None:
    listed = "".join(f"p{number}@{number}.example\n" for number in range(3_000))
    mail = parse(f"{HEAD}Your message could not be delivered to:\n\n{listed}".encode())
    begin = time.process_time()

    assert len(statements(mail)) == 1_000

    assert time.process_time() - begin < LONGEST_S
