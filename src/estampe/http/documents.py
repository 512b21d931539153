"""Documents that stay the same while the server runs: sent packed, with a tag, and once to who keeps them."""

from __future__ import annotations

import gzip
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from estampe.http.negotiation import Coding, choose_coding

if TYPE_CHECKING:
    from estampe.http.exchange import Exchange

_OFFERED: tuple[Coding, ...] = ("gzip", "identity")

_NOT_MODIFIED = 304


class _Form(NamedTuple):
    """A document in one coding, and its tag."""

    body: bytes
    tag: str


class Document:
    """Answers GET and HEAD with a document; whoever keeps it asks whether it is still the same.

    Parameters:
        body: the document.
        media_type: its Content-Type.
        headers: what else belongs to the answer.
        packed: the body as gzip, where it is at hand.
    """

    def __init__(self, body: bytes, media_type: str, *headers: tuple[str, str], packed: bytes | None = None) -> None:
        tag = sha256(body).hexdigest()[:32]
        self._media_type = media_type
        self._headers = (
            ("cache-control", "no-cache"),
            ("vary", "Accept-Encoding"),
            ("x-content-type-options", "nosniff"),
            *headers,
        )
        self._forms: dict[Coding, _Form] = {
            "identity": _Form(body, f'"{tag}"'),
            "gzip": _Form(packed or gzip.compress(body, mtime=0), f'"{tag}-gzip"'),
        }

    async def __call__(self, exchange: Exchange) -> None:
        """Answer 200, or 304 to who has it (RFC 9110, section 13.1.2).

        Raises:
            Problem: no coding is acceptable.
        """
        coding = choose_coding(exchange.header(b"accept-encoding"), _OFFERED)
        form = self._forms[coding]
        headers = (*self._headers, ("etag", form.tag))
        if _names(exchange.header(b"if-none-match"), form.tag):
            await exchange.start(_NOT_MODIFIED, *headers)
            await exchange.send(b"", more=False)
            return
        if coding != "identity":
            headers += (("content-encoding", coding),)
        await exchange.answer(200, form.body, self._media_type, *headers)


def _names(header: str, tag: str) -> bool:
    """Say whether a header If-None-Match names a tag; weak ones are as good."""
    tags = {each.strip().removeprefix("W/") for each in header.split(",")}
    return not tags.isdisjoint({tag, "*"})
