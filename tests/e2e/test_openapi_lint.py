"""Linters of OpenAPI documents have nothing to say."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / "tests" / "tools"
COPY = "../../docs/openapi.json"

QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "NO_COLOR": "1"}
"""They ask nobody for anything."""

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        not (TOOLS / "node_modules").exists(), reason="the linters are not installed: run tests/setup as root"
    ),
]


@pytest.mark.parametrize(
    "command",
    [
        ["redocly", "lint", "--config", "redocly.yaml", "--format", "stylish", COPY],
        ["spectral", "lint", "--ruleset", "spectral.yaml", "--fail-severity", "hint", COPY],
    ],
    ids=lambda command: command[0],
)
def test_the_document_is_clean(command: list[str]) -> None:
    binary = TOOLS / "node_modules" / ".bin" / command[0]
    done = subprocess.run(
        [str(binary), *command[1:]], cwd=TOOLS, env=os.environ | QUIET, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in done.stdout + done.stderr
