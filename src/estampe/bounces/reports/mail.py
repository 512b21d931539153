"""Mails: any bytes that claim to be one, taken apart within limits.

Nothing that comes by mail can be trusted to be well made, so nothing here fails for what it is made of: what cannot be
read as it says is read as plain text. All is linear in the mail's size, and nothing recurses deeper than `Limits.depth`.
"""

from __future__ import annotations

import binascii
import codecs
import re
from email.header import decode_header
from functools import cached_property
from html import unescape
from typing import TYPE_CHECKING, NamedTuple

from estampe.errors import EstampeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


class MailTooLarge(EstampeError):
    """A mail has more bytes than one may have."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"the mail has {size:,} bytes; at most {limit:,} are read")


class Limits(NamedTuple):
    """How much of a mail is read; what is beyond is left out, except that a larger mail is refused.

    Parameters:
        octets: the mail, bytes.
        depth: parts within parts.
        parts: parts of the mail, all of them.
        fields: header fields of one part.
        head: the header of one part, bytes.
        text: the text of one part, bytes before decoding.
        reports: recipients that a mail reports of.
    """

    octets: int = 25 << 20
    depth: int = 16
    parts: int = 256
    fields: int = 1_000
    head: int = 256 << 10
    text: int = 1 << 20
    reports: int = 1_000


_FIELD = re.compile(rb"^([!-9;-~]{1,200})[ \t]{0,16}:", re.MULTILINE)
_PARAMETER = re.compile(
    r";\s{0,16}([A-Za-z0-9_-]{1,64})(\*[0-9*]{0,8})?\s{0,16}=\s{0,16}"
    r'(?:"([^"\n]{0,1000})"?|([^\s;"]{1,1000}))'
)
_TYPE = re.compile(r"\s*([A-Za-z0-9!#$&^_.+-]{1,64}/[A-Za-z0-9!#$&^_.+-]{1,64})")
_DELIMITER = rb"^--%b(--)?[ \t]{0,64}$"
_TAG = re.compile(r"<(?:br|/p|/div|/tr|/h[1-6]|/li|/table)\b[^<>]{0,1000}>", re.IGNORECASE)
_ANY_TAG = re.compile(r"<[^<>]{1,4000}>")
_HIDDEN = re.compile(r"<(style|script|head)\b[^<>]{0,1000}>.*?</\1\s{0,16}>", re.IGNORECASE | re.DOTALL)
_NESTED = ("message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/partial")
_NO_CHARSETS = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"})


class Head:
    """The header of a mail or of a part: its fields in order, unfolded; names in lower case.

    Parameters:
        fields: names and values, these as they are written.
    """

    def __init__(self, fields: Sequence[tuple[str, str]]) -> None:
        self.fields = fields

    def get(self, name: str) -> str:
        """Return the first field of a name, its encoded words decoded (RFC 2047); empty where there is none."""
        return next(self.all(name), "")

    def all(self, name: str) -> Iterator[str]:
        """Yield all fields of a name, decoded."""
        return (_decoded(value) for key, value in self.fields if key == name)


class Part:
    """A mail, or a part of one.

    Parameters:
        head: its header.
        body: what follows the header, as it was sent but with LF line ends.
        kind: its media type, such as `text/plain`, in lower case.
        parameters: of the media type.
        parts: what it holds: parts of a multipart, or the one mail in a message/rfc822.
        limits: how much is read.
    """

    def __init__(  # noqa: PLR0913  one for each thing that a part is
        self,
        *,
        head: Head,
        body: bytes,
        kind: str,
        parameters: Mapping[str, str],
        parts: Sequence[Part],
        limits: Limits,
    ) -> None:
        self.head = head
        self.body = body
        self.kind = kind
        self.parameters = parameters
        self.parts = parts
        self._limits = limits

    @cached_property
    def text(self) -> str:
        """The body as text: its transfer encoding and its charset undone, HTML without its marks; LF line ends."""
        encoding = self.head.get("content-transfer-encoding").strip().lower()
        octets = _carried(self.body[: self._limits.text], encoding)
        text = _text(octets, self.parameters.get("charset", "")).replace("\r\n", "\n").replace("\r", "\n")
        return _shown(text) if self.kind == "text/html" else text

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
        raise MailTooLarge(len(octets), limits.octets)
    lines = octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n").lstrip(b"\n")
    if lines.startswith(b"From "):
        lines = lines.partition(b"\n")[2]
    return _Parser(limits).part(lines, 0)


class _Parser:
    """Takes one mail apart; counts its parts."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._room = limits.parts

    def part(self, octets: bytes, depth: int) -> Part:
        self._room -= 1
        head, body = self._head(octets)
        kind, parameters = _media_type(head.get("content-type"))
        parts: list[Part] = []
        if depth < self._limits.depth:
            if kind.startswith("multipart/"):
                parts = [self.part(each, depth + 1) for each in self._split(body, parameters.get("boundary", ""))]
            elif kind in _NESTED and self._room > 0:
                parts = [self.part(self._nested(head, body), depth + 1)]
        return Part(head=head, body=body, kind=kind, parameters=parameters, parts=parts, limits=self._limits)

    def _nested(self, head: Head, body: bytes) -> bytes:
        encoding = head.get("content-transfer-encoding").strip().lower()
        return _carried(body, encoding).replace(b"\r\n", b"\n").lstrip(b"\n")

    def _split(self, body: bytes, boundary: str) -> Iterator[bytes]:
        if not boundary:
            return
        delimiter = re.compile(_DELIMITER % re.escape(boundary.encode("latin-1", "replace")), re.MULTILINE)
        begin = -1
        for found in delimiter.finditer(body):
            if begin >= 0:
                yield body[begin : max(begin, found.start() - 1)]
            begin = found.end() + 1
            if found[1] or self._room <= 0:
                return
        if begin >= 0:
            yield body[begin:]

    def _head(self, octets: bytes) -> tuple[Head, bytes]:
        """Part the header from the body: at an empty line, or at the first line that belongs to no header."""
        fields: list[tuple[str, str]] = []
        at = 0
        end = min(len(octets), self._limits.head)
        while at < end:
            stop = octets.find(b"\n", at)
            stop = len(octets) if stop < 0 else stop
            line = octets[at:stop]
            if not line.strip():
                return Head(fields), octets[stop + 1 :]
            if line[:1] in b" \t" and fields:
                name, value = fields[-1]
                fields[-1] = (name, f"{value} {_plain(line.strip())}")
            elif (found := _FIELD.match(line)) and len(fields) < self._limits.fields:
                fields.append((found[1].decode("ascii").lower(), _plain(line[found.end() :].strip())))
            elif not found:
                return Head(fields), octets[at:]
            at = stop + 1
        return Head(fields), octets[at:]


