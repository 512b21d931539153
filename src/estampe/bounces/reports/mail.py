"""Mails: any bytes that claim to be one, taken apart within limits (RFC 5322, 2045, 2046).

Nothing that comes by mail can be trusted to be well made, so nothing here fails for what it is made of: what cannot be
read as it says is read as plain text. All is linear in the mail's size; nothing recurses deeper than `Limits.depth`.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from estampe.bounces.reports.charsets import text
from estampe.bounces.reports.head import Head, WrittenHead, lines_of_head, media_type
from estampe.bounces.reports.markup import shown
from estampe.bounces.reports.transfer import carried
from estampe.errors import EstampeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["Head", "Limits", "MailTooLarge", "Part", "parse"]


class MailTooLarge(EstampeError):
    """A mail has more bytes than one may have."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the mail has more than {limit:,} bytes, the most that is read")


class Limits(NamedTuple):
    """How much of a mail is read; what is beyond is left out, except that a larger mail is refused.

    Parameters:
        octets: the mail, bytes.
        depth: parts within parts.
        parts: parts of the mail, all of them.
        fields: header fields of one part.
        head: the header of one part, bytes.
        heads: the headers of all parts, bytes.
        text: the text of one part, bytes before decoding.
        texts: the texts of all parts that hold no others, bytes before decoding.
        reports: recipients that a mail reports of.
    """

    octets: int = 25 << 20
    depth: int = 16
    parts: int = 256
    fields: int = 1_000
    head: int = 256 << 10
    heads: int = 1 << 20
    text: int = 512 << 10
    texts: int = 2 << 20
    reports: int = 1_000


_GUESSED = re.compile(rb"^--([!-~][^\n]{0,199})\nContent-[A-Za-z-]{1,30}:", re.MULTILINE | re.IGNORECASE)
_BARE = re.compile(
    rb"\s{0,16}(?:This is a multi-?part [^\n]{0,200}\n\s{0,16})?--([!-~][^\n]{0,199})\nContent-[A-Za-z-]{1,30}:",
    re.IGNORECASE,
)
_GUESSED_WITHIN = 64 << 10
_LONGEST_PADDING = 66
_LONGEST_BOUNDARY = 250
_NESTED = frozenset(
    {
        "message/rfc822",
        "message/global",
        "message/news",
        "message/partial",
        "text/rfc822-headers",
        "text/rfc822",
        "message/rfc822-headers",
        "message/global-headers",
    }
)


class Span(NamedTuple):
    """Octets within others, so that parts within parts share them."""

    octets: bytes
    begin: int
    end: int


class Part:
    """A mail, or a part of one.

    Parameters:
        head: its header.
        span: what follows the header.
        kind: its media type, such as `text/plain`, in lower case.
        parameters: of the media type.
        parts: what it holds: parts of a multipart, or the one mail in a message/rfc822.
        readable: how much of its text is read, bytes before decoding.
    """

    def __init__(  # noqa: PLR0913  one for each thing that a part is
        self,
        *,
        head: Head,
        span: Span,
        kind: str,
        parameters: Mapping[str, str],
        parts: Sequence[Part],
        readable: int,
    ) -> None:
        self.head = head
        self.kind = kind
        self.parameters = parameters
        self.parts = parts
        self._span = span
        self._readable = readable

    @property
    def body(self) -> bytes:
        """What follows the header, as it was sent but with LF line ends."""
        octets, begin, end = self._span
        return octets[begin:end]

    @cached_property
    def text(self) -> str:
        """The body as text: its transfer encoding and its charset undone, HTML without its marks; LF line ends."""
        octets, begin, end = self._span
        written = octets[begin : min(end, begin + self._readable)]
        plain = carried(written, self.head.get("content-transfer-encoding"))
        lines = text(_with_lf(plain), self.parameters.get("charset", "")).replace("\r", " ")
        return shown(lines) if self.kind == "text/html" else lines

    def walk(self) -> Iterator[Part]:
        """Yield the part and all in it, each before what it holds."""
        yield self
        for part in self.parts:
            yield from part.walk()

    def first(self, *kinds: str) -> Part | None:
        """Return the first part of one of these media types, this one too; None if there is none."""
        return next((part for part in self.walk() if part.kind in kinds), None)


def parse(octets: bytes, limits: Limits | None = None) -> Part:
    """Take a mail apart.

    Parameters:
        octets: any bytes; lines may end with CRLF, LF or CR; a line `From …` of an mbox may come first.
        limits: how much is read.

    Raises:
        MailTooLarge: it has more bytes than may be read.
    """
    limits = limits or Limits()
    if len(octets) > limits.octets:
        raise MailTooLarge(limits.octets)
    return _Parser(limits).mail(octets, 0)


def _with_lf(octets: bytes) -> bytes:
    """Let all lines end with LF; a CR alone ends one only where that is how most do."""
    if b"\r" not in octets:
        return octets
    joined = octets.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n")
    return joined.replace(b"\r", b"\n") if joined.count(b"\r") > joined.count(b"\n") else joined


