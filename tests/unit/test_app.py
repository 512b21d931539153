"""Wiring: what a setting says wrongly is told at start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from estampe import app
from estampe.settings import InvalidSetting, Settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "url", ["example.com", "http://example.com", "https://", "https://a.example/?x", "https://a b"]
)
def test_a_public_url_that_no_link_can_have_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(InvalidSetting, match="ESTAMPE_PUBLIC_URL"):
        app.serve(Settings(data=tmp_path, public_url=url, port=0))
