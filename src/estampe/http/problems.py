"""Every error that the API answers, as RFC 9457 problem details."""

from __future__ import annotations

from collections.abc import Sequence  # noqa: TC003  msgspec reads the annotation
from enum import Enum
from typing import Literal

import msgspec

from estampe.errors import EstampeError

MEDIA_TYPE = "application/problem+json"

RETRY = ("retry-after", "1")
"""The header that goes with what is over in a moment."""

FLAWS_LIMIT = 100
"""At most so many flaws are listed in one answer."""


class Kind(Enum):
    """The kinds of problem: status, title, and what to do. The type's URI is `/problems/` and the slug."""

    INVALID_PARAMETER = (
        400,
        "A parameter's value is not allowed",
        "Write a value of the kind that `allowed` names.",
    )
    UNKNOWN_PARAMETER = 400, "A parameter is not known here", "Mend its name: a parameter is never ignored."
    REPEATED_PARAMETER = 400, "A parameter is given more than once", "Give it once."
    INVALID_BODY = 400, "The body cannot be read", "Send what the operation takes, as JSON in UTF-8."
    INVALID_EVENTS = 400, "Events of the body are wrong; none was kept", "Mend each item that `errors` names."
    MISSING_KEY = 401, "A key is needed", "Send your key in the header X-Key."
    WRONG_KEY = 401, "The key is wrong", "Check the key's text; keys are shown once, when made."
    REVOKED_KEY = 401, "The key is revoked", "Ask for a new key."
    EXPIRED_KEY = 401, "The key has expired", "Ask for a new key."
    MISSING_SCOPE = 403, "The key does not allow this", "Use a key with the scope that `allowed` names."
    FOREIGN_IDENTITY = (
        403,
        "An event is of another customer; none was kept",
        "Leave `identity` out, or use its key.",
    )
    NOT_FOUND = 404, "There is nothing here", "Check the path."
    NEVER_OCCURRED = 404, "What is named here never occurred", "Check the id; it is known from its first event on."
    UNKNOWN_ACTION = 404, "There is no such action", "Check the id; GET /actions lists them."
    UNKNOWN_TARGET = 404, "There is no such target", "Check what it is named by; POST /targets makes one."
    UNKNOWN_SEGMENT = 404, "There is no such segment", "Check the id; GET /segments lists them."
    UNKNOWN_RULE = 404, "There is no such rule", "Check the id; GET /marketing/pressure/rules lists them."
    NOT_MEMBER = 404, "The target is not in the segment", "Check both ids; there is nothing to take out."
    METHOD_NOT_ALLOWED = 405, "This method is not allowed here", "Use one of the methods in the header Allow."
    NOT_ACCEPTABLE = (
        406,
        "No form of the answer is acceptable",
        "Accept one of the forms that `allowed` names.",
    )
    STALLED_BODY = 408, "The body did not arrive in time", "Send it again."
    WRONG_STATE = 409, "The action is in another state", "Do first what the detail names."
    ACTION_VALIDATED = 409, "A validated action cannot be changed", "Take its validation back first."
    NOT_RENDERED = 409, "The message cannot be rendered", "Mend the template, or bring the variables that it names."
    TARGET_EXISTS = 409, "There is such a target already", "Change that one, or write another unicity."
    SEGMENT_EXISTS = 409, "There is such a segment already", "Take another name."
    ALREADY_MEMBER = 409, "The target is in the segment already", "Nothing is left to do."
    CALL_RUNNING = 409, "A call with this Idempotency-Key is running", "Wait as long as Retry-After says."
    BODY_TOO_LARGE = 413, "The body is too large", "Send it in parts."
    BATCH_TOO_LARGE = 413, "There are too many items in one call", "Send them in several calls."
    QUERY_TOO_LONG = 414, "The query string is too long", "Shorten it."
    UNSUPPORTED_MEDIA_TYPE = 415, "The body's media type is not known", "Use one that `allowed` names."
    UNSUPPORTED_ENCODING = 415, "The body's encoding is not known", "Use one that `allowed` names."
    KEY_REUSED = 422, "Another call had this Idempotency-Key", "Use a new key for each call, and the same to repeat it."
    RATE_LIMITED = 429, "The key has used up its rate", "Wait as long as Retry-After says."
    TOO_MANY_LISTS = (
        429,
        "The key is reading too many lists at once",
        "Read fewer at once, or try again later.",
    )
    TOO_MANY_BODIES = 429, "The key is sending too much at once", "Send fewer bodies at once, or try again later."
    TOO_MANY_STATISTICS = (
        429,
        "The key asks for too many statistics at once",
        "Ask for fewer at once, or try again later.",
    )
    TOO_MANY_CALLS = (
        429,
        "The key makes too many calls at once",
        "Make fewer at once, or try again later.",
    )
    INTERNAL = 500, "Something went wrong here", "Tell the operator the request id."
    OVERLOADED = 503, "Too many lists are being read", "Wait as long as Retry-After says."
    NO_ROOM = (
        503,
        "Too many bodies are arriving; none was kept",
        "Wait as long as Retry-After says, then send it again.",
    )
    LOG_BUSY = 503, "The disk cannot keep up; none was kept", "Wait as long as Retry-After says, then send it again."
    NOT_READY = 503, "The server is not ready", "Wait, or look at the server's log."
    CATALOG_UNAVAILABLE = 503, "The catalog's database does not answer", "Wait as long as Retry-After says."
    LOG_FULL = (
        507,
        "There is no room on the disk; none was kept",
        "Make room on the server, then send it again.",
    )

    def __init__(self, status: int, title: str, remedy: str) -> None:
        self.status = status
        self.title = title
        self.remedy = remedy

    @property
    def slug(self) -> str:
        """The last part of the type's URI."""
        return self.name.lower().replace("_", "-")


class Flaw(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"place": "in"}):
    """One wrong thing in a request.

    Parameters:
        place: where it stands (`in` in JSON).
        name: the parameter's or header's name.
        index: the item's index in the body, from 0.
        path: the wrong member's path within the item.
        found: what was found.
        allowed: what is allowed.
    """

    place: Literal["query", "header", "body", "path"]
    name: str | None = None
    index: int | None = None
    path: str | None = None
    found: str | None = None
    allowed: str | None = None


class ProblemDetails(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is wrong with a request, as JSON (RFC 9457, section 3).

    Parameters:
        type: which problem it is; never changes.
        title: the problem in a few words.
        status: the answer's status.
        detail: what is wrong in this request and how to mend it.
        errors: each wrong thing, where there are several or one can be named.
    """

    type: str
    title: str
    status: int
    detail: str
    errors: Sequence[Flaw] = ()


class Problem(EstampeError):
    """A request cannot be answered as asked.

    Parameters:
        kind: which problem it is.
        detail: what is wrong in this request and how to mend it, in a sentence.
        flaws: each wrong thing, at most `FLAWS_LIMIT` are sent.
        headers: headers that belong to the answer.
    """

    def __init__(
        self,
        kind: Kind,
        detail: str,
        flaws: Sequence[Flaw] = (),
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.flaws = flaws[:FLAWS_LIMIT]
        self.headers = headers

    def body(self) -> bytes:
        """Return the problem as JSON (RFC 9457, section 3)."""
        return msgspec.json.encode(
            ProblemDetails(
                type=f"/problems/{self.kind.slug}",
                title=self.kind.title,
                status=self.kind.status,
                detail=str(self),
                errors=self.flaws,
            )
        )
