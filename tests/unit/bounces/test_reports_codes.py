"""Codes: what programs write into texts for programs, and what only looks like it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estampe.bounces.reports import codes


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<tom@example.org>: host said", ["tom@example.org"]),
        ("to 'tom@example.org', kim@example.net.", ["tom@example.org", "kim@example.net"]),
        ('"tom cat"@example.org', ['"tom cat"@example.org']),
        ("tom@[192.0.2.1]", ["tom@[192.0.2.1]"]),
        ("root@localhost", ["root@localhost"]),
        ("用户@例子.广告", ["用户@例子.广告"]),
        ("@example.org, tom@, @", []),
        ("mailto:tom@example.org", ["tom@example.org"]),
    ],
)
def test_addresses(text: str, found: list[str]) -> None:
    assert list(codes.addresses(text)) == found


@pytest.mark.parametrize(
    ("text", "enhanced", "basic"),
    [
        ("550 5.1.1 User unknown", "5.1.1", 550),
        ("550-5.7.26 This mail is unauthenticated", "5.7.26", 550),
        ("host mx.example.org[192.0.2.1] said: 452-4.2.2 full", "4.2.2", 452),
        ("#550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found ##", "5.1.10", 550),
        ("Sorry, no mailbox here by that name. (#5.1.1)", "5.1.1", None),
        ("SMTP error 554", "", 554),
        ("Exim 4.92.3 on 5.4.3.2 took 550 seconds for 500 MB", "", None),
        ("5.7.1 Refused", "5.7.1", None),
        ("554 5.0.0 wrapped: 550 5.1.1 no", "5.0.0", 554),
        ("mail to 5501@example.org, invoice 550,50", "", None),
        ("", "", None),
    ],
)
def test_status(text: str, enhanced: str, basic: int | None) -> None:
    assert (codes.enhanced(text), codes.basic(text)) == (enhanced, basic)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("said: 550 no (in reply to RCPT TO command)", "RCPT TO"),
        ("said: 554 no (in reply to end of DATA command)", "DATA"),
        ("SMTP error from remote mail server after MAIL FROM:<a@example.com>", "MAIL FROM"),
        ("lost connection with mx.example.org while sending RCPT TO", "RCPT TO"),
        ("while performing the HELO handshake", "HELO"),
        (">>> RCPT To:<tom@example.org>", "RCPT TO"),
        ("after initial connection", ""),
        ("mail was sent", ""),
    ],
)
def test_command(text: str, command: str) -> None:
    assert codes.command(text) == command


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("host mx.example.org[192.0.2.1] said: 550", "mx.example.org"),
        ("connect to mx.example.org[192.0.2.1]:25: Connection timed out", "mx.example.org"),
        ("while talking to mx.example.org.:", "mx.example.org"),
        ("user unknown", ""),
    ],
)
def test_host(text: str, host: str) -> None:
    assert codes.host(text) == host


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("mx.example.org (TCP|192.0.2.1|25)", "mx.example.org"),
        ("[192.0.2.1]", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("localhost", ""),
    ],
)
def test_named_host(text: str, host: str) -> None:
    assert codes.named_host(text) == host


@given(st.text())
def test_one_line_is_one_line(text: str) -> None:
    line = codes.one_line(text)
    assert line == line.strip()
    assert not set("\r\n\t\0") & set(line)
    assert len(line) <= codes.LONGEST_LINE


@pytest.mark.parametrize(
    "piece",
    ["@", "a", "a.", "550 ", "5.1.", "after ", "host ", "connection with ", "end of ", "1:", '"a', "server for the"],
)
def test_time_is_linear(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    begun = time.process_time()
    list(codes.addresses(text))
    for find in (codes.enhanced, codes.basic, codes.command, codes.host, codes.named_host, codes.one_line):
        find(text)
    assert time.process_time() - begun < 5
