"""How soon an answer begins, in logs of several sizes."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from clients import Begun, Request, address, begin, content
from corpus import NEWEST, Corpus
from peers import datasette, estampe_server, fastapi_server, postgres
from process import Unavailable
from report import Aim, Section, Table
from rounds import interleave, middle, times

if TYPE_CHECKING:
    from collections.abc import Callable

    from corpus import Manifest
    from options import Options

METHOD = """\
A client on the same machine sends a request on a new connection and reads the answer to its end. "First
event" is when the first event's first bytes have come: the header's first byte would say less, since some
servers send the header before they look for events. Counts of events are checked before the rounds.
Estampe's logs are compacted, so that even their newest events are sealed; the last table is of events just
published, which are rows. The peers have indexes on time and on type and time; where one has no figure, it
was not asked at that size. Caches are warm."""
US, PEER, DATASETTE = "Estampe", "FastAPI + PostgreSQL", "Datasette"
FRESH = f"the newest {NEWEST:,} events, sort=desc, where they are fresh rows"
MARK = b'"timestamp":'
COLUMNS = (
    "events in the log",
    "server",
    "first event ms",
    "÷ Estampe",
    "whole answer ms",
    "÷ Estampe",
    "events",
)
FLAT = 2


class Asked(NamedTuple):
    """A question that each server is asked.

    It is put as a path with parameters and as the end of a statement; `count` events must come.
    """

    name: str
    path: str
    parameters: dict[str, str | int]
    clauses: str
    count: int


class Result(NamedTuple):
    """What a server took for a question at a size: first event and whole answer, ms."""

    size: int
    server: str
    first_ms: float
    total_ms: float
    count: int


def run(options: Options) -> Section:
    """Ask every question at every size."""
    results: dict[str, list[Result]] = {}
    notes: list[str] = []
    for size in options.sizes:
        print(f"  {size:,} events", flush=True)
        for question, some in _at(Corpus(size), options, notes).items():
            results.setdefault(question, []).extend(some)
    results[FRESH] = [_fresh(options)]
    tables = tuple(_table(question, some, options) for question, some in results.items())
    aims = tuple(_aim(question, some) for question, some in results.items() if question != FRESH)
    return Section(title="First byte", method=METHOD, tables=tables, aims=aims, notes=tuple(dict.fromkeys(notes)))


def _questions(corpus: Corpus, facts: Manifest) -> list[Asked]:
    start, end = facts.hour_ms
    return [
        Asked(
            f"the newest {NEWEST:,} events, sort=desc",
            "/actions/events",
            {"start": facts.newest_ms, "sort": "desc"},
            f"where time >= {facts.newest_ms} order by time desc, seq desc",
            min(corpus.count, NEWEST),
        ),
        Asked(
            "the activations of one hour in the middle, sort=asc",
            "/actions/events/activations",
            {"start": start, "end": end, "sort": "asc"},
            f"where type = 'activation' and time >= {start} and time < {end} order by time, seq",
            facts.hour_activations,
        ),
        Asked(
            "all cancellations (a rare type), sort=asc",
            "/actions/events/cancellations",
            {"sort": "asc"},
            "where type = 'cancellation' order by time, seq",
            facts.cancellations,
        ),
    ]


def _at(corpus: Corpus, options: Options, notes: list[str]) -> dict[str, list[Result]]:
    results = {}
    with ExitStack() as stack:
        servers = {US: stack.enter_context(estampe_server.serve(estampe_server.filled(corpus))).get}
        for name, limit, peer in (
            (PEER, options.postgres_limit, _fastapi),
            (DATASETTE, options.datasette_limit, _datasette),
        ):
            try:
                if corpus.count <= limit:
                    servers[name] = peer(stack, corpus)
            except Unavailable as reason:
                notes.append(f"Left out: {reason}")
        for asked in _questions(corpus, corpus.manifest()):
            requests = {name: _request(name, server, asked) for name, server in servers.items()}
            results[asked.name] = _measure(corpus, asked, requests, options.short_rounds)
    return results


def _fresh(options: Options) -> Result:
    corpus = Corpus(options.fresh_events)
    data = estampe_server.fresh(corpus)
    start = estampe_server.newest_ms(data, NEWEST)
    with estampe_server.serve(data) as server:
        request = server.get(start=start, sort="desc")
        count = content(request, MARK).marks
        seen = interleave(options.short_rounds, {FRESH: partial(begin, request)})
    return _result(corpus.count, US, seen[FRESH], count)


def _fastapi(stack: ExitStack, corpus: Corpus) -> Callable[..., Request]:
    database = stack.enter_context(postgres.serve())
    server = stack.enter_context(fastapi_server.serve(database, database.filled(corpus)))
    return lambda path, **parameters: Request(address(server.base, path, **parameters))


def _datasette(stack: ExitStack, corpus: Corpus) -> Callable[..., Request]:
    server = stack.enter_context(datasette.serve(datasette.filled(corpus)))
    return lambda clauses: Request(server.array(clauses))


def _request(name: str, server: Callable[..., Request], asked: Asked) -> Request:
    return server(asked.clauses) if name == DATASETTE else server(asked.path, **asked.parameters)


def _measure(corpus: Corpus, asked: Asked, requests: dict[str, Request], rounds: int) -> list[Result]:
    for name, request in requests.items():
        count = content(request, MARK).marks
        if count != asked.count:
            raise RuntimeError(f"{name} answered {count} events of {asked.count}: {asked.name}")
    print(f"  {asked.name}", flush=True)
    seen = interleave(rounds, {name: partial(begin, request) for name, request in requests.items()})
    return [_result(corpus.count, name, begun, asked.count) for name, begun in seen.items()]


def _result(size: int, server: str, begun: list[Begun], count: int) -> Result:
    first_ms, total_ms = (middle(begun, lambda one: one.first_ms), middle(begun, lambda one: one.total_ms))
    return Result(size, server, first_ms, total_ms, count)


def _table(question: str, results: list[Result], options: Options) -> Table:
    ours = {result.size: result for result in results if result.server == US}
    rows = tuple(
        (
            f"{result.size:,}",
            result.server,
            f"{result.first_ms:,.1f}",
            times(result.first_ms, ours[result.size].first_ms),
            f"{result.total_ms:,.1f}",
            times(result.total_ms, ours[result.size].total_ms),
            f"{result.count:,}",
        )
        for result in results
    )
    caption = f"{question}, median of {options.short_rounds} rounds"
    return Table(caption=caption, columns=COLUMNS, rows=rows)


def _aim(question: str, results: list[Result]) -> Aim:
    ours = [result for result in results if result.server == US]
    least, most = min(one.first_ms for one in ours), max(one.first_ms for one in ours)
    sizes = f"{ours[0].size:,} to {ours[-1].size:,} events"
    return Aim(
        aim=f"first event flat (slowest ≤ {FLAT} x fastest) from {sizes}: {question}",
        reached=f"{least:.1f}-{most:.1f} ms, {times(most, least)}",
        met=most <= FLAT * least,
    )
