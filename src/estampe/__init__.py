"""Estampe: an open, self-hosted event platform for marketing actions."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from estampe.version import __version__

if TYPE_CHECKING:
    from estampe.client import AsyncClient, Client

__all__ = ["AsyncClient", "Client", "__version__"]


def __getattr__(name: str) -> Any:
    """Load the client on first use: whoever serves needs no HTTP client (PEP 562)."""
    if name in __all__:
        return getattr(import_module("estampe.client"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
