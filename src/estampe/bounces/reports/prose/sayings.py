# ruff: noqa: RUF001  words of many languages
"""Sayings: from lines about a recipient to what was said there, in one line, with its codes, server and command."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from estampe.bounces.reports.prose.addresses import ADDRESS
from estampe.bounces.reports.prose.phrases import CHATTER

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST = 2_000
_LINES = 60
_SHORT = 200

_REPLY = re.compile(
    r"(?:^[ >*-]{0,40}(?:(?:received:? )?<<<|<--?|S:)? {0,8}|[:;>'\"(\[#=,\uff1a] {0,4}|"
    r"\b(?:code|error|reply|status|response|responsecode|answer|answered|with|said|returned|smtp|talk to me|was) {1,4}"
    r"(?:was|is|of|code)? {0,4}:? {0,4})"
    r"([45][0-7][0-9])(?=[ :;,.#\])\"'-]|$)(?!(?:\.[0-9]+){1,3}\b)(?! [a-z]{0,8}(?:seconds|hours|days|bytes|minutes))",
    re.IGNORECASE | re.MULTILINE | re.ASCII,
)
_ENHANCED = re.compile(r"(?<![\w./-])([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![\w/]|\.[0-9])", re.ASCII)
_DIGITS = re.compile(r"[245][0-9.]")
"""What every code begins with: most lines have none."""

_FOLDED_REPLY = re.compile(
    r"\n[ >]{0,40}(?:<<< {0,8})?[45][0-9]{2}[ -](?:#?[245]\.[0-9]{1,3}\.[0-9]{1,3}(?=[ \n]) ?)?", re.ASCII
)
_HOST = r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}(?:\.[A-Za-z0-9_-]{1,63}){1,20}"
_ADDRESS_OF_HOST = r"\[?[0-9]{1,3}(?:\.[0-9]{1,3}){3}\]?|\[(?:IPv6:)?[0-9A-Fa-f:.]{3,45}\]"


class _Sought(NamedTuple):
    """What is looked for in a text, and pieces, in small letters, without one of which it is not there."""

    pieces: tuple[str, ...]
    pattern: re.Pattern[str]

    def search(self, text: str, small: str) -> re.Match[str] | None:
        """Look for it in a text that is given in small letters too."""
        return self.pattern.search(text) if any(piece in small for piece in self.pieces) else None


_SERVERS = tuple(
    _Sought(
        tuple(pieces.split("|")),
        re.compile(pattern.replace("HOST", f"({_HOST}|{_ADDRESS_OF_HOST})"), re.IGNORECASE | re.MULTILINE),
    )
    for pieces, pattern in (
        ("host", r"\bhost:? {1,4}HOST"),
        ("while talking to", r"\bwhile talking to:? {1,4}HOST"),
        ("remote ", r"\bremote (?:host|system|server|mta|mail server)(?: \(|:)? {1,4}(?:dns ?; ?)?HOST"),
        ("remote-mta", r"\bremote-mta: {0,4}(?:dns ?; ?)?HOST"),
        ("rejected by", r"\brejected by (?:the server for the recipient domain [^\s]{1,255} by )?HOST"),
        ("server", r"\bserver(?: for [^\s]{1,255})? {1,4}HOST"),
        (
            "connect|talking to|delivery to|giving up on|response from|mx ",
            r"\b(?:connect(?:ed|ing|ion)? (?:to|with)|talking to|delivery to|giving up on|response from|mx) {1,4}HOST",
        ),
        (
            "not like|rejected|failed|said|answered",
            r"^[ <]{0,40}HOST (?:\[[^\]\n]{1,60}\] )?(?:does not like|did not like|rejected|failed|said|answered)",
        ),
        (
            "gave this error|rejected your message|returned|said",
            r"^[ ]{0,40}HOST (?:gave this error|rejected your message|returned|said)",
        ),
        (
            "the following org|mail system at|mail server|the server",
            r"\bthe (?:following organization|mail system at|mail server|server) {0,4}:? {0,4}HOST",
        ),
        ("reason |error ", r"\b(?:reason|error) (?:from|by|at) {1,4}HOST"),
        ("[", r"[\s(]HOST\[[0-9.]{7,15}\]"),
    )
)
_COMMANDS = (
    (
        "RCPT TO",
        _Sought(
            ("rcpt", "like recipient", "to: command", "recipients"),
            re.compile(
                r"\bRCPT(?:[ _]TO\b|[ _]command|\b)|does not like recipient|TO: command|"
                r"<<< 50[35] (?:5\.5\.1 )?no (?:valid )?recipients",
                re.IGNORECASE,
            ),
        ),
    ),
    (
        "MAIL FROM",
        _Sought(
            ("mail from", "mail_from", "mail command", "sender was rejected"),
            re.compile(r"\bMAIL[ _]FROM\b|\bMAIL command|sender was rejected", re.IGNORECASE),
        ),
    ),
    (
        "DATA",
        _Sought(
            ("data", "text command", "after i sent"),
            re.compile(r"\b(?:end of )?DATA\b(?! port)|TEXT command|after I sent the message|failed after I sent"),
        ),
    ),
    (
        "EHLO",
        _Sought(
            ("ehlo", "helo", "hhlo", "eelo", "name was rejected"), re.compile(r"\b[EH][EH]LO\b|my name was rejected")
        ),
    ),
    ("STARTTLS", _Sought(("starttls",), re.compile(r"\bSTARTTLS\b"))),
    (
        "CONNECT",
        _Sought(
            ("initial connection", "to talk to me", "initial server"),
            re.compile(r"initial connection|refused to talk to me|initial server greeting", re.IGNORECASE),
        ),
    ),
    ("AUTH", _Sought(("auth command",), re.compile(r"\bAUTH command"))),
    ("QUIT", _Sought(("quit",), re.compile(r"^[ >]{0,20}QUIT\b", re.MULTILINE))),
)
_ASIDES = re.compile(
    r"\(in\s{1,9}reply\s{1,9}to\s[^()]{1,80}\)|\[(?:RCPT|MAIL|DATA|EHLO|CONNECT|END)[A-Z_ ]{0,20}\]\s{0,4}$|"
    r"\(ultimately generated from [^()\n]{1,300}\)|\((?:expanded|generated) from:? [^()\n]{1,300}\)|"
    r"<mailto:[^<>\s]{1,320}>|(?:learn more at|for more (?:information|details),? (?:see|go to|"
    r"visit)) https?://[^\s]{1,500}",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"^\W{0,20}(?:(?:smtp|remote|error|delivery|technical|server|failure|rejection) ){0,3}"
    r"(?:reason(?: code)?s?|error(?: message)?|diagnostic(?:[ -]code)?|message|details?|description|response|cause|"
    r"status|said|because|raison|grund|motivo|причина|理由|原因)(?: was| is| below)?(?: {0,4}[:=]\s{0,8}|"
    r"\s{1,8}-\s{1,8})"
    r"(?:(?:smtp|x400|x-[a-z-]{1,20}) {0,2}; {0,4})?",
    re.IGNORECASE,
)
_REPORTERS = re.compile(
    rf"(?:generating server:|reporting-mta: {{0,4}}(?:dns ?;)?|(?:program|mail system|mail agent [^\s]{{1,20}}|server)"
    rf" at(?: host)?|in the queue on|on the queue on)\s{{1,4}}({_HOST})",
    re.IGNORECASE,
)


_NEXT = re.compile(
    r"^ {0,20}(?:>>>|(?:contact|sender|from|to|subject|recipient|date|time|message-id|help|regards|status|queue id)\b"
    r"(?: (?:code|address|name|id|us|type))? {0,4}[:=])",
    re.IGNORECASE,
)
_GREETING = re.compile(r"^[^\n]{1,60}[,，]$")
_ADDRESS = re.compile(ADDRESS)
_CODE = re.compile(r"^[ >]{0,40}(?:<<< {0,8})?([245][0-9]{2})[ -]")
_OPENING = {")": "(", "]": "["}
_CLOSING = tuple(_OPENING)


class Saying(NamedTuple):
    """What lines say; the members are those of `Statement`."""

    diagnostic: str = ""
    enhanced: str = ""
    basic: int | None = None
    mta: str = ""
    command: str = ""


def saying(lines: Sequence[str]) -> Saying:
    """Return what lines about a recipient say: the answer of a server if there is one in them, else all but chatter.

    Parameters:
        lines: what stands about the recipient, at most 60 of them count.
    """
    text = "\n".join(lines[:_LINES])
    small = text.lower()
    reply = _REPLY.search(text)
    answer = _answer(text, reply.start(1)) if reply else ""
    code = _ENHANCED.search(answer) or _ENHANCED.search(text)
    said = one_line(answer or _told(text.split("\n") if code else first_paragraph(text.split("\n"))))
    return Saying(
        diagnostic=said,
        enhanced=code[1] if code else "",
        basic=int(reply[1]) if reply else None,
        mta=_server(text, small),
        command=_command(text, small),
    )


def talk(lines: Sequence[str]) -> tuple[str, str]:
    """Return the server that lines name, and the command that it answered; empty texts where they name none."""
    text = "\n".join(lines[:_LINES])
    small = text.lower()
    return _server(text, small), _command(text, small)


def reporter(text: str) -> str:
    """Return the host that reports, where a text names it; else an empty text."""
    found = _REPORTERS.search(text)
    return found[1].lower() if found else ""


def has_reply(line: str) -> bool:
    """Return whether a line has an SMTP reply code, or an enhanced one, of a failure."""
    return _DIGITS.search(line) is not None and bool(_REPLY.search(line) or _ENHANCED.search(line))


def one_line(text: str) -> str:
    """Return a text in one line, without asides on how it came about, at most 2,000 characters."""
    bare = " ".join(_ASIDES.sub(" ", text[: 2 * _LONGEST]).split())
    said = _LABEL.sub("", bare).strip("'\"#* ")[:_LONGEST]
    return said[:-1] if said.endswith(_CLOSING) and said.count(said[-1]) > said.count(_OPENING[said[-1]]) else said


def is_chatter(line: str) -> bool:
    """Return whether a line is what every report says, and tells nothing of why."""
    flat = " ".join(line.lower().replace("\u2019", "'").split())
    return _is_common(flat) if len(flat) <= _SHORT else _is_chatter(flat)


def _is_chatter(flat: str) -> bool:
    return not flat.strip("-=_*#>. ") or _GREETING.search(flat) is not None or any(each in flat for each in CHATTER)


_is_common = lru_cache(2_048)(_is_chatter)
"""Programs write the same lines again and again."""


def _answer(text: str, at: int) -> str:
    """Return a server's answer: from its code on to the paragraph's end, or to where the reporter speaks again."""
    lines = text[at:].split("\n")
    kept = [lines[0]]
    more = f"{lines[0][:3]}-", f"{lines[0][:3]} "
    for line, following in pairwise([*lines[1:], ""]):
        other = _CODE.match(line)
        if (
            _NEXT.match(line)
            or (other and other[1] != lines[0][:3])
            or (is_chatter(line) and not following.startswith(more))
        ):
            break
        kept.append(line)
    return _FOLDED_REPLY.sub(" ", "\n".join(kept))


def is_telling(said: str) -> bool:
    """Return whether there are words in what was said, apart from addresses."""
    return any(map(str.isalpha, _ADDRESS.sub("", said)))


def first_paragraph(lines: Sequence[str]) -> list[str]:
    """Return lines up to the end of the first paragraph that is not chatter."""
    kept: list[str] = []
    tells = False
    for line in lines:
        if tells and not line.strip():
            break
        kept.append(line)
        tells = tells or (not is_chatter(line) and is_telling(line) and not line.rstrip().endswith(":"))
    return kept


def _told(lines: Sequence[str]) -> str:
    kept = [line for line in lines if not is_chatter(line)]
    return "\n".join(kept or lines)


def _server(text: str, small: str) -> str:
    found = next(filter(None, (sought.search(text, small) for sought in _SERVERS)), None)
    return found[1].strip("[].").lower() if found else ""


def _command(text: str, small: str) -> str:
    return next((name for name, sought in _COMMANDS if sought.search(text, small)), "")
