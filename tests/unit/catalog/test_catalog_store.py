"""The catalog's file and its folder."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from sqlalchemy import inspect

from estampe.catalog import Keys, migrations, open_catalog, tables
from estampe.events import Customer

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

CUSTOMER = Customer(agency="DEMO", customer="028")


def test_the_data_folder_is_made_for_its_owner_only(tmp_path: Path) -> None:
    open_catalog(tmp_path / "data").close()
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0


def test_a_catalog_of_the_first_version_gets_its_other_tables_and_keeps_its_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as first:
        first.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:1])
        with closing(open_catalog(tmp_path)) as catalog, closing(Keys(catalog)) as keys:
            made = keys.create(CUSTOMER)
            assert inspect(catalog.engine).get_table_names() == ["keys", "migrations"]
    with closing(open_catalog(tmp_path)) as catalog, closing(Keys(catalog)) as keys:
        assert keys.find(made.text) == made.key
        assert set(inspect(catalog.engine).get_table_names()) == set(tables.metadata.tables)
