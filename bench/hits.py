"""Hits: redirections and pixels, each on the disk before it is answered."""

from __future__ import annotations

import shutil
import sys
import time
from contextlib import ExitStack, closing, contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

from clients import Load, Request, address, content, follow
from corpus import CUSTOMER, WORK
from estampe.catalog import Customers, Keys, open_catalog, parse_customer, secrets_of
from estampe.events import (
    Activation,
    ActivationDetail,
    Channel,
    Draft,
    EventType,
    Footprint,
    Kind,
    Source,
    Stamp,
    event_id,
)
from estampe.tracking.linking.links import PATH, Addressed, LinkKind, Links, Part
from machine import need
from peers import estampe_server, nginx
from process import Process, Unavailable, free_port
from report import Aim, Section, Table
from rounds import interleave, middle, spread, times

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from options import Options

METHOD = """\
`wrk` (one thread) follows links of 50,000 messages, one each, as fast as answers come, and then again at half of that
rate, which is when latencies mean something. Estampe checks the signature of each link and
answers when the hit is on the disk (fdatasync, shared by those that come together); at the end the hits in its log are
counted, and must be as many as were answered (up to the connections more, whose answers wrk did not wait for). nginx
answers every path with the same redirection, or its built-in GIF, with a worker a core, and keeps nothing.

"Main address" is Estampe where links have no listener of their own (`ESTAMPE_LINKS_LISTEN` is not set): they share
Granian with the API.

What limits Estampe: one thread answers, in Python. Of the 17 µs that a request takes it, some 7 are the kernel's, who
reads and writes each connection by itself, and 7 are for parsing, the signature and the visit. A second thread takes 5
µs to write visits, under the same interpreter lock. Making events of them rests the longer, the more come, and catches
up afterwards. nginx here is limited by `wrk`, which needs a core for its answers."""
US, MAIN, PEER = "Estampe", "Estampe, main address", "nginx"
KINDS = {"redirections": LinkKind.REDIRECTION, "pixels": LinkKind.OPEN}
COLUMNS = (
    "server",
    "answers/s",
    "lowest-highest",
    "÷ nginx",
    "p99 ms",
    "p50 ms at half load",
    "p99 ms",
    "CPU server",
    "wrk",
)
TARGET = "https://shop.example/autumn/boots?size=42"
MESSAGES = 50_000
BATCH = 1_000
CONNECTIONS = 64
PACED = 256
ENOUGH, SOON_MS = 0.4, 10
PATIENCE_S = 600


class Loads(NamedTuple):
    """One load as fast as it goes, and one at half of its rate."""

    full: Load
    half: Load


class Server(NamedTuple):
    """Whom to ask for which paths, and how to count what it has kept; None: it keeps nothing."""

    base: str
    paths: Path
    processes: tuple[Process, ...]
    kept: Callable[[int], int] | None = None


def run(options: Options) -> Section:
    """Let everyone answer the same links in turn."""
    need("wrk")
    notes: list[str] = []
    servers = {US: partial(_estampe, own=True), MAIN: partial(_estampe, own=False)}
    try:
        need("nginx")
        servers[PEER] = _nginx
    except Unavailable as reason:
        notes.append(f"Left out: {reason}")
    tables, aims = [], []
    for name, kind in KINDS.items():
        loads = {server: partial(_loads, partial(serve, kind), options) for server, serve in servers.items()}
        seen = interleave(options.loads, loads)
        tables.append(_table(name, options, seen))
        aims += _aims(name, seen)
    return Section(title="Hits", method=METHOD, tables=tuple(tables), aims=tuple(aims), notes=tuple(notes))


@contextmanager
def _estampe(kind: LinkKind, *, own: bool) -> Iterator[Server]:
    data, port = estampe_server.empty(), free_port()
    shutil.copytree(_sent(), data, dirs_exist_ok=True)
    key, paths = _links(data, kind)
    links = free_port() if own else port
    env = {
        "ESTAMPE_RATE": "0",
        "ESTAMPE_LOG_LEVEL": "warning",
        "ESTAMPE_PUBLIC_URL": f"http://127.0.0.1:{links}",
        **({"ESTAMPE_LINKS_LISTEN": f"127.0.0.1:{links}"} if own else {}),
    }
    command = [sys.executable, "-m", "estampe", "serve", "--data", data, "--port", str(port)]
    with Process(command, port=port, log=WORK / "estampe.log", env=env) as process:
        hits = Request(
            address(f"http://127.0.0.1:{port}", "/actions/events/hits", classification="all"),
            {"X-Key": key, "accept": "application/x-ndjson"},
        )
        yield Server(f"http://127.0.0.1:{links}", paths, (process,), partial(_kept, hits))


@contextmanager
def _nginx(kind: LinkKind) -> Iterator[Server]:
    _, paths = _links(_sent(), kind)
    if kind == LinkKind.OPEN:
        paths.write_text(paths.read_text().replace(PATH, "/o/"))
    with nginx.redirect(TARGET, WORK) as (process, base):
        yield Server(base, paths, (process,))


