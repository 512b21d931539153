"""What the documentation shows is what the command does: each page's blocks run from top to bottom as one script."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from shutil import which

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "docs/quickstart.md", "docs/cli.md", "docs/client.md", "docs/bounces.md")

BLOCK = re.compile(r"^```(?P<language>\w+)(?: (?P<file>\S+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
SERVE = "estampe serve &"
NOBODY = "smtp://127.0.0.1:9"  # what the pages send waits, also where a mail server runs
READY = f"{SERVE} until curl -sf http://127.0.0.1:8080/health/ready >&2; do sleep 0.1; done"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def script_of(page: str, folder: Path, port: int) -> tuple[str, list[str]]:
    """Write the page's files; return its commands as a script, and the output lines that it shows."""
    commands, shown = [], []
    for block in BLOCK.finditer((ROOT / page).read_text().replace(":8080", f":{port}")):
        if block["file"]:
            (folder / block["file"]).write_text(block["text"])
        elif block["language"] == "console":
            for part in re.split(r"^\$ ", block["text"], flags=re.MULTILINE)[1:]:
                command, output = split(part)
                commands.append(command)
                shown += output
    return "\n".join(commands).replace(SERVE, READY.replace(":8080", f":{port}")), shown


def split(part: str) -> tuple[str, list[str]]:
    """Part a command from the output shown below it, which are the only lines of this form."""
    lines = part.splitlines()
    output = [line for line in lines if re.match(r"(published|added) \d", line)]
    return "\n".join(line for line in lines if line not in output), output


@pytest.mark.e2e
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.skipif(not (which("curl") and which("node")), reason="curl and node are not installed")
def test_the_examples_of_a_page_run(page: str, tmp_path: Path) -> None:
    port = free_port()
    script, shown = script_of(page, tmp_path, port)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    printed = tmp_path / "printed.txt"
    with printed.open("w") as out:
        shell = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=tmp_path,
            env=os.environ | {"PATH": path, "ESTAMPE_PORT": f"{port}", "ESTAMPE_RELAYS": NOBODY},
            stdout=out,
            start_new_session=True,
        )
    try:
        code = shell.wait(120)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGTERM)
    assert code == 0
    assert [line for line in printed.read_text().splitlines() if line in shown] == shown
