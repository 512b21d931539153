"""What the server holds while a client reads slowly, or not at all."""

from __future__ import annotations

import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from clients import connected, curl, head
from corpus import START_MS, STEP_MS, Corpus
from peers import estampe_server
from report import Aim, Section, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from clients import Request
    from options import Options
    from process import Memory, Process

METHOD = """\
One client asks for a window of {events:,} events, {size:,.0f} MB of JSON, and the server's resident memory
is sampled ten times a second: before, early, halfway, at the end, and the most that was seen. "Anonymous"
leaves out pages of files, which the kernel can drop. Each row has a server of its own."""
Client = "Callable[[Request], AbstractContextManager[Callable[[], bool]]]"
COLUMNS = ("client", "before", "after 1 s", "halfway", "end", "most", "most, anonymous", "growth, anonymous")
LIMIT = "20M"
SLOW = f"slow, {LIMIT}B/s"
EVERY_S = 0.1
FLAT = 1.2


class Curve(NamedTuple):
    """The server's memory over one answer, bytes; the columns of the table."""

    before: int
    early: int
    halfway: int
    end: int
    most: int
    anonymous: int
    growth: int


def run(options: Options) -> Section:
    """Sample the server's memory with three kinds of clients."""
    corpus = Corpus(next((size for size in options.sizes if size >= options.stream_events), options.stream_events))
    folder = estampe_server.filled(corpus)
    clients = {SLOW: _slow, "stalled after its request": _stalled, "as fast as it can": _fast}
    curves = {}
    for name, client in clients.items():
        print(f"  {name}", flush=True)
        with estampe_server.serve(folder) as server:
            request = server.get(end=START_MS + options.stream_events * STEP_MS, sort="asc")
            curves[name] = _curve(_samples(server.process, client, request, options.slow_s))
    size = corpus.manifest().body_bytes / corpus.count * options.stream_events / 1e6
    rows = tuple((name, *(f"{value / 2**20:,.0f}" for value in curve)) for name, curve in curves.items())
    table = Table(caption="Resident memory of the server, MiB", columns=COLUMNS, rows=rows)
    method = METHOD.format(events=options.stream_events, size=size)
    aim = _aim(curves[SLOW], options)
    return Section(title="Memory while streaming", method=method, tables=(table,), aims=(aim,))


def _samples(
    server: Process,
    client: Client,
    request: Request,
    longest_s: int,
) -> list[Memory]:
    samples = [server.memory()]
    with client(request) as under_way:
        deadline = time.monotonic() + longest_s
        while time.monotonic() < deadline and under_way():
            time.sleep(EVERY_S)
            samples.append(server.memory())
    return samples


def _curve(samples: list[Memory]) -> Curve:
    early = min(round(1 / EVERY_S), len(samples) - 1)
    points = (samples[0], samples[early], samples[len(samples) // 2], samples[-1])
    most, anonymous = max(sample.resident for sample in samples), max(sample.anonymous for sample in samples)
    return Curve(*(point.resident for point in points), most, anonymous, anonymous - samples[0].anonymous)


def _aim(curve: Curve, options: Options) -> Aim:
    return Aim(
        aim=f"memory flat (most ≤ {FLAT} x after 1 s) while {options.stream_events:,} events go to a slow client",
        reached=f"{curve.early / 2**20:.0f} MiB after 1 s, at most {curve.most / 2**20:.0f}",
        met=curve.most <= FLAT * curve.early,
    )


@contextmanager
def _slow(request: Request, *flags: str) -> Iterator[Callable[[], bool]]:
    with subprocess.Popen([*curl(request), "-o", "/dev/null", *(flags or ("--limit-rate", LIMIT))]) as client:
        try:
            yield lambda: client.poll() is None
        finally:
            client.kill()


def _fast(request: Request) -> AbstractContextManager[Callable[[], bool]]:
    return _slow(request, "--no-buffer")


@contextmanager
def _stalled(request: Request) -> Iterator[Callable[[], bool]]:
    with connected(request) as connection:
        connection.sendall(head(request))
        yield lambda: True