def _loads(serve: Callable[..., object], options: Options) -> Loads:
    with ExitStack() as stack:
        server: Server = stack.enter_context(serve())  # type: ignore[arg-type]  a partial of a context manager
        load = partial(follow, server.base, server.paths, seconds=options.hits_s, servers=server.processes)
        full = load(connections=CONNECTIONS)
        half = load(connections=PACED, pause_ms=PACED * 1_000 / (full.per_second / 2))
        answered = full.answered + half.answered
        if full.failed or half.failed:
            raise RuntimeError(f"{full.failed + half.failed} requests failed")
        if server.kept and not answered <= server.kept(answered) <= answered + CONNECTIONS + PACED:
            raise RuntimeError(f"{answered} were answered, {server.kept(answered)} are kept")
    return Loads(full, half)


def _kept(hits: Request, wanted: int) -> int:
    """Return how many hits are in the log, once all have come or no more come."""
    deadline_s, before = time.monotonic() + PATIENCE_S, -1
    while (count := content(hits, b'"timestamp":').marks) < wanted or count != before:
        if time.monotonic() > deadline_s:
            break
        before = count
        time.sleep(3)
    return count


@cache
def _sent() -> Path:
    """Return a data folder with the activations of all messages."""
    folder = WORK / "sent"
    shutil.rmtree(folder, ignore_errors=True)
    with estampe_server.opened(folder) as log:
        for start in range(0, MESSAGES, BATCH):
            log.publish([_activation(n) for n in range(start, start + BATCH)]).result()
    return folder


def _links(data: Path, kind: LinkKind) -> tuple[str, Path]:
    """Return a key, and a file with the path of a link of each message."""
    customer = parse_customer(CUSTOMER)
    with closing(open_catalog(data, "")) as catalog, closing(Keys(catalog)) as keys:
        number = Customers(catalog).number_of(customer)
        links = Links(secrets_of(catalog, "links"), PATH)
        paths = WORK / "links"
        paths.write_text("".join(f"{_path(links, number, kind, n)}\n" for n in range(MESSAGES)))
        return keys.create(customer, ("read",)).text, paths


def _path(links: Links, customer: int, kind: LinkKind, n: int) -> str:
    seal = links.seal(Addressed(customer, "000PE4", f"{n:08}", _stamp(n)))
    if kind == LinkKind.OPEN:
        return seal.address(kind, part=Part.HTML)
    return seal.address(kind, part=Part.HTML, label="boots", target=TARGET)


def _stamp(n: int) -> UUID:
    return uuid5(NAMESPACE_URL, str(n))


def _activation(n: int) -> Draft:
    stamp, address_ = _stamp(n), f"reader{n}@mail.example"
    activation = Activation(
        id="000PE4",
        kind=Kind.MESSAGE,
        receiver=Footprint(id=f"{n:08}", unicity=address_, hash=f"{n:032x}"),
        stamp=Stamp(time=time.time_ns() // 1_000_000, id=stamp, thread=stamp),
        recipient=address_,
    )
    source = Source(type=Channel.EMAIL, detail=ActivationDetail(activation=activation))
    return Draft(type=EventType.ACTIVATION, id=event_id(stamp, EventType.ACTIVATION), source=source)


def _table(name: str, options: Options, seen: dict[str, list[Loads]]) -> Table:
    rates = {server: middle(loads, _rate) for server, loads in seen.items()}
    rows = tuple(
        (
            server,
            f"{rates[server]:,.0f}",
            spread(loads, _rate),
            times(rates[server], rates.get(PEER)),
            f"{middle(loads, lambda each: each.full.p99_us) / 1_000:.1f}",
            f"{middle(loads, lambda each: each.half.p50_us) / 1_000:.1f}",
            f"{middle(loads, _half_p99_ms):.1f}",
            f"{middle(loads, lambda each: each.full.server_cpu_s * 1e6 / each.full.duration_us):.2f}",
            f"{middle(loads, lambda each: each.full.client_cpu_s * 1e6 / each.full.duration_us):.2f}",
        )
        for server, loads in seen.items()
    )
    caption = f"{name}, median of {options.loads} rounds of {options.hits_s} s"
    return Table(caption=caption, columns=COLUMNS, rows=rows)


def _aims(name: str, seen: dict[str, list[Loads]]) -> tuple[Aim, ...]:
    late_ms = middle(seen[US], _half_p99_ms)
    soon = Aim(aim=f"{name}: p99 < {SOON_MS} ms at half load", reached=f"{late_ms:.1f} ms", met=late_ms < SOON_MS)
    if PEER not in seen:
        return (soon,)
    ratio = middle(seen[US], _rate) / middle(seen[PEER], _rate)
    fast = Aim(aim=f"{name}, each durable, ≥ {ENOUGH} of nginx", reached=f"{ratio:.2f}x", met=ratio >= ENOUGH)
    return (fast, soon)


def _rate(loads: Loads) -> float:
    return loads.full.per_second


def _half_p99_ms(loads: Loads) -> float:
    return loads.half.p99_us / 1_000
