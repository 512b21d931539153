"""The client's page has every failure, filter and parameter."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from estampe import AsyncClient, Client, client
from estampe.client import Filters, Retries
from estampe.errors import EstampeError

PAGE = (Path(__file__).parents[3] / "docs/client.md").read_text()
METHODS = [name for name, _ in inspect.getmembers(Client, inspect.isfunction) if name[0] != "_"]


def test_every_failure_stands_there() -> None:
    offered = [getattr(client, name) for name in client.__all__]
    failures = [each.__name__ for each in offered if isinstance(each, type) and issubclass(each, EstampeError)]
    assert failures
    assert [name for name in failures if f"`{name}`" not in PAGE] == []


def test_every_filter_and_parameter_stands_there() -> None:
    names = {*Filters.__annotations__, *inspect.signature(Client.follow).parameters} - {"self", "filters"}
    assert {name for name in names if f"`{name}`" not in PAGE} == set()
    assert all(f"{name}=" in PAGE for name in Retries.__struct_fields__)


@pytest.mark.parametrize("name", METHODS)
def test_both_clients_have_the_same_methods(name: str) -> None:
    twin = getattr(AsyncClient, {"close": "aclose"}.get(name, name))
    assert inspect.signature(twin).parameters == inspect.signature(getattr(Client, name)).parameters
    assert name == "close" or name in PAGE
