"""Targets: the addresses that links of ours may lead to, as HTTP writes them (RFC 3986)."""

from __future__ import annotations

import re
from urllib.parse import quote

_LEFT_ALONE = "!#$%&'()*+,-./:;=?@[\\]^_{|}~"

_WRITTEN = re.compile(r'(?i:https?)://[^\0-\x20\x7f-\U0010ffff/?#\\<>"`]+(?:[/?#][^\0-\x20\x7f-\U0010ffff<>"`]*)?')
_TYPED = re.compile(
    # Not characters in a host that the codec of 2003 takes for others than browsers do today (UTS 46 section 7).
    r'((?i:https?)://)([^\0-\x20\x7f-\xa0/?#\\<>"`@ßς\u200c\u200d]+)((?:[/?#][^\0-\x1f\x7f]*)?)'
)
_HOST = re.compile(r"[A-Za-z0-9._-]+(?::\d+)?")


def target_of(address: str) -> str:
    """Return an address as HTTP writes it, in ASCII; empty if it is none of `http` and `https`, or unclear."""
    if _WRITTEN.fullmatch(address):
        return address
    found = _TYPED.fullmatch(address)
    host = _host(found[2]) if found else ""
    return f"{found[1]}{host}{quote(found[3], _LEFT_ALONE, errors='replace')}" if found and host else ""


def _host(typed: str) -> str:
    """Return a host as the DNS writes it; empty if there cannot be one."""
    try:
        host = typed.encode("idna").decode()
    except UnicodeError:
        return ""
    return host if _HOST.fullmatch(host) else ""
