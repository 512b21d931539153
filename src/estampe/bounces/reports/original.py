"""Originals: what in a report names the message that it is about."""

from __future__ import annotations

import re
from itertools import chain, islice
from textwrap import dedent
from typing import TYPE_CHECKING

from estampe.bounces.reports import codes, notices
from estampe.bounces.reports.fields import fields
from estampe.bounces.reports.mail import Head
from estampe.bounces.reports.parts import own
from estampe.bounces.reports.report import Original

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estampe.bounces.reports.mail import Part

_PATHS = 20
_TOKENS = 5
_FAR = 64 << 10

_COPIES = ("message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/partial")
_FACTS = ("message/delivery-status", "message/global-delivery-status", "message/feedback-report")
_QUOTE = re.compile(r"^(?:[>|] ?){1,8}", re.MULTILINE)
_EMPTY = re.compile(r"\n[ \t]{0,80}\n")
_MARKER = re.compile(
    r"(?:copy of (?:the|your)|original|returned|unsent|undelivered|forwarded|rejected) (?:message|mail)|"
    r"headers? (?:of|follows?)|message headers?|message[- ]id|x-estampe-stamp",
    re.IGNORECASE,
)
_FIELD_OF_MAILS = re.compile(
    r"^[ \t>|]{0,40}(?:message-id|received|return-path|x-estampe-stamp)[ \t]{0,9}:", re.IGNORECASE | re.MULTILINE
)
_NAMES_MAILS = frozenset({"message-id", "received", "subject", "from", "x-estampe-stamp"})
_ID = re.compile(r"<([^<>\s]{1,998})>")
_BARE_ID = re.compile(r"(?<![^<>\s\"();,])[^<>\s\"();,]{1,500}@[^<>\s\"();,]{1,500}")
_STAMP = re.compile(r"X-Estampe-Stamp[ \t]{0,4}:[ \t]{0,16}([0-9a-fA-F-]{32,36})(?![0-9a-fA-F-])", re.IGNORECASE)
_TOKEN = re.compile(r"(?<![A-Za-z0-9.+_-])b\+[A-Za-z0-9._~=+-]{1,200}@[A-Za-z0-9.-]{1,255}", re.IGNORECASE)

_ARRIVED_AT = (
    "delivered-to",
    "x-original-to",
    "envelope-to",
    "x-envelope-to",
    "x-delivered-to",
    "apparently-to",
    "x-rcpt-to",
    "original-recipient",
    "to",
)
_SENT_FROM = ("return-path", "x-envelope-from", "x-postfix-sender", "original-mail-from", "errors-to", "sender")


def original(mail: Part) -> Original:
    """Return what a report tells of the message that it is about: from its copy, from facts beside it, from itself."""
    copy = returned(mail)
    facts = Head(list(_stated(mail)))
    return Original(
        message_id=_message_id(mail, copy, facts),
        return_paths=tuple(_return_paths(mail, copy, facts)),
        stamp=_stamp(mail, copy),
        subject=codes.one_line(copy.get("subject")),
    )


def returned(mail: Part) -> Head:
    """Return the header of the message that a report brings back, whole or in part; empty if it brings none."""
    heads = (head for part in mail.walk() if part is not mail for head in _copied(part))
    texts = (part.text for part in mail.walk() if part.kind.startswith("text/") or not part.parts)
    quoted = (head for text in texts if (head := _header_in(text, _MARKER) or _header_in(text, _FIELD_OF_MAILS)))
    return next(heads, None) or next(quoted, None) or notices.header(mail)


def _copied(part: Part) -> Iterator[Head]:
    """Yield the header of a message that a part holds or, its own header forgotten, is."""
    if part.kind in _COPIES:
        inner = part.parts[0] if part.parts else part
        if inner.head.get("message-id"):
            yield inner.head
        elif found := _header_in(part.text):  # a header that was not folded well ends too early
            yield found
        elif any(inner.head.get(name) for name in _NAMES_MAILS):
            yield inner.head
    elif part.head.get("message-id") and part.head.get("from"):
        yield part.head


def _header_in(text: str, after: re.Pattern[str] | None = None) -> Head | None:
    """Return the header of a mail that stands in a text, quoted or indented; None if there is none."""
    begin = after.search(text) if after else None
    if after and not begin:
        return None
    start = text.rfind("\n\n", 0, begin.start()) + 1 if begin else 0
    for block in _EMPTY.split(_QUOTE.sub("", text[start : start + _FAR])):
        for told in (block, block.lstrip("\n").partition("\n")[2]):  # the first line may tell that a header follows
            found = [(name, value) for name, value in fields(dedent(told)) if name]
            if _is_mail(found):
                return Head(found)
    return None


def _is_mail(block: list[tuple[str, str]]) -> bool:
    names = {name for name, _ in block}
    return "x-estampe-stamp" in names or "message-id" in names or len(names & _NAMES_MAILS) > 1


def _stated(mail: Part) -> Iterator[tuple[str, str]]:
    for part in own(mail):
        if part.kind in _FACTS:
            yield from ((name, value) for name, value in fields(part.text) if name)


def _message_id(mail: Part, copy: Head, facts: Head) -> str:
    told = chain(
        copy.all("message-id"),
        facts.all("x-original-message-id"),
        facts.all("original-message-id"),
        facts.all("message-id"),
        mail.head.all("x-original-message-id"),
        mail.head.all("in-reply-to"),
        reversed(_ID.findall(mail.head.get("references"))),
    )
    return next(filter(None, (_id(value) for value in told)), "")


def _id(value: str) -> str:
    found = _ID.search(value)
    if found:
        return found[1]
    bare = _BARE_ID.search(value)
    return bare[0] if bare else ""


def _return_paths(mail: Part, copy: Head, facts: Head) -> list[str]:
    """Return addresses that may be the message's return path; first those that look like ours."""
    told = chain(
        *(mail.head.all(name) for name in _ARRIVED_AT),
        *(head.all(name) for head in (copy, facts) for name in _SENT_FROM),
    )
    stated = chain.from_iterable(codes.addresses(value) for value in told)
    ours = islice(_tokens(mail), _TOKENS)
    found = dict.fromkeys(islice(chain(ours, stated), _PATHS))
    return sorted(found, key=lambda path: not _TOKEN.fullmatch(path))


def _tokens(mail: Part) -> Iterator[str]:
    told = (value for _, value in mail.head.fields) if mail.head.holds("b+", "B+") else ()
    for text in chain(told, (_readable(part) for part in mail.walk())):
        if "b+" in text or "B+" in text:
            yield from _TOKEN.findall(text)


def _stamp(mail: Part, copy: Head) -> str:
    if told := copy.get("x-estampe-stamp").strip():
        return told[:64]
    texts = (text for part in mail.walk() if "estampe" in (text := _readable(part)).lower())
    return next((found[1] for found in map(_STAMP.search, texts) if found), "")


def _readable(part: Part) -> str:
    """Return a part's text; of one that holds others, what stands before these."""
    return "" if part.parts else part.text[:_FAR]
