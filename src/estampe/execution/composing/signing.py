"""Signing: DKIM (RFC 6376), relaxed in header and body, with RSA or Ed25519 (RFC 8463).

dkimpy has the canonical forms; the arithmetic is `cryptography`'s, which is twenty times as fast as the one it brings.
"""

from __future__ import annotations

import base64
import hashlib
import textwrap
import time
from functools import lru_cache
from typing import TYPE_CHECKING

import dkim  # type: ignore[import-untyped]  # it brings no types
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from dkim.canonicalization import Relaxed  # type: ignore[import-untyped]  # the same

from estampe.errors import EstampeError

if TYPE_CHECKING:
    from estampe.execution.orders import Signing

Key = RSAPrivateKey | Ed25519PrivateKey

_ONCE = (
    *(b"from", b"to", b"cc", b"subject", b"date", b"reply-to", b"message-id"),
    *(b"mime-version", b"content-type", b"content-transfer-encoding"),
)
"""Signed once more than they are there: whoever adds another one breaks the signature (RFC 6376 section 8.15)."""

_SIGNED = frozenset(
    {
        *_ONCE,
        *(b"in-reply-to", b"references", b"list-unsubscribe", b"list-unsubscribe-post"),
        *(b"list-id", b"list-help", b"feedback-id", b"precedence", b"auto-submitted", b"x-estampe-stamp"),
    }
)
"""Signed where they are there; RFC 8058 section 4 wants this of those that unsubscribe."""

_LEAST_BITS = 1_024  # RFC 8301 section 3.2
_KEPT = 256
_COLUMNS = 76


class UnusableKey(EstampeError):
    """A key cannot sign messages."""

    def __init__(self, name: str, fault: str) -> None:
        super().__init__(f"the DKIM key {name} cannot be used: {fault}; `estampe dkim create` makes one that can")


def sign(message: bytes, signing: Signing) -> bytes:
    """Return a message with its header DKIM-Signature on top.

    Parameters:
        message: whole, its lines ended by CRLF.
        signing: with what.

    Raises:
        UnusableKey: the key is none.
    """
    key = read_key(signing.key, f"{signing.selector} of {signing.domain}")
    head, _, body = message.partition(b"\r\n\r\n")
    fields = Relaxed.canonicalize_headers(dkim.rfc822_parse(head)[0])
    names = (*(name for name, _ in fields if name in _SIGNED), *_ONCE)
    header = b"DKIM-Signature: " + _tags(signing, key, names, body)
    covered = [*dkim.select_headers(fields, names), *Relaxed.canonicalize_headers([header.split(b":", 1)])]
    signature = _signature(key, b"".join(b"%b:%b" % field for field in covered).removesuffix(b"\r\n"))
    return header + _folded(base64.b64encode(signature), _COLUMNS - 4) + b"\r\n" + message


@lru_cache(_KEPT)
def read_key(pem: str, name: str) -> Key:
    """Read a private key.

    Parameters:
        pem: the key, in PEM, not encrypted.
        name: how it is called in errors.

    Raises:
        UnusableKey: it is neither an RSA key of 1,024 bits or more (RFC 8301) nor an Ed25519 key.
    """
    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as exc:
        raise UnusableKey(name, "it is no private key in PEM without a passphrase") from exc
    if isinstance(key, Ed25519PrivateKey) or (isinstance(key, RSAPrivateKey) and key.key_size >= _LEAST_BITS):
        return key
    raise UnusableKey(name, f"it is neither RSA of {_LEAST_BITS} bits or more nor Ed25519")


def _tags(signing: Signing, key: Key, names: tuple[bytes, ...], body: bytes) -> bytes:
    """Return the tags of the header, up to the signature itself."""
    kind = b"ed25519-sha256" if isinstance(key, Ed25519PrivateKey) else b"rsa-sha256"
    body_hash = base64.b64encode(hashlib.sha256(relaxed(body)).digest())
    return b"\r\n ".join(
        (
            b"v=1; a=%b; c=relaxed/relaxed;" % kind,
            b"d=%b;" % signing.domain.encode(),
            b"s=%b; t=%d;" % (signing.selector.encode(), time.time()),
            b"h=%b;" % _columns(names),
            b"bh=%b;" % body_hash,
            b"b=",
        )
    )


def relaxed(body: bytes) -> bytes:
    """Return a body in its relaxed form (RFC 6376 section 3.4.4); its lines are ended by CRLF, each of them."""
    said = body.replace(b"\t", b" ")
    while b"  " in said:
        said = said.replace(b"  ", b" ")
    said = said.replace(b" \r\n", b"\r\n").rstrip(b"\r\n")
    return said + b"\r\n" if said else b""


def _signature(key: Key, text: bytes) -> bytes:
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(hashlib.sha256(text).digest())  # RFC 8463 section 3: what is signed is the hash
    return key.sign(text, PKCS1v15(), SHA256())


@lru_cache(_KEPT)
def _columns(names: tuple[bytes, ...]) -> bytes:
    lines = textwrap.wrap(b" ".join(names).decode(), _COLUMNS - 4, break_on_hyphens=False)
    return b":\r\n ".join(line.replace(" ", ":").encode() for line in lines)


def _folded(text: bytes, width: int) -> bytes:
    return b"\r\n ".join(text[at : at + width] for at in range(0, len(text), width))
