"""Durable writing by HTTP: what is acknowledged has been synced to the disk."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from clients import Load, Request, address, content, post
from corpus import WORK, Corpus, bodies
from machine import need
from peers import estampe_server, fastapi_server, postgres
from peers.table import KEYS, LIST_KEYS
from process import Process, Unavailable
from report import Aim, Section, Table
from rounds import interleave, middle, spread, times

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from options import Options

METHOD = """\
`wrk` (one thread, C and LuaJIT) posts prepared JSON arrays of drafts with unique ids as fast as answers
come. Each load starts with an empty store; afterwards the stored events are counted: fewer than were
acknowledged would be an error. Estampe validates drafts, assigns positions, keeps each id once and answers
after fsync. The peer validates with pydantic, has a unique key on the id (`ON CONFLICT DO NOTHING`), fsync
and synchronous commits on, and a uvicorn worker a core. Its table has the indexes that the same lists need;
"fewer indexes" has only those on the id, on time and on type and time. CPU is in cores, PostgreSQL's with
FastAPI's.

What limits Estampe: one process with one interpreter lock decodes, checks and places every event, and seals old ones
meanwhile; it cannot use a second core for that, as the peer's two workers and PostgreSQL's processes do (see "CPU
server"). The disk is not the limit: many publications share one fsync."""
US, PEER = "Estampe", "FastAPI + PostgreSQL"
FEWER = f"{PEER}, fewer indexes"
COLUMNS = ("server", "events/s", "lowest-highest", "÷ FastAPI", "p50 ms", "p99 ms", "CPU server", "wrk")
ENOUGH = 2


class Shape(NamedTuple):
    """How drafts are posted: so many a request, over so many connections at once."""

    name: str
    each: int
    connections: int


SHAPES = (
    Shape("100 drafts a request, 16 connections", 100, 16),
    Shape("single drafts, 64 connections", 1, 64),
)


Start = "Callable[[], AbstractContextManager[Target]]"


class Target(NamedTuple):
    """An empty server: where to post, who works, and how to count what is stored."""

    request: Request
    processes: tuple[Process, ...]
    count: Callable[[], int]


def run(options: Options) -> Section:
    """Compare loads of both shapes."""
    need("wrk")
    tables, aims, notes = [], [], []
    with ExitStack() as stack:
        targets = {US: _estampe}
        try:
            database = stack.enter_context(postgres.serve())
            targets |= {PEER: partial(_fastapi, database, KEYS + LIST_KEYS), FEWER: partial(_fastapi, database, KEYS)}
        except Unavailable as reason:
            notes.append(f"Left out: {reason}")
        for shape in SHAPES:
            file = _bodies(shape, options)
            loads = {name: partial(_load, target, shape, file, options) for name, target in targets.items()}
            seen = interleave(options.loads, loads)
            tables.append(_table(shape, options, seen))
            aims += _aims(shape, seen)
            file.unlink()
    return Section(
        title="Durable ingest over HTTP",
        method=METHOD,
        tables=tuple(tables),
        aims=tuple(aims),
        notes=tuple(notes),
    )


def _bodies(shape: Shape, options: Options) -> Path:
    count = options.single_drafts if shape.each == 1 else options.batched_drafts
    print(f"  preparing {count:,} drafts", flush=True)
    return bodies(Corpus(count, seed=2).drafts(), shape.each, WORK / "bodies")


@contextmanager
def _estampe() -> Iterator[Target]:
    with estampe_server.serve(estampe_server.empty()) as server:
        lines = server.get().with_headers(accept="application/x-ndjson")
        yield Target(server.get(), (server.process,), lambda: content(lines, b"\n").marks)


@contextmanager
def _fastapi(database: postgres.Postgres, keys: str) -> Iterator[Target]:
    dsn = database.empty("ingest", keys)
    with fastapi_server.serve(database, dsn) as server:
        request = Request(address(server.base, "/actions/events"))
        yield Target(request, server.processes, lambda: database.count("ingest"))


def _load(start: Start, shape: Shape, file: Path, options: Options) -> Load:
    with start() as server:
        seen = post(
            server.request,
            file,
            connections=shape.connections,
            seconds=options.load_s,
            servers=server.processes,
        )
        stored = _settled(server.count, seen.answered * shape.each)
    under_way = shape.connections * shape.each  # written, and their answers cut off by wrk's end
    if seen.failed or not seen.answered * shape.each <= stored <= seen.answered * shape.each + under_way:
        raise RuntimeError(f"{shape.name}: {seen}, and {stored} events are stored")
    return seen


def _settled(count: Callable[[], int], least: int) -> int:
    """Count until there are `least`: a list holds what is final, and that is a moment behind."""
    deadline = time.monotonic() + 10
    while (stored := count()) < least and time.monotonic() < deadline:
        time.sleep(0.2)
    return stored


def _rate(shape: Shape) -> Callable[[Load], float]:
    return lambda load: load.per_second * shape.each


def _table(shape: Shape, options: Options, seen: dict[str, list[Load]]) -> Table:
    rates = {name: middle(loads, _rate(shape)) for name, loads in seen.items()}
    rows = tuple(
        (
            name,
            f"{rates[name]:,.0f}",
            spread(loads, _rate(shape)),
            times(rates[name], rates.get(PEER)),
            f"{middle(loads, lambda load: load.p50_us) / 1000:.1f}",
            f"{middle(loads, lambda load: load.p99_us) / 1000:.1f}",
            f"{middle(loads, lambda load: load.server_cpu_s * 1e6 / load.duration_us):.2f}",
            f"{middle(loads, lambda load: load.client_cpu_s * 1e6 / load.duration_us):.2f}",
        )
        for name, loads in seen.items()
    )
    caption = f"{shape.name}, median of {options.loads} loads of {options.load_s} s"
    return Table(caption=caption, columns=COLUMNS, rows=rows)


def _aims(shape: Shape, seen: dict[str, list[Load]]) -> list[Aim]:
    rates = {name: middle(loads, _rate(shape)) for name, loads in seen.items()}
    return [
        Aim(
            aim=f"ingest ≥ {ENOUGH} x {peer}: {shape.name}",
            reached=times(rates[US], rates[peer]),
            met=rates[US] >= ENOUGH * rates[peer],
        )
        for peer in rates
        if peer != US
    ]
