"""The calls that the documentation of the API shows are answered by a server as they stand."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from shutil import which
from typing import Any

import pytest

API = Path(__file__).parents[2] / "docs/api.md"
CALLS = re.findall(r"^```\n(curl .+?)^```$", API.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.e2e
@pytest.mark.skipif(not which("curl"), reason="curl is not installed")
def test_each_call_is_answered(server: Any) -> None:
    key = server.key()
    publishing_first = sorted(CALLS, key=lambda call: '"recipient"' not in call)
    assert len(publishing_first) == 3
    for call in publishing_first:
        command = call.replace("http://127.0.0.1:8080", server.url).replace("X-Key: string", f"X-Key: {key}")
        done = subprocess.run(["bash", "-c", f"{command.rstrip()} -sSf"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.endswith("]")
