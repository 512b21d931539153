"""Headers: fields of a message's head, folded, encoded, and closed to whoever would smuggle another one in.

RFC 5322 section 2.2 for their form, RFC 2047 for what is not ASCII.
"""

from __future__ import annotations

import re
from base64 import b64encode
from functools import lru_cache
from typing import TYPE_CHECKING

from estampe.errors import EstampeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_COLUMNS = 78  # RFC 5322 section 2.1.1, without CRLF
_ENCODED_COLUMNS = 75  # RFC 2047 section 2, for a word; its line has one more
_LEGIBLE = 1.5
"""How much longer than its octets a text may become by quoting; beyond, base64 makes it a third longer."""

_LEAST_ROOM = 24
_FOLD = "\r\n "
_LONGEST_WORD = 900  # with the longest name before it, below the 998 that lines may have
_LONGEST_PHRASE = 60
_LONGEST_DOMAIN = 253  # RFC 1035 section 2.3.4, without the root
_LONGEST = 4_000
_MOST = 50

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_GAP = re.compile(r"(?<=\S) (?=\S)")
_PRINTABLE = re.compile(r"[ -~]*", re.ASCII)
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+", re.ASCII)
_LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}", re.ASCII)
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.ASCII)
_LINK = re.compile(r"https://[!-;=?-~]{1,800}", re.ASCII)
_EXTENSION = re.compile(r"x-[a-z0-9-]{1,74}", re.ASCII)

_OF_WORDS = frozenset({"comments", "keywords", "organization"})
_OF_ASCII = frozenset(
    {
        *("importance", "priority", "sensitivity", "in-reply-to", "references"),
        *("list-archive", "list-help", "list-id", "list-owner", "list-post", "list-subscribe"),
    }
)
_OURS = ("x-estampe-",)
_ORDERS = frozenset({"x-smtpapi", "x-msys-api", "x-mc-bccaddress"})
"""By these, relays take orders: to send to others than the envelope says."""

_Q = {octet: f"={octet:02X}" for octet in range(256)} | {
    ord(char): char for char in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/"
}
_Q[ord(" ")] = "_"


class HeaderRefused(EstampeError):
    """A header cannot be in a message."""

    def __init__(self, name: str, fault: str) -> None:
        super().__init__(f"the header {name[:_COLUMNS]!r} is refused: {fault}")


def words(name: str, text: str) -> bytes:
    """Return a field of free text; control characters in it become spaces.

    Raises:
        HeaderRefused: it is too long.
    """
    line = _CONTROLS.sub(" ", text).strip()
    if not line:
        return f"{name}:\r\n".encode()
    if len(line) > _LONGEST:
        raise HeaderRefused(name, f"it has more than {_LONGEST:,} characters")
    if _is_plain(line):
        return _folded(name, line)
    return f"{name}:{_encoded(line, _ENCODED_COLUMNS - len(name) - 1)}\r\n".encode()


def mailbox(name: str, address_: str, label: str = "") -> bytes:
    """Return a field with one address, and a name for people before it.

    Raises:
        HeaderRefused: the address is none, or the label is too long.
    """
    return _mailbox(name, address(name, address_), _CONTROLS.sub(" ", label).strip())


def link(name: str, url: str) -> bytes:
    """Return a field with one https address.

    Raises:
        HeaderRefused: it is none.
    """
    if not _LINK.fullmatch(url):
        raise HeaderRefused(name, "allowed is an https address of up to 800 characters")
    return _folded(name, f"<{url}>")


def address(name: str, text: str) -> str:
    """Return an address as it stands in fields and envelopes: its domain in ASCII.

    Raises:
        HeaderRefused: it is no address; `name` says where it was meant to stand.
    """
    local, _, domain = text.rpartition("@")
    written = ascii_domain(domain)
    if not _LOCAL.fullmatch(local) or not written:
        raise HeaderRefused(name, f"{text[:254]!r} is no address such as name@example.com")
    return f"{local}@{written}"


def ascii_domain(text: str) -> str:
    """Return a domain in ASCII (RFC 3490), empty if it is none."""
    if len(text) > _LONGEST_DOMAIN:  # a longer one takes long to encode
        return ""
    try:
        written = text if text.isascii() else text.encode("idna").decode()
    except UnicodeError:
        return ""
    return written if len(written) <= _LONGEST_DOMAIN and _DOMAIN.fullmatch(written) else ""


