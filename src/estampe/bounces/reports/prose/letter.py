"""Letters: what a mail says to people, apart from the copy of the message that it brings back."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

from estampe.bounces.reports.prose.addresses import addresses
from estampe.bounces.reports.prose.phrases import DELAYS, FAILURES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from estampe.bounces.reports.mail import Head, Part

_TEXT = 64 << 10
_LINE = 1_000
_SHOWN_FIELDS = 100
_COPIED_LINES = 400
_FEWEST = 3
_OCCURRENCES = 1_000

_COPIES = ("message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/partial")
_COPY_BEGINS = re.compile(
    r"^[ \t>*=_#~+|-]{0,80}(?:"
    r"this is a copy of (?:the|your) message|below this line is (?:a|the) copy|below is a copy of|"
    r"(?:enclosed|inclosed|included|attached) is a copy|a copy of (?:the|your) (?:original )?message (?:follows|"
    r"is below|below)|"
    r"(?:the )?(?:unsent|undelivered|returned|rejected|failed|bounced) (?:message|mail)(?: text| headers?)? ?"
    r"(?:follows?|below|:|-{2,80}|={2,80})|"
    r"(?:the )?original (?:message|mail|e-mail)(?: headers?| text| body)? ?"
    r"(?:follows?|as follows|below|:|-{1,80}|={1,80}|$)|"
    r"(?:the )?headers? of (?:the|your) (?:original|returned) (?:message|mail)|message (?:text|headers?) follows?|"
    r"(?:the )?first \d{1,9} (?:lines|bytes|characters) of (?:the|your) (?:original )?(?:message|mail)|"
    r"your (?:original )?message (?:follows|reads|was|began as follows|is (?:attached|below))[^\n]{0,40}:\s{0,9}$|"
    r"start of (?:the )?returned message|(?:old message|original message attached)\b|"
    r"\[?-{2,20} ?(?:original|forwarded) message|"
    r"message (?:d'origine|original(?: ci-dessous)?) ?:?$|en-t[\u00ea]tes? (?:du message|d'origine)|mensaje original|"
    r"mensagem original|messaggio originale|encabezados (?:de|del) |intestazioni (?:del )?messaggio|"
    r"urspr[\u00fc]ngliche (?:nachricht|e-mail|kopfzeilen)|urspr[\u00fc]nglicher nachrichtenkopf|kopfzeilen der |"
    r"(?:\u0437\u0430\u0433\u043e\u043b\u043e\u0432\u043a\u0438|\u0442\u0435\u043a\u0441\u0442|"
    r"\u043a\u043e\u043f\u0438\u044f)"
    r" \u0438\u0441\u0445\u043e\u0434\u043d\u043e\u0433\u043e|"
    r"\u0438\u0441\u0445\u043e\u0434\u043d\u043e\u0435 \u0441\u043e\u043e\u0431\u0449\u0435\u043d\u0438\u0435|"
    r"\u5143\u306e\u30e1\u30c3\u30bb\u30fc\u30b8|\u30aa\u30ea\u30b8\u30ca\u30eb\u30e1\u30c3\u30bb\u30fc\u30b8|"
    r"\u539f(?:\u59cb)?\u90ae\u4ef6(?!\u4fe1\u606f|\u4e3b\u9898|\u6807\u9898)|"
    r"\u539f\u59cb\u90f5\u4ef6|\uc6d0\ubcf8 \uba54\uc2dc\uc9c0"
    r")",
    re.IGNORECASE | re.MULTILINE,
)
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]{1,60}):(?!//)")
_OF_MAILS = frozenset({"received", "return-path", "message-id", "mime-version", "dkim-signature", "x-received"})
_SENDERS = ("from", "reply-to", "sender", "return-path", "errors-to", "x-envelope-from")
_RECEIVERS = ("to", "x-envelope-to", "envelope-to", "x-rcpt-to")
_OURS = ("to", "from", "reply-to", "sender", "return-path", "delivered-to", "x-original-to", "envelope-to")


class Letter:
    """A mail as a reader of free text sees it.

    Parameters:
        mail: the mail.
        text: what it says, before the copy of the message; at most 64 KiB.
        copied: the header of the copy, as far as the mail has one: names in lower case.
    """

    def __init__(self, mail: Part) -> None:
        self.mail = mail
        text = "\n".join(_texts(mail))[:_TEXT].replace("\u00a0", " ").replace("\t", "    ")
        end = _end(text)
        self.text = text[:end].rstrip()
        self.copied = _copied(mail) or _fields(text[end:])

    @cached_property
    def lines(self) -> list[str]:
        """The text in lines; a longer one is broken, for each address in a line is weighed by the whole of it."""
        return [line for _, line in self._placed]

    @cached_property
    def _placed(self) -> list[tuple[int, str]]:
        lines = self.text.split("\n")
        starts = accumulate((len(line) + 1 for line in lines), initial=0)
        return [
            (start + at, line[at : at + _LINE])
            for start, line in zip(starts, lines, strict=False)
            for at in range(0, max(1, len(line)), _LINE)
        ]

    @cached_property
    def failing(self) -> frozenset[int]:
        """The numbers of the lines that say that a message failed, or else that it is late; phrases may go over two."""
        small = self.text.lower().replace("\n", " ")
        starts = [start for start, _ in self._placed]
        found = _said(FAILURES, small) or _said(DELAYS, small)
        return frozenset(bisect_right(starts, place) - 1 for place in found)

    @cached_property
    def flat(self) -> str:
        """The text in one line and in small letters: phrases are found in it, wherever lines were broken."""
        return " ".join(self.text.lower().replace("\u2019", "'").split())

    @cached_property
    def head(self) -> str:
        """The header's fields, a line each, in small letters; From and Subject come decoded and first."""
        head = self.mail.head
        shown = [("from", head.get("from")), ("subject", head.get("subject")), *head.fields[:_SHOWN_FIELDS]]
        return "\n".join(f"{name}: {value}" for name, value in shown).lower()

    @cached_property
    def failed(self) -> list[str]:
        """Whom the header names as those who did not get the message."""
        head = self.mail.head
        named = [*head.all("x-failed-recipients"), *head.all("x-bounced-address")]
        return addresses(" ".join(named))

    @cached_property
    def receivers(self) -> list[str]:
        """Whom the message was written to, as its copy says."""
        return addresses(" ".join(self.copied.get(name, "") for name in _RECEIVERS))

    @cached_property
    def receivers_small(self) -> frozenset[str]:
        """The same in small letters."""
        return frozenset(each.lower() for each in self.receivers)

    @cached_property
    def ours(self) -> frozenset[str]:
        """Addresses of those who write or get the report, in small letters; none of them failed, as a rule."""
        mine = [value for name in _OURS for value in self.mail.head.all(name)]
        theirs = [self.copied.get(name, "") for name in _SENDERS]
        return frozenset(each.lower() for each in addresses(" ".join([*mine, *theirs])))


