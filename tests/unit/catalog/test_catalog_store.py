"""The catalog's file and its folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estampe.catalog import open_catalog

if TYPE_CHECKING:
    from pathlib import Path


def test_the_data_folder_is_made_for_its_owner_only(tmp_path: Path) -> None:
    open_catalog(tmp_path / "data").close()
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0