def brought(headers: Mapping[str, str]) -> Iterator[bytes]:
    """Yield the fields that a call has brought, as they may be in its message.

    Raises:
        HeaderRefused: one may not.
    """
    if len(headers) > _MOST:
        raise HeaderRefused("headers", f"there are more than {_MOST}")
    seen: set[str] = set()
    for name, value in headers.items():
        lower = name.lower()
        if lower in seen:
            raise HeaderRefused(name, "it is there twice")
        seen.add(lower)
        yield _brought(name, lower, value)


def _brought(name: str, lower: str, value: str) -> bytes:
    is_extension = _EXTENSION.fullmatch(lower) and not lower.startswith(_OURS) and lower not in _ORDERS
    if not name.isascii() or not (is_extension or lower in _OF_WORDS | _OF_ASCII):  # a Kelvin sign becomes a k
        raise HeaderRefused(name, "allowed are names that start with X-, and those of docs/sending.md")
    if not value.strip() or _CONTROLS.search(value) or len(value) > _LONGEST:
        raise HeaderRefused(name, f"allowed are 1 to {_LONGEST:,} characters without line breaks and other controls")
    if lower in _OF_ASCII and not _is_plain(value):
        raise HeaderRefused(name, f"allowed is ASCII, in words of up to {_LONGEST_WORD} characters")
    return words(name, value)


def _is_plain(line: str) -> bool:
    return (
        _PRINTABLE.fullmatch(line) is not None
        and "=?" not in line
        and all(len(word) <= _LONGEST_WORD for word in _GAP.split(line))
    )


def _folded(name: str, line: str) -> bytes:
    folded = f"{name}:"
    column = len(folded)
    for at, word in enumerate(_GAP.split(line)):
        if at and column + len(word) >= _COLUMNS:
            folded += "\r\n"
            column = 0
        folded += f" {word}"
        column += len(word) + 1
    return f"{folded}\r\n".encode()


@lru_cache(1_024)
def _mailbox(name: str, address_: str, label: str) -> bytes:
    if not label:
        return f"{name}: {address_}\r\n".encode()
    if len(label) > _LONGEST:
        raise HeaderRefused(name, f"the label has more than {_LONGEST:,} characters")
    phrase = _phrase(name, label)
    last = len(phrase) - phrase.rfind("\n") + (0 if "\n" in phrase else len(name))
    gap = " " if last + len(address_) + 4 <= _ENCODED_COLUMNS else _FOLD
    return f"{name}:{phrase}{gap}<{address_}>\r\n".encode()


def _phrase(name: str, label: str) -> str:
    """Return a name for people as it stands before an address (RFC 5322 section 3.2.5)."""
    if not _is_plain(label) or len(label) > _LONGEST_PHRASE:
        return _encoded(label, _ENCODED_COLUMNS - len(name) - 1)
    if _ATOMS.fullmatch(label) and "  " not in label:
        return f" {label}"
    escaped = label.replace("\\", "\\\\").replace('"', '\\"')
    return f' "{escaped}"'


def _encoded(line: str, room: int) -> str:
    """Return text as encoded words, each on a line of its own; `room` is what the first one may take."""
    octets = [char.encode(errors="replace") for char in line]
    quoted = [sum(len(_Q[octet]) for octet in char) for char in octets]
    plain = [len(char) for char in octets]
    kind, sizes = ("q", quoted) if sum(quoted) <= sum(plain) * _LEGIBLE else ("b", plain)
    gap = " " if room >= _LEAST_ROOM else _FOLD
    words_ = []
    at = 0
    for end in _ends(sizes, kind, room if gap == " " else _ENCODED_COLUMNS):
        words_.append(_word(kind, b"".join(octets[at:end])))
        at = end
    return gap + _FOLD.join(words_)


def _ends(sizes: Sequence[int], kind: str, room: int) -> Iterator[int]:
    """Yield where encoded words end, between characters."""
    size, limit = 0, _payload(kind, room)
    for at, one in enumerate(sizes):
        if size + one > limit:
            yield at
            size, limit = 0, _payload(kind, _ENCODED_COLUMNS)
        size += one
    yield len(sizes)


def _payload(kind: str, room: int) -> int:
    """Return how much a word of so many columns carries: written characters, or octets if it is base64."""
    inside = room - len("=?utf-8?q??=")
    return inside if kind == "q" else inside // 4 * 3


def _word(kind: str, octets: bytes) -> str:
    written = "".join(_Q[octet] for octet in octets) if kind == "q" else b64encode(octets).decode()
    return f"=?utf-8?{kind}?{written}?="
