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


CONTENT = {"headers": {"from": {"prefix": "news"}}, "subject": "Hello", "text": "Hello"}


def validated_action(server: Any) -> str:
    with server.client() as client:
        made = client.post("/actions", json={"type": "mailMessage", "name": "Welcome", "content": CONTENT}).json()
        for step in (True, False):
            assert client.post(f"/actions/{made['id']}/validation", json={"fortest": step}).status_code == 204
    return str(made["id"])


@pytest.mark.e2e
@pytest.mark.skipif(not which("curl"), reason="curl is not installed")
def test_each_call_is_answered(server: Any) -> None:
    key, action = server.key(), validated_action(server)
    publishing_first = sorted(CALLS, key=lambda call: "example@np6.com" not in call)
    assert len(publishing_first) == 7
    for call in publishing_first:
        command = call.replace("http://127.0.0.1:8080", server.url).replace("X-Key: string", f"X-Key: {key}")
        command = command.replace("/actions/000PE4/executions", f"/actions/{action}/executions")
        done = subprocess.run(["bash", "-c", f"{command.rstrip()} -sSf"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.endswith(("]", "}"))
