"""Codes: what programs write into texts for programs: status codes, addresses, hosts and commands.

All is found in time linear in the text: each quantifier has a limit, and addresses are looked for at each `@` only.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_LINE = 2_000
"""How much of what was said is kept, characters."""

_LOCAL = 64  # RFC 5321 section 4.5.3.1.1
_DOMAIN = 255

_BEFORE = re.compile(r"[^\s<>()\[\],;:\"\\@\x00-\x1f\x7f]{1,64}")
_QUOTED = re.compile(r'"([^"\n@]{1,62})"$')
_NUMBERED = re.compile(r"\[[0-9A-Za-z.:]{2,60}\]")
_AFTER = re.compile(r"[^\s<>()\[\],;:\"\\@\x00-\x1f\x7f]{1,255}")
_MARKS = "'`*./|"
_ENDS = ".-'`*!?|="

_ENHANCED = r"[245]\.[0-9]{1,3}\.[0-9]{1,3}(?!\.?[0-9])"
_AFTER_REPLY = re.compile(rf"(?<![0-9.])[245][0-9]{{2}}[ -]{{1,3}}[#(\[]{{0,2}}({_ENHANCED})", re.ASCII)
_MARKED = re.compile(rf"(?:#|\(|\[|status[:= ]{{0,2}}|code[:= ]{{0,2}})({_ENHANCED})", re.ASCII | re.IGNORECASE)
_BARE = re.compile(r"(?<![0-9A-Za-z._/-])([45]\.[0-7]\.[0-9]{1,3})(?![.-]?[0-9A-Za-z])", re.ASCII)
_WHOLE = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}", re.ASCII)

_NAMED = re.compile(r"[^\s@]{0,64}@[^\s@]{1,255}")
_VAGUE = re.compile(r"[245]\.[0-9]{1,3}\.0|[45]\.5\.[0-9]{1,3}|[45]\.4\.7", re.ASCII)
_WORD = re.compile(r"[^\W\d_]{3}")

_UNITS = (
    r"(?:[kmg]i?b|bytes?|octets|kilo|mega|seconds?|minutes?|hours?|days?|messages?|recipients?|mails?|users?|times)\b"
)
_REPLY = re.compile(
    rf"(?<![0-9A-Za-z.,/@=_+-])([45][0-5][0-9])(?![0-9A-Za-z@/:_]|[.,][0-9]|[ -]{{0,2}}{_UNITS})",
    re.ASCII | re.IGNORECASE,
)
_LEADING_REPLY = re.compile(r"[\s\"'<(]{0,8}([2-5][0-9]{2})(?:[ \-#.\"')]|$)", re.ASCII)

_COMMANDS = {
    "helo": "HELO",
    "ehlo": "EHLO",
    "lhlo": "LHLO",
    "starttls": "STARTTLS",
    "auth": "AUTH",
    "mail": "MAIL FROM",
    "rcpt": "RCPT TO",
    "data": "DATA",
    "bdat": "BDAT",
    "quit": "QUIT",
    "connect": "CONNECT",
    "greeting": "CONNECT",
}
_VERB = rf"(?:end of |pipelined |the |smtp |initial |an? ){{0,4}}({'|'.join(_COMMANDS)})"
_COMMAND = re.compile(
    rf"(?:\b(?:response|reply) to|\bwhile (?:sending|receiving|performing)|\bafter(?: sending)?|\bduring|\bsent|"
    rf"\bsmtp command|^\s{{0,8}}>>>) {_VERB}\b",
    re.IGNORECASE | re.MULTILINE,
)
_TRAILING = re.compile(r"\b(HELO|EHLO|LHLO|STARTTLS|AUTH|MAIL|RCPT|DATA|BDAT)(?: FROM| TO)? command\b")

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62}[A-Za-z0-9])?){1,12}"
_HOST = re.compile(_NAME)
_NUMBER = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}")
_SAYER = re.compile(
    r"(?:\bhost|talking to|connect(?:ed)? to|connection (?:with|to)|conversation with|server for the recipient domain "
    r"\S{1,255} by|remote (?:mta|server|host|system)|mail ?server|generating server|lmtp server|(?:response|reply|"
    r"error) from|\bmx)\s{0,3}(?:is|was|:|=|dns;|smtp;)?\s{0,3}"
    rf"[<\[(\"']?({_NAME}|[0-9]{{1,3}}(?:\.[0-9]{{1,3}}){{3}})",
    re.IGNORECASE,
)

_BLANKS = re.compile(r"[\s\x00-\x1f\x7f\u200b\ufeff]{1,1000}")


def addresses(text: str) -> Iterator[str]:
    """Yield the mail addresses in a text, in order and as they are written, without brackets."""
    at = text.find("@")
    while at >= 0:
        if (found := _around(text, at)) is not None:
            yield found
        at = text.find("@", at + 1)


def address(text: str) -> str:
    """Return the first mail address in a text, empty for none."""
    return next(addresses(text), "")


def _around(text: str, at: int) -> str | None:
    before = text[max(0, at - _LOCAL) : at]
    if quoted := _QUOTED.search(before):
        local = quoted[0]
    else:
        found = _BEFORE.match(before[::-1])
        local = found[0][::-1].lstrip(_MARKS) if found else ""
    after = text[at + 1 : at + 1 + _DOMAIN]
    domain = _NUMBERED.match(after) or _AFTER.match(after)
    if not local or not domain:
        return None
    name = domain[0].rstrip(_ENDS)
    return f"{local}@{name}" if name else None


def is_enhanced(code: str) -> bool:
    """Return whether all of a text is an enhanced status code (RFC 3463)."""
    return _WHOLE.fullmatch(code) is not None


def is_vague(code: str) -> bool:
    """Return whether an enhanced status code says little of why: no detail, the protocol at fault, or time is up."""
    return _VAGUE.fullmatch(code) is not None


def has_words(text: str) -> bool:
    """Return whether a text says something in words, not only in codes and addresses."""
    return _WORD.search(_NAMED.sub("", text)) is not None


def enhanced(text: str) -> str:
    """Return the enhanced status code that a text tells (RFC 3463); empty for none.

    One after a reply code is surest, then one that is marked; numbers of versions and of networks are none.
    """
    return next(all_enhanced(text), "")


def all_enhanced(text: str) -> Iterator[str]:
    """Yield the enhanced status codes that a text tells, the surest first."""
    for pattern in (_AFTER_REPLY, _MARKED, _BARE):
        yield from (found[1] for found in pattern.finditer(text))


def basic(text: str) -> int | None:
    """Return the SMTP reply code that a text tells (RFC 5321 section 4.2); None for none."""
    found = _LEADING_REPLY.match(text) or _REPLY.search(text)
    return int(found[1]) if found else None


def command(text: str) -> str:
    """Return the SMTP command that a text says was answered, such as `RCPT TO`; `CONNECT` before any; empty: none."""
    found = _COMMAND.search(text) or _TRAILING.search(text)
    return _COMMANDS[found[1].lower()] if found else ""


def host(text: str) -> str:
    """Return the server that a text says it was that answered, or that did not; empty for none."""
    found = _SAYER.search(text)
    return found[1].rstrip(".") if found else ""


def named_host(text: str) -> str:
    """Return the first thing in a text that can be the name of a host, or else its number; empty for none."""
    numbered = _NUMBER.search(text)
    named = next((each[0] for each in _HOST.finditer(text[:1_000]) if not each[0][-1].isdigit()), "")
    return named or (numbered[0] if numbered else "")


def one_line(text: str) -> str:
    """Return a text as one line, of at most `LONGEST_LINE` characters."""
    return _BLANKS.sub(" ", text[: 2 * LONGEST_LINE]).strip()[:LONGEST_LINE].rstrip()
