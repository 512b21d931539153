"""Links: what stands in the addresses of a message, signed; reading one asks nobody.

A token is base64url (RFC 4648 section 5) of head, tail and seal. The head says whose message it is; its key, made of
a secret and the head, seals all links of that message, so what composes a message can seal its links and no others.
Keys and seals are made by BLAKE2b with a key (RFC 7693 section 2.9), in a third of the time that HMAC-SHA-256 takes.
"""

from __future__ import annotations

import binascii
from enum import IntEnum
from hashlib import blake2b
from hmac import compare_digest
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import msgspec

from estampe.errors import EstampeError

if TYPE_CHECKING:
    from collections.abc import Mapping

PATH = "/t/"
"""What the path of a link starts with; the token follows."""

_SEAL_BYTES = 10
"""80 bits: each guess has to be tried on a server, so that is plenty, and links stay short."""

_KEYS = b"estampe link key"
_SEALS = b"estampe link"
_HEAD = Struct(">BI16s")  # number of the secret, number of the customer, stamp
_LONGEST = 8_192
_LONGEST_WORD = 255

_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_+/", b"+/!!")  # what is no letter of base64url becomes none of base64


class LinkKind(IntEnum):
    """What following a link does."""

    OPEN = 1
    REDIRECTION = 2
    FORM = 3
    MIRROR = 4
    UNSUBSCRIBE = 5


class Part(IntEnum):
    """Where in a message a link stands."""

    UNKNOWN = 0
    HTML = 1
    TEXT = 2
    HEADER = 3


_KINDS = {kind.value: kind for kind in LinkKind}


class InvalidLink(EstampeError):
    """A token is none of ours, or was changed on its way."""

    def __init__(self) -> None:
        super().__init__("this link belongs to no message of ours; use the one in the message, whole")


class LinkTooLong(EstampeError):
    """A target, label or id is too long to travel in a link."""

    def __init__(self, length: int) -> None:
        super().__init__(f"a link of {length:,} bytes is too long; {_LONGEST:,} are allowed")


class Addressed(NamedTuple):
    """Whose message links belong to: the customer's number, the action, the contact, the stamp's id."""

    customer: int
    action: str
    contact: str
    stamp: UUID


class Link(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A link of a message.

    Parameters:
        message: whose link it is.
        kind: what following it does.
        part: where it stands.
        label: what its author calls it.
        target: where it leads, an address; empty if it leads to a page of ours.
        form: the id of the form that it leads to.
        decoy: whether no person can see it.
    """

    message: Addressed
    kind: LinkKind
    part: Part = Part.UNKNOWN
    label: str = ""
    target: str = ""
    form: str = ""
    decoy: bool = False


class Seal(msgspec.Struct, frozen=True, array_like=True):
    """Makes the links of one message; it goes to where the message is composed.

    Parameters:
        base: what the addresses start with.
        head: the head of their tokens.
        key: the message's key.
    """

    base: str
    head: bytes
    key: bytes

    def address(  # noqa: PLR0913  one for each thing that a link says
        self,
        kind: LinkKind,
        *,
        part: Part = Part.UNKNOWN,
        label: str = "",
        target: str = "",
        form: str = "",
        decoy: bool = False,
    ) -> str:
        """Return the address of a link.

        Raises:
            LinkTooLong: it cannot carry all this.
        """
        first = kind | part << 4 | decoy << 7
        said = b"%c%b%b%b" % (first, _word(label), _word(form), target.encode(errors="replace"))
        if len(said) > _LONGEST // 2:
            raise LinkTooLong(len(said))
        signed = self.head + said
        return self.base + _written(signed + _seal(self.key, signed)).decode()


class Links:
    """Makes seals, and reads links.

    Parameters:
        secrets: by number, 1 to 255; the one with the highest number seals, all verify. So add one to rotate, and
            drop an old one when its links are wanted no more.
        base: what the addresses of links start with: a server's public address and `PATH`.
    """

    def __init__(self, secrets: Mapping[int, bytes], base: str) -> None:
        self._secrets = dict(secrets)
        self._newest = max(secrets)
        self._base = base

    def seal(self, message: Addressed) -> Seal:
        """Return what makes the links of a message."""
        head = _HEAD.pack(self._newest, message.customer, message.stamp.bytes)
        head += _word(message.action) + _word(message.contact)
        return Seal(self._base, head, self._key(head))

    def verify(self, token: str) -> bytes:
        """Return what a token says, without its seal: what `read` takes.

        Raises:
            InvalidLink: it is none of ours.
        """
        signed = _bytes(token)
        said = signed[:-_SEAL_BYTES]
        try:
            key = self._key(said[: _head_length(said)])
        except (IndexError, KeyError):
            raise InvalidLink from None
        if not compare_digest(signed[-_SEAL_BYTES:], _seal(key, said)):
            raise InvalidLink
        return said

    def _key(self, head: bytes) -> bytes:
        return blake2b(head, key=self._secrets[head[0]], person=_KEYS, digest_size=32).digest()


def glance(said: bytes) -> tuple[LinkKind, bytes]:
    """Return no more of a link, verified bytes, than its kind and its target."""
    at = _head_length(said)
    kind = _KINDS[said[at] & 0x0F]
    at += 1
    at += 1 + said[at]  # the label
    at += 1 + said[at]  # the form
    return kind, said[at:]


def read(said: bytes) -> Link:
    """Return the link that verified bytes stand for."""
    _, customer, stamp = _HEAD.unpack_from(said)
    action, at = _read_word(said, _HEAD.size)
    contact, at = _read_word(said, at)
    first = said[at]
    label, at = _read_word(said, at + 1)
    form, at = _read_word(said, at)
    return Link(
        message=Addressed(customer, action, contact, UUID(bytes=stamp)),
        kind=LinkKind(first & 0x0F),
        part=Part(first >> 4 & 0x07),
        label=label,
        target=said[at:].decode(),
        form=form,
        decoy=first > 0x7F,  # noqa: PLR2004  the highest bit
    )


def _seal(key: bytes, said: bytes) -> bytes:
    return blake2b(said, key=key, person=_SEALS, digest_size=_SEAL_BYTES).digest()


def _head_length(said: bytes) -> int:
    at = _HEAD.size
    at += 1 + said[at]
    return at + 1 + said[at]


def _word(text: str) -> bytes:
    """Return a short text with its length before it; what is too long of it is cut off."""
    octets = text.encode(errors="replace")[:_LONGEST_WORD]
    octets = octets.decode(errors="ignore").encode()
    return b"%c%b" % (len(octets), octets)


def _read_word(said: bytes, at: int) -> tuple[str, int]:
    end = at + 1 + said[at]
    return said[at + 1 : end].decode(), end


def _written(octets: bytes) -> bytes:
    return binascii.b2a_base64(octets, newline=False).translate(_TO_URL).rstrip(b"=")


def _bytes(token: str) -> bytes:
    if not 0 < len(token) <= _LONGEST or not token.isascii():
        raise InvalidLink
    written = token.encode()
    try:
        octets = binascii.a2b_base64(written.translate(_FROM_URL) + b"=" * (-len(written) % 4), strict_mode=True)
    except binascii.Error as exc:
        raise InvalidLink from exc
    if len(octets) <= _SEAL_BYTES or _written(octets) != written:  # the last letter has bits that say nothing
        raise InvalidLink
    return octets
