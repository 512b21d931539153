"""Each report is one event, though the server is killed; `make crash` does the same at length."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]


def test_each_report_is_published_once_though_the_server_is_killed() -> None:
    command = [sys.executable, "-m", "tests.e2e.crash.bounces", "--kills", "4"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "violations 0" in done.stdout
