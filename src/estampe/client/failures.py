"""What a client may meet: the server is away, refuses, or breaks off; each fact is a class.

EstampeError
├ InvalidAddress, InvalidKey, InvalidSelection, InvalidPosition, InvalidTime: mend what you wrote
├ ServerUnreachable: nobody answered
├ Refused: the server said no, and why
│ ├ InvalidRequest, Unauthorized, Forbidden, NotFound, Conflict, Redirected
│ └ RateLimited, ServerFailed, CallRunning: passing, so tried again before they are raised
├ WrongServer: what answers there does not answer as Estampe or NP6 do
├ IncompleteList: a list ended before its end
└ HistoryRewritten: an operator has changed what a follower has read already
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec

from estampe.errors import EstampeError
from estampe.events import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping


class Flaw(msgspec.Struct, frozen=True, kw_only=True, rename={"place": "in"}):
    """One wrong thing in a request.

    Parameters:
        place: where it stands: `query`, `header`, `body` or `path`.
        name: the parameter's or header's name.
        index: the item's index in the body, from 0.
        path: the wrong member's path within the item.
        found: what was found.
        allowed: what is allowed.
    """

    place: str = ""
    name: str = ""
    index: int | None = None
    path: str = ""
    found: str = ""
    allowed: str = ""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request failed (RFC 9457); `type` is what programs decide by."""

    type: str = ""
    title: str = ""
    detail: str = ""
    errors: tuple[Flaw, ...] = ()


class InvalidAddress(EstampeError):
    """A text is no address of a server; it is not shown where a password may stand in it."""

    def __init__(self, url: str) -> None:
        shown = "what you gave" if "@" in url else repr(url)
        super().__init__(f"{shown} is no address of a server: write http://HOST:PORT")


class InvalidKey(EstampeError):
    """A text that no header can carry; the message does not show it, since it may be most of a key."""

    def __init__(self) -> None:
        super().__init__("what you gave as the key is no key: it is empty, or has other characters than a key can have")


class InvalidSelection(EstampeError):
    """Filters that do not go together."""


class InvalidPosition(EstampeError):
    """A position to resume from that is none, or is not in the list."""


class InvalidTime(EstampeError):
    """A time without offset, which would mean another one on each machine."""


class ServerUnreachable(EstampeError):
    """No server answers there, or it stopped answering."""


class WrongServer(EstampeError):
    """What answers there does not answer as Estampe or NP6 do."""


class IncompleteList(EstampeError):
    """A list ended before its end; what came before is right, what follows is missing."""


class HistoryRewritten(EstampeError):
    """An operator has changed history (an import, say), so what was read before may be read anew.

    `after`: the position to go on from in the history as it is now, if you need not read it anew.
    """

    def __init__(self, after: str) -> None:
        super().__init__("the log's history was rewritten: read again what you keep, or follow on from `after`")
        self.after = after


class Refused(EstampeError):
    """The server answered with a problem.

    Parameters:
        status: the HTTP status.
        problem: the problem details; NP6 and proxies give none.
        request_id: what the server's log calls the request.
        retry_after_s: seconds that the server asks to wait, if it says so.
    """

    def __init__(self, status: int, problem: Problem, request_id: str = "", retry_after_s: float | None = None) -> None:
        self.status = status
        self.type = problem.type
        self.title = problem.title or _phrase(status)
        self.detail = problem.detail
        self.errors = problem.errors
        self.request_id = request_id
        self.retry_after_s = retry_after_s
        said = (self.detail or f"{self.title}: {_MEANINGS.get(status, 'see the status')}").rstrip(".")
        super().__init__(f"the server refused ({status}): {said}" + (f" [request {request_id}]" if request_id else ""))

    @property
    def faults(self) -> list[tuple[int, Fault]]:
        """The wrong drafts of a publication, each with its index."""
        return [
            (flaw.index, Fault(flaw.path or "$", flaw.found, flaw.allowed))
            for flaw in self.errors
            if flaw.index is not None
        ]


class InvalidRequest(Refused):
    """The request is wrong (400 and the other 4xx)."""


class Unauthorized(Refused):
    """The key is missing, wrong, revoked or expired (401)."""


class Forbidden(Refused):
    """The key does not allow this (403)."""


class NotFound(Refused):
    """There is no such path, or the action, contact or campaign never occurred (404)."""


class Conflict(Refused):
    """Something's state does not allow this (409)."""


class CallRunning(Conflict):
    """The same call, by its idempotency key, is still being done (409), also after waiting."""


class Redirected(Refused):
    """The server names another address (3xx); the key is not sent there."""


class RateLimited(Refused):
    """Too many requests (429), still after waiting."""


class ServerFailed(Refused):
    """The server failed (5xx), still after trying again."""


_CLASSES: dict[int, type[Refused]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    429: RateLimited,
}
_TYPES: dict[str, type[Refused]] = {"/problems/call-running": CallRunning}
_CENTURIES: dict[int, type[Refused]] = {3: Redirected, 4: InvalidRequest}

_MEANINGS = {
    400: "a parameter or the body is wrong",
    401: "the key is missing or wrong",
    403: "the key does not allow this",
    404: "there is no such path, or what it names never occurred",
    409: "the state does not allow this",
    411: "the body's length is missing",
    413: "the body is too large",
    415: "the body's media type is not known here",
    429: "too many requests; ask less often",
    500: "the server failed; try again later",
    503: "the server cannot answer now; try again later",
}
"""What statuses mean where the answer does not say it: NP6's 4xx have empty bodies."""


def refusal(status: int, headers: Mapping[str, str], body: bytes, retry_after_s: float | None) -> Refused:
    """Return the error that an answer stands for.

    Parameters:
        status: the HTTP status.
        headers: by name in lower case.
        body: the answer's body, of any kind.
        retry_after_s: seconds that the server asks to wait.
    """
    problem = _problem(status, headers, body)
    refused = _TYPES.get(problem.type) or _CLASSES.get(status) or _CENTURIES.get(status // 100, ServerFailed)
    return refused(status, problem, headers.get("x-request-id", ""), retry_after_s)


def _problem(status: int, headers: Mapping[str, str], body: bytes) -> Problem:
    if _CENTURIES.get(status // 100) is Redirected:
        where = headers.get("location", "but does not say which")
        return Problem(detail=f"it names another address, {where}; use that one if you trust it")
    try:
        return msgspec.json.decode(body, type=Problem)
    except msgspec.DecodeError:
        return Problem()


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "no known status"
