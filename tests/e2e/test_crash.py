"""What was promised holds though the server is killed; `make crash` does the same at length."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]


def test_a_server_that_is_killed_again_and_again_keeps_its_promise() -> None:
    passes("tests.e2e.crash", "--cycles", "6")


def test_each_message_ends_once_though_the_server_that_sends_is_killed() -> None:
    passes("tests.e2e.crash.sending", "--kills", "4", "--messages", "400")


def test_so_it_is_with_the_catalog_on_postgresql(request: pytest.FixtureRequest) -> None:
    with request.getfixturevalue("postgresql").database() as catalog:
        passes("tests.e2e.crash.sending", "--kills", "4", "--messages", "400", "--catalog", catalog)


def passes(module: str, *options: str) -> None:
    command = [sys.executable, "-m", module, *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "violations 0" in done.stdout
