"""The headers of requests and answers, as the documentation has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from estampe.http.problems import Kind

if TYPE_CHECKING:
    from estampe.events.schema import Schema


class Header(NamedTuple):
    """A header of an answer.

    Parameters:
        meaning: a sentence for the reader.
        schema: what it holds.
        example: such a text or number.
    """

    meaning: str
    schema: Schema
    example: Any


_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}

HEADERS: dict[str, Header] = {
    "X-Request-Id": Header(
        "Names the request in the server's log: the caller's, if it is up to 128 letters, digits and `._:/+=@-`, else"
        " a new one.",
        _TEXT,
        "5f1c0e7a9b2d4c68-1a",
    ),
    "X-Events-Complete-Until": Header(
        "Unix milliseconds: no event with a smaller timestamp will ever be published, and none at or after it is here.",
        _COUNT,
        1_614_089_600_000,
    ),
    "X-Events-Epoch": Header("Changes when an operator rewrites history: then read again what you keep.", _COUNT, 1),
    "X-RateLimit-Limit": Header("Requests at once; absent if the server sets no rate.", _COUNT, 200),
    "X-RateLimit-Remaining": Header("Requests left now.", _COUNT, 199),
    "X-RateLimit-Reset": Header("Seconds until all are there again.", _COUNT, 1),
    "Retry-After": Header("Seconds to wait.", _COUNT, 1),
    "Vary": Header("The request's headers that the form of the answer depends on.", _TEXT, "Accept, Accept-Encoding"),
    "Content-Encoding": Header("How the body is packed; absent if it is not.", _TEXT, "zstd"),
    "WWW-Authenticate": Header("What a request needs.", _TEXT, "X-Key"),
    "Accept-Encoding": Header("The codings that a body may have.", _TEXT, "gzip, zstd"),
    "ETag": Header("Names what the document is now; If-None-Match asks whether it still is.", _TEXT, '"9c56cc51b374"'),
    "Idempotent-Replayed": Header(
        "That this is the answer of an earlier call with the same Idempotency-Key; absent otherwise.",
        {"type": "string", "const": "true"},
        "true",
    ),
    "Cache-Control": Header("Whether it may be kept: `no-store` with all that needs a key.", _TEXT, "no-cache"),
}

RATES = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")

KEYED = ("Cache-Control", *RATES)
"""What comes with every answer to a key."""

_WITH_STATUS = {401: "WWW-Authenticate", 429: "Retry-After", 503: "Retry-After"}


def headers_of(kind: Kind) -> tuple[str, ...]:
    """Return the headers that come with a problem."""
    if kind is Kind.UNSUPPORTED_ENCODING:
        return ("Accept-Encoding",)
    if kind is Kind.CALL_RUNNING:
        return ("Retry-After",)
    return (_WITH_STATUS[kind.status],) if kind.status in _WITH_STATUS else ()
