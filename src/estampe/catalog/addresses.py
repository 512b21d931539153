"""Addresses of electronic mail, as far as one can tell by looking."""

from __future__ import annotations

import re

from estampe.errors import EstampeError

_LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}", re.ASCII)
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.ASCII)
_LONGEST = 254  # RFC 5321 section 4.5.3.1.3, without its angle brackets


class InvalidAddress(EstampeError):
    """A text is no address of electronic mail."""

    def __init__(self, text: str) -> None:
        beyond = (
            "" if text.rpartition("@")[0].isascii() else " that can be sent to, with letters beyond ASCII before the @"
        )
        super().__init__(f"{text[:_LONGEST]!r} is no e-mail address{beyond}: write one such as name@example.com")


def parse_address(text: str) -> str:
    """Return an address as it is sent to: a domain in other letters than ASCII is encoded (RFC 3490).

    Local parts in quotes, and those that are not ASCII, are none of ours.

    Raises:
        InvalidAddress: the text is none.
    """
    local, at, domain = text.strip().rpartition("@")
    address = f"{local}@{_ascii(domain)}"
    if not at or not _LOCAL.fullmatch(local) or not is_domain(domain) or len(address) > _LONGEST:
        raise InvalidAddress(text)
    return address


def is_domain(text: str) -> bool:
    """Return whether a text is a domain, in any letters."""
    return _DOMAIN.fullmatch(_ascii(text)) is not None


def is_local_part(text: str) -> bool:
    """Return whether a text may stand before the @ of an address."""
    return _LOCAL.fullmatch(text) is not None


def domain_of(address: str) -> str:
    """Return the domain of an address in lower case and ASCII, empty if the address is."""
    return _ascii(address.rpartition("@")[2]).lower()


def _ascii(domain: str) -> str:
    """Return a domain in ASCII, or an empty text where there is no such form."""
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        return ""
