"""Wiring: what a setting says wrongly is told at start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from estampe import app
from estampe.settings import InvalidSetting, Settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "url",
    [
        "example.com",
        "http://example.com",
        "http://127.0.0.1.example.com",
        "http://localhost@example.com",
        "http://localhost.example",
        "https://",
        "https://a.example/?x",
        "https://a b",
    ],
)
def test_a_public_url_that_no_link_can_have_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(InvalidSetting, match="ESTAMPE_PUBLIC_URL"):
        app.serve(Settings(data=tmp_path, public_url=url, port=0))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://a.example",
        "https://a.example:8443/mail/",
        "http://127.0.0.1:8080",
        "http://[::1]:8080/",
        "http://localhost",
    ],
)
def test_a_public_url_is_https_or_this_machines_own(url: str) -> None:
    app._check_public_url(url)
