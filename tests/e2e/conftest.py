"""A real server: the process `estampe serve` on a free port of 127.0.0.1."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from estampe.catalog import Keys, open_catalog, parse_customer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estampe.catalog import Scope


class LiveServer:
    """A server process on a data folder.

    Parameters:
        data: the folder.
        settings: settings as environment variables without their prefix, such as `rate=0`; no `port`: a free one.
    """

    def __init__(self, data: Path, **settings: object) -> None:
        self.data = data
        self.lines: list[dict[str, Any]] = []
        chosen = {f"ESTAMPE_{name.upper()}": str(value) for name, value in settings.items()}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "estampe", "serve", "--data", str(data)],
            env=os.environ | {"ESTAMPE_PORT": "0"} | chosen,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.url = self._listening()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def key(self, customer: str = "DEMO/028", *scopes: Scope) -> str:
        """Make a key beside the running server."""
        catalog = open_catalog(self.data)
        keys = Keys(catalog)
        made = keys.create(parse_customer(customer), scopes or ("read", "write"))
        keys.close()
        catalog.close()
        return made.text

    def client(self, customer: str = "DEMO/028", **options: Any) -> httpx.Client:
        """Return a client with a key of its own."""
        headers = {"X-Key": self.key(customer), "accept-encoding": "identity"}
        return httpx.Client(base_url=self.url, headers=headers, trust_env=False, **options)

    def stop(self, timeout_s: float = 30) -> int:
        """Ask the server to end, and return its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        code = self.process.wait(timeout_s)
        self._reader.join(timeout_s)
        if self.process.stderr:
            self.process.stderr.close()
        return code

    def kill(self) -> None:
        """End the server as a power cut would."""
        self.process.kill()
        self.stop()

    def _listening(self) -> str:
        said = []
        for line in self.process.stderr or ():
            said.append(line)
            if line.startswith("{") and (facts := json.loads(line))["event"] == "listening":
                return str(facts["url"])
        pytest.fail(f"The server ended with {self.process.wait()}: {''.join(said)}")

    def _read(self) -> None:
        for line in self.process.stderr or ():
            if line.startswith("{"):
                self.lines.append(json.loads(line))


@contextmanager
def _starter(folder: Path) -> Iterator[Callable[..., LiveServer]]:
    """Yield what starts servers with settings; they are ended together."""
    servers: list[LiveServer] = []

    def start(data: Path = folder / "data", **settings: object) -> LiveServer:
        servers.append(LiveServer(data, **settings))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., LiveServer]]:
    """Start servers with settings; they are ended with the test."""
    with _starter(tmp_path) as start:
        yield start


@pytest.fixture(scope="module")
def start_shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., LiveServer]]:
    """Start servers that all tests of a module share."""
    with _starter(tmp_path_factory.mktemp("shared")) as start:
        yield start


@pytest.fixture
def server(start: Callable[..., LiveServer]) -> LiveServer:
    """A running server with default settings, on an empty folder."""
    return start()
