"""Statuses: delivery status notifications (RFC 3464, RFC 6533), and what servers make of them."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from estampe.bounces.reports import codes
from estampe.bounces.reports.dates import instant_ms
from estampe.bounces.reports.fields import groups
from estampe.bounces.reports.mail import Head
from estampe.bounces.reports.parts import own
from estampe.bounces.reports.report import Kind, Statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estampe.bounces.reports.mail import Part

FORMAT = "rfc3464"

_PARTS = ("message/delivery-status", "message/global-delivery-status", "text/delivery-status")
_KINDS = (
    (
        Kind.BOUNCE,
        ("fail", "undeliver", "échec", "echec", "fehlgeschlagen", "fallid", "falhou", "fallito", "失敗", "失败"),
    ),
    (Kind.DELAYED, ("delay", "retard", "verzögert", "verzoegert", "retrasad", "atrasad", "ritardat", "遅延", "延迟")),
    (Kind.DELIVERED, ("deliver", "relay", "expand", "remis", "zugestellt", "entregad", "consegnat", "配信", "已投递")),
)
_GIVEN_UP = (
    "has given up",
    "have given up",
    "i've given up",
    "gave up",
    "had permanent fatal errors",
    "will not be retried",
    "no further attempts will be made",
    "no further delivery attempts will be made",
    "has been removed from the queue",
)
_OF_CLASS = {"2": Kind.DELIVERED, "4": Kind.BOUNCE, "5": Kind.BOUNCE}
_TYPED = re.compile(r"\s{0,16}([A-Za-z0-9_.-]{1,40})\s{0,16};\s{0,16}")
_SLOPPY = re.compile(r"(?<![0-9.])([245])[. ]([0-9]{1,3})[. ]([0-9]{1,3})(?!\.?[0-9])", re.ASCII)
_COMMENT = re.compile(r"\(([^()]{3,1000})\)")
_HEXADECIMAL = re.compile(r"\+(2B|3D|20|5F)|\\x\{([0-9A-Fa-f]{1,6})\}")
_EXIT = re.compile(r"x-unix\s{0,9};\s{0,9}([0-9]{2})\b", re.IGNORECASE)
_EXITS = {
    "64": "command line usage error",
    "65": "data format error",
    "67": "addressee unknown",
    "68": "host name unknown",
    "69": "service unavailable",
    "70": "internal software error",
    "71": "operating system error",
    "72": "critical system file missing",
    "73": "can't create output file",
    "74": "input/output error",
    "75": "temporary failure",
    "76": "remote error in protocol",
    "77": "permission denied",
    "78": "local configuration error",
}
"""What a program meant that a mail was piped to (sysexits.h of BSD)."""

_NEAR = 1_500
_FAR = 64 << 10


def statements(mail: Part) -> Iterator[Statement]:
    """Yield what the status parts of a mail say of each recipient, or of none in particular (recipient empty).

    A server that labels the part otherwise, or writes its fields into a text, is read too, if the mail is a program's.
    """
    texts = list(_texts(mail))
    human = next((part.text[:_FAR] for part in own(mail) if part.kind.startswith("text/")), "")
    for text in texts:
        message = Head([])
        for group in groups(text):
            if group.get("reporting-mta") or group.get("arrival-date"):
                message = Head([*group.fields, *message.fields])
            if _says(group):
                yield _statement(group, message, human)


def _texts(mail: Part) -> Iterator[str]:
    """Yield the status parts of a mail; if they name nobody, its first text that does, whole or in one of its parts."""
    labelled = [part.text for part in own(mail) if part.kind in _PARTS]
    yield from labelled
    if not any(map(_names, labelled)) and _is_of_program(mail):
        parts = sorted(own(mail), key=lambda part: bool(part.parts))
        yield from islice((part.text for part in parts if _names(part.text)), 1)


def _names(text: str) -> bool:
    small = text[:_FAR].lower()
    return "final-recipient:" in small or "original-recipient:" in small


def _is_of_program(mail: Part) -> bool:
    """Return whether a mail's header is that of a report: people quote reports, too."""
    sender = codes.address(mail.head.get("from")).lower() or mail.head.get("from").lower()
    return (
        mail.kind == "multipart/report"
        or any(not codes.address(path) for path in mail.head.all("return-path"))
        or sender.startswith(("mailer-daemon", "postmaster", "mailerdaemon", "mail-daemon"))
    )


