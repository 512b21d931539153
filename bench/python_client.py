"""Reads a window of a million events with the client, and says how fast and in how much memory.

`python bench/python_client.py [--events N]` prints a row for NDJSON with zstd, as Estampe answers, and one for a bare
array, as NP6 does.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import httpx

from estampe import Client
from estampe.app import opened_keys
from estampe.catalog import parse_customer
from estampe.demo import Generator
from estampe.events import decode
from estampe.log import Logs
from estampe.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable

CUSTOMER = parse_customer("DEMO/028")
PORT = 28_080
URL = f"http://127.0.0.1:{PORT}"
FORMS = {"ndjson": "zstd, gzip", "json": "identity"}


class OneForm(httpx.HTTPTransport):
    """Asks for one form and coding only."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self._form = form

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Ask."""
        if self._form == "json":
            request.headers["accept"] = "application/json"
        request.headers["accept-encoding"] = FORMS[self._form]
        return super().handle_request(request)


def read(form: str, key: str) -> None:
    """Read everything and print a row."""
    before_mb = peak_mb()
    began_s = time.perf_counter()
    with Client(URL, key, transport=OneForm(form)) as client:
        count = sum(1 for _ in client.events(sort="asc"))
    seconds = time.perf_counter() - began_s
    speed = count / seconds
    grown_mb = peak_mb() - before_mb
    print(f"{form:8} {count:,} events, {seconds:.1f} s, {speed:,.0f} events/s, memory grew by {grown_mb:.1f} MB")


def peak_mb() -> float:
    """Return the most memory that this process had; `ru_maxrss` also counts what the parent had."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1_024


def fill(data: Path, events: Iterable[bytes]) -> str:
    """Import events; return a key."""
    with closing(Logs(data)) as logs:
        logs.of(CUSTOMER).import_history(map(decode, events))
    with opened_keys(Settings(data=data)) as keys:
        return keys.create(CUSTOMER).text


def main() -> None:
    """Fill a folder, serve it, and read it in a process of its own for each form."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--read", nargs=2, metavar=("FORM", "KEY"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.read:
        read(*arguments.read)
        return
    with TemporaryDirectory() as folder:
        data = Path(folder)
        key = fill(data, Generator(1, CUSTOMER.name).events(arguments.events, 1_600_000_000_000, 1))
        with subprocess.Popen(
            [sys.executable, "-m", "estampe", "serve", "--data", folder, "--port", f"{PORT}"], stderr=subprocess.DEVNULL
        ) as server:
            for form in FORMS:
                with Client(URL, key) as client:
                    client.watermark()  # waits until the server is there
                subprocess.run([sys.executable, __file__, "--read", form, key], check=True)
            server.terminate()


if __name__ == "__main__":
    main()