class _Parser:
    """Takes one mail apart; counts what it took."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._parts = limits.parts
        self._heads = limits.heads
        self._texts = limits.texts
        self._carried = limits.octets

    def mail(self, octets: bytes, depth: int) -> Part:
        """Take a mail apart that is not, or no more, within others."""
        lines = b"\n" + _with_lf(octets).lstrip(b"\n")  # each line has a line end before it: what divides is found so
        return self._part(Span(lines, 1, len(lines)), depth)

    def _part(self, span: Span, depth: int) -> Part:
        self._parts -= 1
        fields, rest = self._head(span)
        kind, parameters = media_type(fields.get("content-type"))
        parts: list[Part] = []
        if depth < self._limits.depth and self._parts > 0:
            if kind in _NESTED:
                parts = [self._nested(fields, rest, depth + 1)]
            elif kind.startswith("multipart/") or "boundary" in parameters or (not kind and self._is_bare(rest)):
                parts = self._divided(fields, rest, parameters.get("boundary", ""), depth + 1)
                kind = kind or "multipart/mixed"
        if not parts and (not kind or kind.startswith("multipart/")):
            kind = "text/plain"
        readable = self._limits.text if parts else min(self._limits.text, self._texts)
        if not parts and kind.startswith(("text/", "message/")):
            self._texts -= min(readable, rest.end - rest.begin)
        return Part(head=fields, span=rest, kind=kind, parameters=parameters, parts=parts, readable=readable)

    def _head(self, span: Span) -> tuple[WrittenHead, Span]:
        octets, begin, end = span
        most = min(end, begin + min(self._limits.head, self._heads))
        lines, at = lines_of_head(octets, begin, most)
        self._heads -= at - begin
        if at == most < end:  # longer than is read: the rest of it is no body
            empty = octets.find(b"\n\n", at, end)
            at = empty + 2 if empty >= 0 else at
        return WrittenHead(lines[: self._limits.fields]), Span(octets, at, end)

    def _nested(self, fields: Head, span: Span, depth: int) -> Part:
        if plain := self._plain(fields, span):
            return self.mail(plain, depth)
        octets, begin, end = span
        while begin < end and octets[begin] == _LF:
            begin += 1
        return self._part(Span(octets, begin, end), depth)

    def _divided(self, fields: Head, span: Span, boundary: str, depth: int) -> list[Part]:
        found = self._split(span, boundary)
        if not found and (plain := self._plain(fields, span)):
            lines = b"\n" + _with_lf(plain)
            found = self._split(Span(lines, 1, len(lines)), boundary)
        return [self._part(each, depth) for each in found if self._parts > 0]

    def _split(self, span: Span, boundary: str) -> list[Span]:
        """Part a multipart's body at its boundary, or, where that is nowhere, at what looks like one."""
        octets, begin, end = span
        written = boundary.strip()[:_LONGEST_BOUNDARY].encode()
        if found := written and self._spans(span, written):
            return found
        guessed = _GUESSED.search(octets, begin, min(end, begin + _GUESSED_WITHIN))
        return self._spans(span, guessed[1].rstrip()) if guessed else []

    def _spans(self, span: Span, boundary: bytes) -> list[Span]:
        octets, _, end = span
        found: list[Span] = []
        start = -1
        for begin, stop, is_last in _delimiters(span, b"\n--" + boundary):
            if start >= 0:
                found.append(Span(octets, start, max(start, begin)))
            start = min(stop + 1, end)
            if is_last or len(found) >= self._parts:
                return found
        if start >= 0:
            found.append(Span(octets, start, end))
        return found

    def _is_bare(self, span: Span) -> bool:
        """Return whether a body is a multipart though nothing says so."""
        octets, begin, end = span
        return bool(_BARE.match(octets, begin, min(end, begin + _GUESSED_WITHIN)))

    def _plain(self, fields: Head, span: Span) -> bytes:
        """Return a body without its transfer encoding; empty where it has none, or too much was carried already."""
        octets, begin, end = span
        encoding = fields.get("content-transfer-encoding")
        if not encoding or end - begin > self._carried:
            return b""
        plain = carried(octets[begin:end], encoding)
        if plain == octets[begin:end]:
            return b""
        self._carried -= end - begin
        return plain


def _delimiters(span: Span, mark: bytes) -> Iterator[tuple[int, int, bool]]:
    """Yield where lines that divide parts begin, at their line ends, and stop, and whether it is the last of them.

    Each boundary is another one, so a pattern for it would cost more to make than it saves.
    """
    octets, begin, end = span
    at = octets.find(mark, begin - 1, end)
    while at >= 0:
        after = at + len(mark)
        stop = octets.find(b"\n", after, end)
        stop = end if stop < 0 else stop
        rest = octets[after:stop].rstrip(b" \t\r") if stop - after <= _LONGEST_PADDING else b"more"
        if rest in {b"", b"--"}:
            yield at, stop, rest == b"--"
        at = octets.find(mark, stop, end)


_LF = ord("\n")