def _says(group: Head) -> bool:
    """Return whether a group says what became of a message; of one that was read, RFC 8098 tells in like fields."""
    told = (group.get(name) for name in ("final-recipient", "original-recipient", "status", "diagnostic-code"))
    return any(told) and not group.get("disposition")


def _statement(group: Head, message: Head, human: str) -> Statement:
    recipient, sent_to = _recipients(group)
    diagnostic = _diagnostic(group)
    near = _near(human, recipient)
    remote = group.get("remote-mta")
    return Statement(
        kind=_kind(group, human),
        recipient=recipient,
        sent_to=sent_to,
        format=FORMAT,
        enhanced=_enhanced(group.get("status"), diagnostic),
        basic=codes.basic(diagnostic),
        diagnostic=diagnostic,
        mta=codes.named_host(_TYPED.sub("", remote, count=1)) or codes.host(diagnostic),
        reporting_mta=codes.named_host(_TYPED.sub("", message.get("reporting-mta"), count=1)),
        command=codes.command(diagnostic) or codes.command(near),
        arrival_ms=instant_ms(message.get("arrival-date")),
    )


def _recipients(group: Head) -> tuple[str, str]:
    """Return the address that a group is about, and the one that the message was sent to, if that is another.

    A final address that no other host can know gives way to the original one (RFC 3464 section 2.3).
    """
    final, sent_to, actual = (
        _address(group, name) for name in ("final-recipient", "original-recipient", "x-actual-recipient")
    )
    about = next((each for each in (final, sent_to, actual) if _is_public(each)), final or sent_to or actual)
    return about, sent_to if sent_to.lower() != about.lower() else ""


def _address(group: Head, name: str) -> str:
    values = (value for key, value in group.fields if key == name)  # as they are: some look like encoded words
    told = (codes.address(_HEXADECIMAL.sub(_undone, value.partition(";")[2] or value)) for value in values)
    return next(filter(None, told), "")


def _is_public(address: str) -> bool:
    return "." in address.rpartition("@")[2]


def _undone(found: re.Match[str]) -> str:
    """Undo xtext (RFC 3461 section 4) and embedded Unicode (RFC 6533 section 3), where nothing else can be meant."""
    number = int(found[1] or found[2], 16)
    return chr(number) if number <= 0x10FFFF and chr(number).isprintable() else found[0]  # noqa: PLR2004


def _kind(group: Head, human: str) -> Kind:
    """Return what happened; some servers say of a message that it is late, and to people that they gave it up."""
    action = group.get("action").lower()
    named = next((kind for kind, words in _KINDS if any(word in action for word in words)), None)
    if named is Kind.DELAYED and any(words in " ".join(human.lower().split()) for words in _GIVEN_UP):
        return Kind.BOUNCE
    return named or _OF_CLASS.get(group.get("status")[:1], Kind.BOUNCE)


def _diagnostic(group: Head) -> str:
    """Return what was said; of a mere number, what it stands for, or what the status adds in words."""
    said = max(group.all("diagnostic-code"), key=len, default="")
    told = _TYPED.sub("", said, count=1)
    if not codes.has_words(told):
        exited = _EXIT.match(said)
        others = (
            _EXITS.get(exited[1], "") if exited else "",
            group.get("x-supplementary-info"),
            _comment(group.get("status")),
        )
        told = " ".join(filter(None, (told, next(filter(None, others), ""))))
    return codes.one_line(told)


def _comment(status: str) -> str:
    found = _COMMENT.search(status)
    return found[1] if found else ""


def _enhanced(status: str, diagnostic: str) -> str:
    """Return the status code; one that says little gives way to what was said."""
    found = _SLOPPY.search(status)
    stated = ".".join(found.groups()) if found else ""
    if stated and not codes.is_vague(stated):
        return stated
    told = next((code for code in codes.all_enhanced(diagnostic) if not codes.is_vague(code)), "")
    return told or stated or codes.enhanced(diagnostic)


def _near(human: str, recipient: str) -> str:
    """Return what the text for people says right after it names a recipient."""
    at = human.find(recipient) if recipient else -1
    return human[at : at + _NEAR].partition("\n\n")[0] if at >= 0 else ""
