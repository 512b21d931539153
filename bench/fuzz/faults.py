"""Faults: mails broken by chance, and what is wrong with what is read from them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from estampe.bounces.reading import explained, findings
from estampe.bounces.reports import MailTooLarge

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from estampe.bounces.reports import Report

LONGEST = {"recipient": 512, "diagnostic": 4_000, "mta": 512, "reporting_mta": 512, "command": 512, "feedback": 512}
_ENHANCED = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}")
_ALONE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SPACE = re.compile(r"\s")
_BASIC = range(200, 600)
_PIECES = (
    b"\r",
    b"\r\n",
    b"\n\n",
    b"\0",
    b"\xff\xfe",
    b"\x1b$B",
    b" ",
    b"=",
    b"=?utf-8?b?",
    b"?=",
    b"<",
    b">",
    b"<a@b.example>",
    b"--",
    b"550 5.1.1 ",
    b"&#",
    b"Content-Type: multipart/report; boundary=b\n\n--b\n",
    b"Content-Type: message/rfc822\n\n",
    b"Content-Type: message/delivery-status\n\n",
    b"Content-Transfer-Encoding: base64\n",
    b"Content-Transfer-Encoding: quoted-printable\n",
    b"; charset=utf-7",
    b"Final-Recipient: rfc822; ",
    b"Status: ",
    b"Diagnostic-Code: smtp; ",
)


def faults(octets: bytes) -> Iterator[str]:
    """Yield what is wrong with what is read from a mail, in words; nothing if all is well-formed."""
    try:
        found = findings(octets)
    except MailTooLarge:
        return
    for each in found:
        explained(each)
        yield from _faults(each.report)


def _faults(report: Report) -> Iterator[str]:
    if _SPACE.search(report.recipient):
        yield f"a recipient with space: {report.recipient!r}"
    if report.enhanced and not _ENHANCED.fullmatch(report.enhanced):
        yield f"no enhanced status code: {report.enhanced!r}"
    if report.basic is not None and report.basic not in _BASIC:
        yield f"no reply code: {report.basic}"
    for name, longest in LONGEST.items():
        value = getattr(report, name)
        if _ALONE.search(value):
            yield f"{name} is not one line of text: {value[:200]!r}"
        if len(value) > longest:
            yield f"{name} has {len(value)} characters"


def broken(octets: bytes, chance: random.Random) -> bytes:
    """Return a mail with some lines left out, doubled, moved, cut or mixed with what readers look for."""
    lines = octets.splitlines(keepends=True) or [b""]
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(lines))
        other = chance.randrange(len(lines))
        match chance.randrange(8):
            case 0:
                del lines[at : at + chance.randint(1, 4)]
                lines = lines or [b""]
            case 1:
                lines[at:at] = lines[other : other + chance.randint(1, 8)]
            case 2:
                lines[at], lines[other] = lines[other], lines[at]
            case 3:
                lines[at] = lines[at][: chance.randint(0, len(lines[at]))]
            case 4:
                lines[at] *= chance.randint(2, 40)
            case 5:
                lines[at] = lines[at].rstrip(b"\r\n") + chance.choice((b"\n", b"\r", b"\r\n", b"", b"\r\r\n"))
            case _:
                cut = chance.randint(0, len(lines[at]))
                lines[at] = lines[at][:cut] + chance.choice(_PIECES) + lines[at][cut:]
    return b"".join(lines)
