"""What relays answer, in words for events and logs."""

from __future__ import annotations

import re

import aiosmtplib

_DIAGNOSTIC = 1_000
"""Characters of an answer that are kept."""

_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s+|$)", re.ASCII)


def split(answer: str) -> tuple[str, str]:
    """Return an answer's enhanced code, which stands before each of its lines (RFC 2034), and the rest."""
    lines = answer.split("\n")
    first = _ENHANCED.match(lines[0])
    if first is None:
        return "", printable(answer)
    matches = ((line, _ENHANCED.match(line)) for line in lines)
    rest = (line[match.end() :] if match and match[1] == first[1] else line for line, match in matches)
    return first[1], printable(" ".join(rest))


def printable(text: str) -> str:
    """Return a text without controls, each run of blanks one, its undecodable bytes replaced, and not too long."""
    readable = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(filter(str.isprintable, " ".join(readable.split())))[:_DIAGNOSTIC]


def said(code: int, answer: str) -> str:
    """Write an answer in one line."""
    return f"{code} {printable(answer)}"


def reason(exc: Exception) -> str:
    """Write in one line what aiosmtplib or the system says."""
    if isinstance(exc, aiosmtplib.SMTPResponseException) and exc.code > 0:
        return said(exc.code, exc.message)
    return printable(getattr(exc, "message", "") or str(exc)) or type(exc).__name__
