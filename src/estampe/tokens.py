"""Tokens: a few bytes that leave the house in a link or an address, and come back as they were or not at all."""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import TYPE_CHECKING

from estampe.errors import EstampeError

if TYPE_CHECKING:
    from collections.abc import Sequence

_MAC_BYTES = 10
"""80 bits: each guess has to be tried on a server, so that is plenty, and tokens stay short."""

_LONGEST = 1_024


class InvalidToken(EstampeError):
    """A text is no token of ours, or not for this purpose."""

    def __init__(self) -> None:
        super().__init__("this token is none of ours, or was changed on its way; use it whole, as it was given")


class Tokens:
    """Makes and reads tokens: base32 in lower case, read in any case, for mail servers may change it.

    Parameters:
        secrets: the first one signs, all verify; so put a new one first, and drop the old one when its tokens are
            wanted no more.
    """

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._secrets = tuple(secrets)

    def make(self, purpose: str, payload: bytes) -> str:
        """Return a token that carries a payload, for one purpose: it is of no use for another."""
        return _written(payload + _mac(self._secrets[0], purpose, payload))

    def read(self, purpose: str, text: str) -> bytes:
        """Return the payload of a token.

        Raises:
            InvalidToken: we did not make it, or for another purpose.
        """
        signed = _bytes(text.lower())
        payload, mac = signed[:-_MAC_BYTES], signed[-_MAC_BYTES:]
        if not any(hmac.compare_digest(mac, _mac(secret, purpose, payload)) for secret in self._secrets):
            raise InvalidToken
        return payload


def _mac(secret: bytes, purpose: str, payload: bytes) -> bytes:
    name = purpose.encode()
    return hmac.digest(secret, len(name).to_bytes(2, "big") + name + payload, "sha256")[:_MAC_BYTES]


def _written(signed: bytes) -> str:
    return base64.b32encode(signed).decode().rstrip("=").lower()


def _bytes(text: str) -> bytes:
    if len(text) > _LONGEST:
        raise InvalidToken
    try:
        signed = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError) as exc:
        raise InvalidToken from exc
    if _written(signed) != text:  # the last letter has bits that say nothing: one token, one text
        raise InvalidToken
    return signed
