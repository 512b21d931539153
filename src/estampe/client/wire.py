"""How requests become httpx's and what httpx gives becomes ours; what goes wrong on the way has one class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from estampe.client.conversation import Reply
from estampe.client.failures import InvalidAddress, InvalidKey, InvalidSelection, ServerUnreachable
from estampe.version import __version__

if TYPE_CHECKING:
    from estampe.client.conversation import Ask

CONNECT_S = 10


def options(url: str, key: str, timeout_s: float) -> dict[str, Any]:
    """Return what both of httpx's clients are made with.

    Raises:
        InvalidAddress: the URL is none, or has a password in it.
        InvalidKey: no header can carry the key.
    """
    return {
        "base_url": _address(url),
        "headers": {"x-key": _key(key), "user-agent": f"estampe/{__version__}"},
        "timeout": httpx.Timeout(timeout_s, connect=min(timeout_s, CONNECT_S)),
        "follow_redirects": False,  # the key is for this server
    }


def request(client: httpx.Client | httpx.AsyncClient, ask: Ask) -> httpx.Request:
    """Return a request as httpx has it.

    Raises:
        InvalidSelection: the filters are too long for a URL.
    """
    query, headers = dict(ask.query) or None, dict(ask.headers)
    try:
        return client.build_request(ask.method, ask.path, params=query, headers=headers, content=ask.content or None)
    except httpx.InvalidURL as exc:
        raise InvalidSelection(f"no server takes filters as long as these: {exc}") from None


def reply(response: httpx.Response) -> Reply:
    """Return how an answer begins."""
    return Reply(response.status_code, {name.lower(): value for name, value in response.headers.items()})


def unreachable(url: str, fault: httpx.TransportError) -> ServerUnreachable:
    """Return what a fault of the connection is to the caller; the fault itself, which knows the key, is let go."""
    return ServerUnreachable(f"{url} does not answer: {str(fault) or type(fault).__name__}")


def _address(url: str) -> httpx.URL:
    try:
        address = httpx.URL(url)
    except (httpx.InvalidURL, TypeError):
        raise InvalidAddress(url) from None
    if address.scheme not in {"http", "https"} or not address.host or address.userinfo or address.query:
        raise InvalidAddress(url)
    return address


def _key(text: str) -> str:
    key = text.strip()
    if not (key and key.isascii() and key.isprintable()):
        raise InvalidKey
    return key
