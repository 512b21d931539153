"""The documented API as its own documentation shows it: the same events, and the same samples in three languages."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.conftest import LiveServer

SPEC = Path(__file__).parents[3] / "shared/spec"
SAMPLES = Path(__file__).parent / "samples"
HOST, KEY = "https://api-cm.np6.com", "string"
AT = "2019-08-24T14:15:22Z"
"""Both ends of the samples' window, which is empty so."""

PATHS = ("/actions/events", "/actions/events/activations", "/actions/events/cancellations")

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not SPEC.exists(), reason="the specification stands beside the repository, and is not there"),
]
needs_curl = pytest.mark.skipif(not which("curl"), reason="curl is not installed")
needs_node = pytest.mark.skipif(not which("node"), reason="Node.js is not installed")


def seed_events() -> list[dict[str, Any]]:
    pages = json.loads((SPEC / "seed-examples.json").read_text())
    return [event for page in pages.values() for event in page]


def expected(path: str, sort: str) -> bytes:
    """Return what a list must answer: the seed's events by time, those of one time as they were imported."""
    kind = path.removeprefix("/actions/events").removeprefix("/").removesuffix("s")
    chosen = [event for event in seed_events() if kind in {"", event["type"]}]
    chosen.sort(key=lambda event: event["timestamp"])
    return msgspec.json.encode(chosen[::-1] if sort == "desc" else chosen)


def curl_commands() -> list[str]:
    """Return the seed's own command lines."""
    return re.findall(r"curl -i -X GET \\\n'.*' \\\n-H 'X-Key: string'", (SPEC / "seed.txt").read_text())


@pytest.fixture
def server(start: Callable[..., LiveServer], tmp_path: Path) -> LiveServer:
    """A server with the seed's events, brought in by the command."""
    export = tmp_path / "export.json"
    export.write_text(json.dumps(seed_events(), indent=2))
    command = ["import", "DEMO/028", str(export), "--data", str(tmp_path / "data")]
    done = subprocess.run([sys.executable, "-m", "estampe", *command], capture_output=True, text=True, check=True)
    assert done.stdout == "added 7, known before 0\n"
    return start()


def run(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def own(sample: str, server: LiveServer) -> str:
    """Return a sample with nothing but host and key replaced."""
    return sample.replace(HOST, server.url).replace(f"X-Key: {KEY}", f"X-Key: {server.key()}")


def own_program(name: str, server: LiveServer, path: str) -> str:
    """Return a sample program with nothing but host, key and path replaced."""
    quoted = re.sub(rf"""(["']){KEY}\1""", rf"\1{server.key()}\1", (SAMPLES / name).read_text())
    return quoted.replace(HOST + PATHS[0], server.url + path)


def widened(program: str) -> str:
    """Return a sample whose window ends later."""
    return re.sub(rf"""(end"?: ["']){AT}""", r"\g<1>2026-01-01", program)


@needs_curl
@pytest.mark.parametrize("sort", ["asc", "desc"])
def test_the_seeds_events_come_back_byte_for_byte_in_the_order_asked_for(server: LiveServer, sort: str) -> None:
    for path in PATHS:
        url = f"{server.url}{path}?sort={sort}"
        assert run(["curl", "-s", url, "-H", f"X-Key: {server.key()}"]).encode() == expected(path, sort)


@needs_curl
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


@pytest.mark.parametrize("path", PATHS)
def test_the_python_sample_runs(server: LiveServer, path: str) -> None:
    program = own_program("python.txt", server, path)
    assert run([sys.executable, "-c", program]) == "[]\n"
    assert ast.literal_eval(run([sys.executable, "-c", widened(program)])) == json.loads(expected(path, "asc"))


@needs_node
@pytest.mark.parametrize("path", PATHS)
def test_the_node_sample_runs(server: LiveServer, path: str) -> None:
    program = own_program("node.txt", server, path)
    assert run(["node", "-e", program]) == "[]\n"
    assert run(["node", "-e", widened(program)]).encode() == expected(path, "asc") + b"\n"
