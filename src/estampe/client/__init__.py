"""`estampe.Client` and `estampe.AsyncClient`: read, follow and publish events, and execute actions, over HTTP."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from estampe.client.calls import Receipt
from estampe.client.executions import ItemError, Result
from estampe.client.failures import (
    CallRunning,
    Conflict,
    Flaw,
    Forbidden,
    HistoryRewritten,
    IncompleteList,
    InvalidAddress,
    InvalidKey,
    InvalidPosition,
    InvalidRequest,
    InvalidSelection,
    InvalidTime,
    NotFound,
    RateLimited,
    Redirected,
    Refused,
    ServerFailed,
    ServerUnreachable,
    Unauthorized,
    WrongServer,
)
from estampe.client.filters import Filters, Moment, Words
from estampe.client.retries import Retries
from estampe.client.windows import Followed, Watermark

if TYPE_CHECKING:
    from estampe.client.asynchronous import AsyncClient
    from estampe.client.sync import Client

__all__ = [
    "AsyncClient",
    "CallRunning",
    "Client",
    "Conflict",
    "Filters",
    "Flaw",
    "Followed",
    "Forbidden",
    "HistoryRewritten",
    "IncompleteList",
    "InvalidAddress",
    "InvalidKey",
    "InvalidPosition",
    "InvalidRequest",
    "InvalidSelection",
    "InvalidTime",
    "ItemError",
    "Moment",
    "NotFound",
    "RateLimited",
    "Receipt",
    "Redirected",
    "Refused",
    "Result",
    "Retries",
    "ServerFailed",
    "ServerUnreachable",
    "Unauthorized",
    "Watermark",
    "Words",
    "WrongServer",
]

_HOMES = {"AsyncClient": "estampe.client.asynchronous", "Client": "estampe.client.sync"}


def __getattr__(name: str) -> Any:
    """Load httpx with the first client, so that the command starts, and the server runs, without it (PEP 562)."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
