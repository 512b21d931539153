"""The demo: a server with activity, the documentation's own calls, and nothing left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from importlib import resources
from shutil import which
from typing import IO, TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.e2e

DEMO = (sys.executable, "-m", "estampe", "demo")


def spoken(out: IO[str]) -> Iterator[str]:
    for line in out:
        yield line
        if "--follow" in line:
            return


@pytest.mark.skipif(not which("curl"), reason="curl is not installed")
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_the_calls_it_prints_work_and_it_leaves_nothing(tmp_path: Path, end: signal.Signals) -> None:
    environment = os.environ | {"TMPDIR": f"{tmp_path}"}
    demo = subprocess.Popen([*DEMO, "--rate", "100"], env=environment, stdout=subprocess.PIPE, text=True)
    assert demo.stdout
    try:
        text = "".join(spoken(demo.stdout))
        calls = re.findall(r"^curl.*?^$", text, re.MULTILINE | re.DOTALL)
        answers = [subprocess.check_output(["sh", "-c", call.replace("curl -i", "curl -s")]) for call in calls]
    finally:
        demo.send_signal(end)
        last = demo.communicate(timeout=40)[0]
    assert demo.returncode == 0
    assert answers[:3] == [b"[]"] * 3
    told = json.loads(answers[3])
    documented = json.loads(resources.files("estampe").joinpath("demo_seed.json").read_bytes())
    assert sorted(event["id"] for event in told[:7]) == sorted(event["id"] for event in documented)
    assert re.fullmatch(r"[\d,]+ events published; the demo is over and its folder removed.\n", last)
    assert list(tmp_path.iterdir()) == []


def test_it_may_end_by_itself(tmp_path: Path) -> None:
    environment = os.environ | {"TMPDIR": f"{tmp_path}"}
    printed = subprocess.check_output([*DEMO, "--seconds", "0.5", "--rate", "200"], env=environment, text=True)
    published = re.search(r"^(\d+) events published; the demo is over", printed, re.MULTILINE)
    assert published
    assert int(published[1]) > 0


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = f"{taken.getsockname()[1]}"
        environment = os.environ | {"TMPDIR": f"{tmp_path}"}
        failed = subprocess.run([*DEMO, "--port", port], env=environment, capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert "the server did not start" in failed.stderr
    assert list(tmp_path.iterdir()) == []
