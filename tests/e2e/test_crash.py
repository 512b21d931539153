"""The log's promise holds though the server is killed; `make crash` does the same at length."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.e2e
def test_a_server_that_is_killed_again_and_again_keeps_its_promise() -> None:
    command = [sys.executable, "-m", "tests.e2e.crash", "--cycles", "6"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "violations 0" in done.stdout
