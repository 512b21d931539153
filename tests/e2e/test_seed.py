"""The documented API as its own documentation shows it: the same events, and the same command lines."""

from __future__ import annotations

import re
import subprocess
from shutil import which
from typing import TYPE_CHECKING

import pytest
from seed import PATHS, SPEC, expected, import_seed, needs_spec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e.conftest import LiveServer

HOST, KEY = "https://api-cm.np6.com", "string"

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not which("curl"), reason="curl is not installed"),
]


def curl_commands() -> list[str]:
    """Return the seed's own command lines."""
    return re.findall(r"curl -i -X GET \\\n'.*' \\\n-H 'X-Key: string'", (SPEC / "seed.txt").read_text())


@pytest.fixture
def server(start: Callable[..., LiveServer], tmp_path: Path) -> LiveServer:
    """A server with the seed's events."""
    import_seed(tmp_path / "data")
    return start()


def run(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def own(sample: str, server: LiveServer) -> str:
    """Return a sample with nothing but host and key replaced."""
    return sample.replace(HOST, server.url).replace(f"X-Key: {KEY}", f"X-Key: {server.key()}")


@pytest.mark.parametrize("sort", ["asc", "desc"])
def test_the_seeds_events_come_back_byte_for_byte_in_the_order_asked_for(server: LiveServer, sort: str) -> None:
    for path in PATHS:
        url = f"{server.url}{path}?sort={sort}"
        assert run(["curl", "-s", url, "-H", f"X-Key: {server.key()}"]).encode() == expected(path, sort)


@needs_spec
def test_the_seeds_curl_lines_run(server: LiveServer) -> None:
    commands = curl_commands()
    assert len(commands) == len(PATHS)
    for command, path in zip(commands, PATHS, strict=True):
        assert f"{HOST}{path}?" in command
        head, _, body = run(["bash", "-c", own(command, server)]).partition("\n\n")
        assert head.startswith("HTTP/1.1 200")
        assert "content-type: application/json" in head.lower()
        assert body == "[]"
        later = own(command, server).replace("end=2019", "end=2026")
        assert run(["bash", "-c", later]).partition("\n\n")[2].encode() == expected(path, "asc")
