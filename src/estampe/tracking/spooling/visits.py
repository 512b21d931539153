"""Visits: requests that followed a link, as they are kept before anything is made of them."""

from __future__ import annotations

import msgspec

HEADERS = (
    "accept",
    "accept-encoding",
    "accept-language",
    "cookie",
    "from",
    "purpose",
    "referer",
    "sec-ch-ua",
    "sec-fetch-mode",
    "sec-fetch-user",
    "sec-purpose",
    "upgrade-insecure-requests",
    "via",
    "x-moz",
    "x-purpose",
    "x-requested-with",
)
"""Headers whose presence is kept: bit n of `Visit.headers` says whether the nth was there. New ones go at the end."""


class Visit(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A request that followed a link.

    Parameters:
        time_ms: when it came, Unix milliseconds.
        link: what its token says, verified; see `links.read`.
        address: where it came from, shortened if the operator wants that; empty if unknown.
        agent: its user agent; empty if there was none.
        method: `GET`, `HEAD` or `POST`.
        headers: which of `HEADERS` it had, a bit each.
        one_click: whether it was posted as RFC 8058 says.
    """

    time_ms: int
    link: bytes
    address: str
    agent: str
    method: str
    headers: int = 0
    one_click: bool = False

    def names(self) -> tuple[str, ...]:
        """Return the names of those of `HEADERS` that it had."""
        return tuple(name for bit, name in enumerate(HEADERS) if self.headers >> bit & 1)


encode = msgspec.msgpack.Encoder().encode
"""Write a visit."""

decode = msgspec.msgpack.Decoder(Visit).decode
"""Read a visit."""
