"""Addresses as they stand in free text."""

from __future__ import annotations

import re

ADDRESS = (
    r'(?:"[^"\s<>]{1,64}"|[^\s<>()\[\]{}:;,@"`|=*\u3000-\u303f\uff00-\uff65]{1,64})'
    r"@(?:\[[0-9A-Fa-fIPv.:]{2,60}\]|[A-Za-z0-9][A-Za-z0-9._-]{0,254}|\w[\w.-]{0,254})"
)
"""A pattern of an address in a text; what it finds is made tidy by `tidy`."""

_GLUED = re.compile(r"^[\u2e80-\ufaff]{1,64}(?=[!-~])")
_FOUND = re.compile(ADDRESS)
_PERSONS = 1_000


def tidy(found: str) -> str:
    """Return an address without the quotes, dots and words of routing that stand around it."""
    address = _GLUED.sub("", found).strip("'\u2018\u2019.,-_ ")
    for prefix in ("SMTP=", "smtp=", "mailto="):
        address = address.removeprefix(prefix)
    return address


def addresses(text: str) -> list[str]:
    """Return the addresses in a text, in order, none twice, at most 1,000."""
    found: dict[str, str] = {}
    for each in _FOUND.finditer(text):
        address = tidy(each[0])
        if "@" in address[1:-1]:
            found.setdefault(address.lower(), address)
        if len(found) >= _PERSONS:
            break
    return list(found.values())
