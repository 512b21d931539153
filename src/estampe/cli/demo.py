"""`estampe demo`: a server with a customer to whom things happen, and how to read them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager, suppress
from importlib import resources
from itertools import islice
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click
import msgspec
from rich.console import Console

from estampe import client
from estampe.app import opened_keys
from estampe.catalog import parse_customer
from estampe.cli.arguments import examples
from estampe.demo import Generator
from estampe.errors import EstampeError
from estampe.events import decode
from estampe.instants import format_instant
from estampe.log import Logs
from estampe.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

CUSTOMER = parse_customer("DEMO/028")
SEED = 28
HOST = "127.0.0.1"
ALONE = {
    "ESTAMPE_LOG_LEVEL": "info",  # the server must say where it listens
    "ESTAMPE_LOG_FORMAT": "json",
    "ESTAMPE_CATALOG": "",  # and touches nothing but its folder
}
TICK_S = 0.1
LARGEST_BATCH = 1_000

# In the documentation's own calls both ends of the window are the same instant.
WINDOW = "start=2019-08-24T14%3A15%3A22Z&end=2019-08-24T14%3A15%3A22Z&sort=asc"
PATHS = ("/actions/events", "/actions/events/activations", "/actions/events/cancellations")


class DemoFailed(EstampeError):
    """The demo's server did not start."""


@click.command(
    short_help="Try it: a server with live activity.",
    epilog=examples("estampe demo", "estampe demo --rate 200 --seconds 60 --port 8080"),
)
@click.option("--port", type=int, default=0, help="The port to listen on.  [default: a free one]")
@click.option("--rate", type=click.FloatRange(0, 10_000), default=20, show_default=True, help="Events a second.")
@click.option("--seconds", type=click.FloatRange(min=0), default=inf, help="End after so long.  [default: on Ctrl-C]")
def demo(port: int, rate: float, seconds: float) -> None:
    """Serve a demo customer with live activity and show how to read it.

    Everything is in a temporary folder, which is removed at the end.
    """
    ending = threading.Event()
    # Not by an exception from the handler: where it comes in a callback of the garbage collector, Python drops it.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ending.set())
    with suppress(KeyboardInterrupt), TemporaryDirectory(prefix="estampe-demo-") as folder:
        data = Path(folder)
        key = _prepare(data)
        with _server(data, port, ending) as url, client.Client(url, key) as publisher:
            _welcome(url, key, data)
            _live(publisher, rate, seconds, ending)


def _prepare(data: Path) -> str:
    """Import the documentation's seven events and make a key."""
    with closing(Logs(data)) as logs:
        logs.of(CUSTOMER).import_history(decode(text) for text in _documented())
    with opened_keys(Settings(data=data)) as keys:
        return keys.create(CUSTOMER, label="demo").text


def _documented() -> list[bytes]:
    file = resources.files("estampe").joinpath("demo_seed.json")
    return [bytes(raw) for raw in msgspec.json.decode(file.read_bytes(), type=list[msgspec.Raw])]


@contextmanager
def _server(data: Path, port: int, ending: threading.Event) -> Iterator[str]:
    """Run a server in a session of its own, so that Ctrl-C ends the demo first and the server after it."""
    command = (sys.executable, "-m", "estampe", "serve", "--data", str(data), "--host", HOST, "--port", str(port))
    lines = data / "server.log"
    with lines.open("wb") as out:
        child = subprocess.Popen(  # noqa: S603  ourselves
            command, env=os.environ | ALONE, stdout=out, stderr=out, start_new_session=True
        )
    try:
        yield _listening(child, lines, ending)
    finally:
        child.terminate()
        child.wait()


def _listening(child: subprocess.Popen[bytes], lines: Path, ending: threading.Event) -> str:
    """Wait for the server to say where it listens."""
    while child.poll() is None:
        if said := re.search(r'"url":"([^"]+)"', lines.read_text()):
            return said[1]
        _pause(ending)
    raise DemoFailed(f"the server did not start: {lines.read_text().strip()}")


def _welcome(url: str, key: str, data: Path) -> None:
    click.secho("\nEstampe is running, and things happen to DEMO/028's messages.", bold=True)
    click.echo(f"\n  Server     {url}\n  Reference  {url}/docs\n  Key        {key}\n")
    click.echo("The calls of the NP6 API Reference, only host and key replaced (their window is empty):\n")
    for path in PATHS:
        click.echo(_curl(f"{url}{path}?{WINDOW}", key))
    click.echo("All there is so far, and what follows, as it happens:\n")
    click.echo(_curl(f"{url}/actions/events?sort=asc", key))
    click.echo(f"estampe events --data {data} --follow\n")


def _curl(url: str, key: str) -> str:
    return f"curl -i -X GET \\\n  '{url}' \\\n  -H 'X-Key: {key}'\n"


def _live(publisher: client.Client, rate: float, seconds: float, ending: threading.Event) -> None:
    """Keep one line of news while events are published, until the time is over or Ctrl-C."""
    published = 0
    with suppress(KeyboardInterrupt), Console().status("Starting") as line:
        for published in _publish(publisher, rate, seconds, ending):
            until = format_instant(publisher.watermark().complete_until_ms)
            line.update(f"{published:,} events published, complete until {until}; Ctrl-C ends the demo")
    click.echo(f"{published:,} events published; the demo is over and its folder removed.")


def _publish(publisher: client.Client, rate: float, seconds: float, ending: threading.Event) -> Iterator[int]:
    """Publish at a steady rate; yield how many so far."""
    drafts = map(msgspec.json.encode, Generator(SEED, CUSTOMER.name).drafts(sys.maxsize))
    started, published = time.monotonic(), 0
    while (elapsed := time.monotonic() - started) < seconds:
        if batch := list(islice(drafts, min(int(elapsed * rate) - published, LARGEST_BATCH))):
            publisher.publish(batch)
        published += len(batch)
        yield published
        _pause(ending)


def _pause(ending: threading.Event) -> None:
    """Wait a moment.

    Raises:
        KeyboardInterrupt: the demo is to end.
    """
    if ending.wait(TICK_S):
        raise KeyboardInterrupt