def _media_type(value: str) -> tuple[str, dict[str, str]]:
    found = _TYPE.match(value)
    if not found:
        return "text/plain", {}
    parameters: dict[str, str] = {}
    for name, _, quoted, bare in _PARAMETER.findall(value):
        parameters.setdefault(name.lower(), quoted or bare)
    return found[1].lower(), parameters


def _carried(octets: bytes, encoding: str) -> bytes:
    """Undo a transfer encoding; what does not hold to it stays as it is (RFC 2045 section 6)."""
    try:
        if encoding == "base64":
            return binascii.a2b_base64(octets)
        if encoding == "quoted-printable":
            return binascii.a2b_qp(octets)
    except binascii.Error:
        return octets
    return octets


def _text(octets: bytes, charset: str) -> str:
    for name in (charset, "utf-8"):
        if (codec := _codec(name)) is not None:
            try:
                return octets.decode(codec)
            except (UnicodeError, ValueError):
                continue
    return octets.decode("latin-1")


def _codec(name: str) -> str | None:
    """Return Python's name of a charset that texts may be in; None if it knows none."""
    if not name or len(name) > 40 or not name.isascii() or "\0" in name:  # noqa: PLR2004
        return None
    try:
        found = codecs.lookup(name)
    except LookupError:
        return None
    is_text: bool = getattr(found, "_is_text_encoding", True)
    return found.name if is_text and found.name.replace("_", "-") not in _NO_CHARSETS else None


def _plain(octets: bytes) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def _decoded(value: str) -> str:
    if "=?" not in value:
        return value
    try:
        found = decode_header(value)
    except Exception:  # noqa: BLE001  the standard library raises many kinds
        return value
    return "".join(each if isinstance(each, str) else _text(each, charset or "latin-1") for each, charset in found)


def _shown(html: str) -> str:
    lines = _TAG.sub("\n", _HIDDEN.sub(" ", html))
    return unescape(_ANY_TAG.sub("", lines))
