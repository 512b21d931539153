"""The reference page and all that it is made of; nothing of it comes from elsewhere."""

from __future__ import annotations

import gzip
from functools import cache
from importlib.resources import files

from estampe.http.documents import Document

_ASSETS = files(__name__.rpartition(".")[0]).joinpath("assets")

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Holds the page to this server: a browser asks nobody else, whatever the scripts would do. Styles are written into
the page by the interface's script, so they may stand in it."""


@cache
def pages() -> dict[str, Document]:
    """Return the page and its parts by path."""
    packed = _ASSETS.joinpath("scalar.js.gz").read_bytes()
    return {
        "/docs": Document(
            _asset("page.html"),
            "text/html; charset=utf-8",
            ("content-security-policy", _POLICY),
            ("referrer-policy", "no-referrer"),
        ),
        "/docs/page.css": Document(_asset("page.css"), "text/css; charset=utf-8"),
        "/docs/page.js": Document(_asset("page.js"), "text/javascript; charset=utf-8"),
        "/docs/icon.svg": Document(_asset("icon.svg"), "image/svg+xml"),
        "/docs/scalar.js": Document(gzip.decompress(packed), "text/javascript; charset=utf-8", packed=packed),
    }


def _asset(name: str) -> bytes:
    return _ASSETS.joinpath(name).read_bytes()
