"""Heads: the fields before a mail's text or a part's, and what is written in them (RFC 5322, 2047, 2231)."""

from __future__ import annotations

import binascii
import re
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote_to_bytes

from estampe.bounces.reports.charsets import text
from estampe.bounces.reports.transfer import unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]{0,16}:")
_MBOX = (b"From ", b">From ")
_WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]{0,4000})\?=")
_TYPE = re.compile(r"\s{0,64}\"?([a-z0-9!#$&^_.+-]{1,64}/[a-z0-9!#$&^_.+-]{1,64})")
_PARAMETER = re.compile(
    r"[;\s]\s{0,64}([A-Za-z0-9_-]{1,64})(?:\*([0-9]{1,3}))?(\*)?\s{0,64}=\s{0,64}"
    r'(?:"((?:[^"\\]|\\.){0,1000})"?|([^\s;"]{1,1000}))',
    re.DOTALL,
)
_LINE_ENDS = re.compile(r"[\r\n]")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_LONGEST_TYPE = 8_000


class Head:
    """The header of a mail or of a part: its fields in order, unfolded; names in lower case.

    Parameters:
        fields: names and values, these as they are written.
    """

    def __init__(self, fields: Sequence[tuple[str, str]]) -> None:
        self._fields = fields
        self._values: dict[str, list[str]] = {}
        for name, value in fields:
            self._values.setdefault(name, []).append(value)

    @property
    def fields(self) -> Sequence[tuple[str, str]]:
        """Names and values, these as they are written."""
        return self._fields

    def get(self, name: str) -> str:
        """Return the first field of a name, its encoded words decoded (RFC 2047); empty where there is none."""
        return next(self.all(name), "")

    def all(self, name: str) -> Iterator[str]:
        """Yield all fields of a name, decoded."""
        return map(decoded, self._values.get(name, ()))

    def holds(self, *pieces: str) -> bool:
        """Return whether any of some pieces, in ASCII, is in it as it is written."""
        return any(piece in value for _, value in self._fields for piece in pieces)


class WrittenHead(Head):
    """A header as it is written: a field is read when it is asked for, and most never are.

    Parameters:
        fields: each as its lines.
    """

    def __init__(self, fields: Sequence[Sequence[bytes]]) -> None:
        self._lines = fields
        self._written: dict[bytes, list[Sequence[bytes]]] = {}
        for lines in fields:
            name = lines[0].partition(b":")[0].rstrip().lower()
            self._written.setdefault(name, []).append(lines)

    @cached_property
    def fields(self) -> Sequence[tuple[str, str]]:
        """Names and values, these as they are written."""
        return [(_name(lines), _value(lines)) for lines in self._lines]

    def all(self, name: str) -> Iterator[str]:
        """Yield all fields of a name, decoded."""
        return map(decoded, map(_value, self._written.get(name.encode(), ())))

    def holds(self, *pieces: str) -> bool:
        """Return whether any of some pieces, in ASCII, is in it as it is written."""
        written = [piece.encode() for piece in pieces]
        return any(piece in line for lines in self._lines for line in lines for piece in written)


class MediaType(NamedTuple):
    """What a part says it is: such as `text/plain`, in lower case, and parameters by their names in lower case."""

    kind: str
    parameters: Mapping[str, str]


def lines_of_head(octets: bytes, begin: int, end: int) -> tuple[list[list[bytes]], int]:
    """Part a header from its body: at an empty line, or at the first line that belongs to no header.

    Parameters:
        octets: a mail, with LF line ends.
        begin: where the header begins.
        end: where it must have ended.

    Returns:
        The fields, each as its lines, and where the body begins.
    """
    fields: list[list[bytes]] = []
    at = begin
    while at < end:
        stop = octets.find(b"\n", at, end)
        stop = end if stop < 0 else stop
        line = octets[at:stop]
        if not line or line.isspace():
            return fields, min(stop + 1, end)
        if _FIELD.match(line):
            fields.append([line])
        elif fields and (line[0] in b" \t" or _FIELD.match(octets, stop + 1, end)):
            fields[-1].append(line)  # folded; or what should have been, as the header goes on after it
        elif not line.startswith(_MBOX):
            return fields, at
        at = stop + 1
    return fields, end


def _name(lines: Sequence[bytes]) -> str:
    return lines[0].partition(b":")[0].rstrip().decode("ascii").lower()


def _value(lines: Sequence[bytes]) -> str:
    written = (b" ".join(map(bytes.strip, lines)) if len(lines) > 1 else lines[0]).partition(b":")[2].strip()
    value = written.decode("ascii", "replace")
    if written.isascii() and value.isprintable():  # most are, and need no more
        return value
    return text(written).replace("\r", " ")


def media_type(value: str) -> MediaType:
    """Return what a Content-Type says, written well or not; text/plain where it says nothing.

    Parameters that are continued or extended (RFC 2231) are joined and decoded; of two with one name the first counts.
    """
    value = value[:_LONGEST_TYPE]
    found = _TYPE.match(value.lower())
    whole: dict[str, str] = {}
    continued: dict[str, list[str]] = {}
    for name, section, is_extended, quoted, bare in _PARAMETER.findall(value):
        written = _ESCAPED.sub(r"\1", quoted) if quoted else bare
        if section:
            continued.setdefault(name.lower(), []).append(written)
        else:
            whole.setdefault(name.lower(), _extended(written) if is_extended else written)
    for name, sections in continued.items():
        whole.setdefault(name, _extended("".join(sections)))
    return MediaType(found[1] if found else "", whole)


def _extended(value: str) -> str:
    charset, _, rest = value.partition("'")
    _, quote, octets = rest.partition("'")
    return text(unquote_to_bytes(octets), charset) if quote else value


def decoded(value: str) -> str:
    """Return a field's value with its encoded words as what they say (RFC 2047); what is none stays as it is."""
    if "=?" not in value:
        return value
    pieces: list[str] = []
    word: list[bytes] = []
    charset = ""
    at = 0
    for found in _WORD.finditer(value):
        between = value[at : found.start()]
        named = found[1].partition("*")[0].lower()
        is_next = at > 0 and (not between or between.isspace())
        if not (is_next and named == charset):  # else a character may be in both words
            pieces += (text(b"".join(word), charset), "" if is_next else between)
            word, charset = [], named
        word.append(_octets(found[2], found[3]))
        at = found.end()
    pieces += (text(b"".join(word), charset), value[at:])
    return _LINE_ENDS.sub(" ", "".join(pieces))


def _octets(encoding: str, written: str) -> bytes:
    octets = written.encode()
    return unpacked(octets) if encoding in "bB" else binascii.a2b_qp(octets, header=True)
