"""The server process that is killed and started again, always on one data folder and one port."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from random import SystemRandom
from typing import TYPE_CHECKING

from tests.e2e.crash.marks import Marks

from estampe.catalog import Keys, open_catalog, parse_customer

if TYPE_CHECKING:
    from pathlib import Path

CUSTOMER = "DEMO/028"
READY_S = 30.0
PORTS = range(20_000, 30_000)
"""Below those that systems give to outgoing connections: a client that waits for a server must not meet itself."""


class Server:
    """One server after another.

    Parameters:
        folder: holds the data, the marks and what the servers said.
        settings: further settings, as environment variables.
    """

    def __init__(self, folder: Path, **settings: str) -> None:
        self.data = folder / "data"
        self.said = folder / "said.txt"
        self.marks = Marks(folder / "marks")
        self.port = _free_port()
        self.key = _make_key(self.data, settings.get("ESTAMPE_CATALOG", ""))
        self._settings = {"ESTAMPE_RATE": "0", "ESTAMPE_LOG_LEVEL": "warning", **settings}
        self._marks_file = folder / "marks"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, *, hurried: bool) -> None:
        """Start a server as it is shipped, or one that seals and checkpoints all the time (hurried.py)."""
        self.marks.clear()
        program = ["tests.e2e.crash.hurried", str(self._marks_file)] if hurried else ["estampe"]
        with self.said.open("wb") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *program, "serve", "--data", str(self.data), "--port", str(self.port)],
                env=os.environ | self._settings,
                stderr=said,
            )

    def ready(self) -> bool:
        """Wait until the server listens; false if it ended instead, or has not begun within half a minute."""
        deadline_s = time.monotonic() + READY_S
        while self.runs() and time.monotonic() < deadline_s:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return True
            time.sleep(0.005)
        return False

    def runs(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """End it as `kill -9` does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def verify(self) -> str:
        """Let the command check the log; return what it found wrong, nothing if all is well."""
        command = [sys.executable, "-m", "estampe", "verify", CUSTOMER, "--data", str(self.data)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return "" if done.returncode == 0 else f"{done.stdout}{done.stderr}"


def _make_key(data: Path, place: str) -> str:
    data.mkdir(parents=True, exist_ok=True)
    catalog = open_catalog(data, place)
    keys = Keys(catalog)
    made = keys.create(parse_customer(CUSTOMER), ("read", "write"))
    keys.close()
    catalog.close()
    return made.text


def _free_port() -> int:
    while True:
        port = SystemRandom().choice(PORTS)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