def _said(phrases: Iterable[str], text: str) -> set[int]:
    """Return where in a text phrases begin and where they end."""
    return {place for phrase in phrases if phrase in text for place in _occurrences(phrase, text)}


def _occurrences(phrase: str, text: str) -> Iterator[int]:
    """Yield where a phrase begins and where it ends, for each time that it occurs, at most 1,000 times."""
    at = text.find(phrase)
    for _ in range(_OCCURRENCES):
        if at < 0:
            return
        yield from (at, at + len(phrase) - 1)
        at = text.find(phrase, at + len(phrase))


def _texts(part: Part) -> Iterator[str]:
    """Yield the texts of a mail that are no copy of another; of alternatives, the plain one."""
    if part.kind.startswith("message/") or part.kind in _COPIES:
        return
    if part.kind == "multipart/alternative":
        yield from next(filter(None, ([each for each in _texts(inner) if each.strip()] for inner in part.parts)), [])
    elif part.parts:
        for inner in part.parts:
            yield from _texts(inner)
    elif part.kind.startswith(("text/", "multipart/")):
        yield part.text


def _end(text: str) -> int:
    """Return where the copy of the message begins: at words that say so, or at what looks like its header."""
    named = next((found.start() for found in _COPY_BEGINS.finditer(text) if text[: found.start()].strip()), len(text))
    at = 0
    is_open = False
    while at < named:
        stop = text.find("\n", at)
        stop = len(text) if stop < 0 else stop
        is_open, was_open = not text[at:stop].strip(" -=_"), is_open
        if was_open and not is_open and _is_header(text, at):
            return at
        at = stop + 1
    return named


def _is_header(text: str, at: int) -> bool:
    """Return whether a mail's header begins there."""
    if not _FIELD.match(text, at):
        return False
    stop = text.find("\n\n", at, at + 8_000)
    names = _fields(text[at : stop if stop > 0 else at + 8_000])
    return len(names) >= _FEWEST and not _OF_MAILS.isdisjoint(names)


def _copied(mail: Part) -> Mapping[str, str]:
    part = mail.first(*_COPIES)
    head: Head | None = part.parts[0].head if part and part.parts else None
    names = (*_SENDERS, *_RECEIVERS, "subject", "message-id")
    return {name: head.get(name) for name in names if head.get(name)} if head else {}


def _fields(text: str) -> dict[str, str]:
    """Return the fields of a header in a text; lines before it are passed over, and it may be indented or quoted."""
    fields: dict[str, str] = {}
    name = ""
    for line in text.split("\n", _COPIED_LINES)[:_COPIED_LINES]:
        bare = line.lstrip("> \t")
        found = _FIELD.match(bare)
        if found:
            name = found[1].lower()
            fields.setdefault(name, "")
            fields[name] = f"{fields[name]} {bare[found.end() :]}".strip()[:2_000]
        elif not bare and len(fields) >= _FEWEST:
            break
        elif name and line[:1] in " \t>":
            fields[name] = f"{fields[name]} {bare}"[:2_000]
    return fields
