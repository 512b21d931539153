"""A publisher's side of the API: drafts go into a running server."""

from __future__ import annotations

import time
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from estampe.errors import EstampeError
from estampe.events import Fault

if TYPE_CHECKING:
    from collections.abc import Sequence

PATH = "/actions/events"
TIMEOUT_S = 60
CREATED, TOO_MANY_REQUESTS = 201, 429


class ServerUnreachable(EstampeError):
    """No server answers there."""


class InvalidAddress(ServerUnreachable):
    """A text that is no address of a server."""

    def __init__(self, url: str) -> None:
        super().__init__(f"{url!r} is no address of a server: write http://HOST:PORT")


class WrongServer(EstampeError):
    """What answers there is another server."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"{url} does not answer as Estampe does; write the address that estampe serve says it listens on"
        )


class UnusableKey(EstampeError):
    """A text that no header can carry; the message does not show it, since it may be most of a key."""

    def __init__(self) -> None:
        super().__init__("what you gave as --key or ESTAMPE_KEY is no key: it has other characters than a key can have")


class ServerRefused(EstampeError):
    """The server answered with a problem; `faults` are its wrong drafts by index."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"the server refused ({problem.status}): {(problem.detail or problem.title).rstrip('.')}")
        self.faults = [
            (error.index, Fault(error.path, error.found, error.allowed))
            for error in problem.errors
            if error.index is not None
        ]


class ProblemError(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a request."""

    index: int | None = None
    path: str = "$"
    found: str = ""
    allowed: str = ""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9457: why a request failed."""

    status: int = 0
    title: str = ""
    detail: str = ""
    errors: tuple[ProblemError, ...] = ()


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What the server says about one draft."""

    id: str
    position: str
    duplicate: bool = False


class Client:
    """Keeps one connection to a server.

    Parameters:
        url: where it is, such as `http://127.0.0.1:8080`.
        key: a key with the scopes that the calls need.
    """

    def __init__(self, url: str, key: str) -> None:
        scheme, host, port, path = _address(url)
        kind = HTTPSConnection if scheme == "https" else HTTPConnection
        self._connection = kind(host, port, timeout=TIMEOUT_S)
        self._url = url
        self._base = path.rstrip("/")
        self._headers = {"X-Key": _key(key)}

    def publish(self, drafts: Sequence[bytes]) -> list[Receipt]:
        """Publish drafts, all or none of them.

        Raises:
            ServerRefused: a draft is wrong, or the key may not.
            ServerUnreachable: the server does not answer.
        """
        headers = {"Content-Type": "application/json"}
        response, body = self._send("POST", b"[" + b",".join(drafts) + b"]", headers)
        if response.status != CREATED:
            raise ServerRefused(_problem(response, body))
        try:
            return msgspec.json.decode(body, type=list[Receipt])
        except msgspec.DecodeError as exc:
            raise WrongServer(self._url) from exc

    def complete_until_ms(self) -> int:
        """Return up to when the log is final, Unix milliseconds.

        Raises:
            ServerRefused: the key may not.
            ServerUnreachable: the server does not answer.
        """
        response, body = self._send("HEAD")
        try:
            return int(response.headers["X-Events-Complete-Until"])
        except (TypeError, ValueError):
            raise ServerRefused(_problem(response, body)) from None

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _send(self, method: str, body: bytes | None = None, headers: Any = None) -> tuple[HTTPResponse, bytes]:
        """Ask, and ask again as long as the server says that we ask too often."""
        while True:
            try:
                self._connection.request(method, self._base + PATH, body, self._headers | (headers or {}))
                response = self._connection.getresponse()
                answer = response.read()
            except (OSError, HTTPException) as exc:
                self._connection.close()
                raise ServerUnreachable(f"{self._url} does not answer: {exc}; start it with: estampe serve") from exc
            if response.status != TOO_MANY_REQUESTS:
                return response, answer
            time.sleep(_retry_s(response))


def _address(url: str) -> tuple[str, str, int | None, str]:
    """Return scheme, host, port and path."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InvalidAddress(url) from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InvalidAddress(url)
    return parts.scheme, parts.hostname, port, parts.path


def _key(text: str) -> str:
    key = text.strip()
    if not (key.isascii() and key.isprintable()):
        raise UnusableKey
    return key


def _retry_s(response: HTTPResponse) -> float:
    """Return how long to wait; a proxy before the server may write a date, which is not worth reading."""
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else 1.0


def _problem(response: HTTPResponse, body: bytes) -> Problem:
    try:
        return msgspec.json.decode(body, type=Problem)
    except msgspec.DecodeError:
        return Problem(status=response.status, title=response.reason)
