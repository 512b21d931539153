"""Transfer: what carries octets through mail servers that know lines of ASCII only (RFC 2045 section 6)."""

from __future__ import annotations

import binascii

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_OTHERS = bytes(set(range(256)) - set(_BASE64))


def carried(octets: bytes, encoding: str) -> bytes:
    """Undo a transfer encoding; what does not hold to it stays as it is.

    Parameters:
        octets: what was carried, perhaps cut off somewhere.
        encoding: the value of Content-Transfer-Encoding.
    """
    words = encoding.lower().replace('"', " ").replace(";", " ").split()
    match words[:1]:
        case ["base64"]:
            return unpacked(octets) if _is_base64(octets) else octets
        case ["quoted-printable"]:
            return binascii.a2b_qp(octets)
        case _:
            return octets


def unpacked(octets: bytes) -> bytes:
    """Undo base64, of which some may be missing."""
    digits = octets.translate(None, _OTHERS)
    try:
        return binascii.a2b_base64(digits + b"===")
    except binascii.Error:  # a single digit is left over, which tells nothing
        return binascii.a2b_base64(digits.rstrip(b"=")[:-1] + b"===")


def _is_base64(octets: bytes) -> bool:
    """Return whether the first line that is not empty is base64, and not what only says so."""
    return not octets.lstrip().partition(b"\n")[0].rstrip().translate(None, _BASE64)
