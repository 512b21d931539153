"""The suite that the catalog passes on each of its databases."""

from __future__ import annotations

from contextlib import closing, nullcontext
from typing import TYPE_CHECKING

import pytest

from estampe.catalog import Customers, open_catalog
from estampe.events import Customer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from estampe.catalog import Catalog


@pytest.fixture(params=["sqlite", "postgresql"])
def catalog_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """What ESTAMPE_CATALOG says: nothing for SQLite, or the address of a new PostgreSQL database."""
    is_sqlite = request.param == "sqlite"
    with nullcontext("") if is_sqlite else request.getfixturevalue("postgresql").database() as url:
        yield url


@pytest.fixture
def catalog(catalog_url: str, tmp_path: Path) -> Iterator[Catalog]:
    """A new catalog."""
    with closing(open_catalog(tmp_path, catalog_url)) as catalog:
        yield catalog


@pytest.fixture
def customer(catalog: Catalog) -> int:
    """A customer's number."""
    return Customers(catalog).number_of(Customer(agency="DEMO", customer="028"))


@pytest.fixture
def neighbour(catalog: Catalog) -> int:
    """Another customer's number, of the same catalog."""
    return Customers(catalog).number_of(Customer(agency="DEMO", customer="029"))
