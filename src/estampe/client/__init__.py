"""`estampe.Client` and `estampe.AsyncClient`: read, follow and publish events over HTTP."""

from estampe.client.asynchronous import AsyncClient
from estampe.client.calls import Receipt, Watermark
from estampe.client.failures import (
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
from estampe.client.sync import Client
from estampe.client.windows import Followed

__all__ = [
    "AsyncClient",
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
    "Moment",
    "NotFound",
    "RateLimited",
    "Receipt",
    "Redirected",
    "Refused",
    "Retries",
    "ServerFailed",
    "ServerUnreachable",
    "Unauthorized",
    "Watermark",
    "Words",
    "WrongServer",
]
