"""Questions that servers are asked in logs of several sizes, and what they took for them."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from clients import FIRST, Begun, Request, address, begin, content
from corpus import Corpus
from peers import estampe_server, fastapi_server, postgres
from process import Unavailable
from report import Table
from rounds import interleave, middle, times

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from options import Options

US, PEER = "Estampe", "FastAPI + PostgreSQL"
COLUMNS = (
    "events in the log",
    "server",
    "sort",
    "first event ms",
    "÷ Estampe",
    "whole answer ms",
    "÷ Estampe",
    "events",
    "µs an event",
)
MARK = b'"timestamp":'


def events_in(request: Request) -> int:
    """Return how many events an answer holds."""
    return content(request, MARK).marks


class Asked(NamedTuple):
    """A question that each server is asked.

    Parameters:
        name: what is asked for.
        path: where, with `parameters`.
        count: how many events must come.
        clauses: the same as the end of a statement, for a peer that takes SQL.
        counted: reads an answer and returns how many came.
        first: how what it holds begins.
    """

    name: str
    path: str
    parameters: Mapping[str, str | int]
    count: int
    clauses: str = ""
    counted: Callable[[Request], int] = events_in
    first: bytes = FIRST

    @property
    def sort(self) -> str:
        """Return the order that is asked for."""
        return str(self.parameters.get("sort", "any"))


class Result(NamedTuple):
    """What a server took for a question in a log of a size: first event and whole answer, ms."""

    asked: Asked
    size: int
    server: str
    first_ms: float
    total_ms: float

    @property
    def each_us(self) -> float:
        """Return what an event took of the whole answer, µs."""
        return self.total_ms * 1000 / self.asked.count


Server = "Callable[[Asked], Request]"


class Peer(NamedTuple):
    """Someone who takes part in logs of up to so many events, and how to start its server."""

    limit: int
    start: Callable[[ExitStack, Corpus], Server]


def ask_everywhere(
    options: Options, questions: Callable[[Corpus], list[Asked]], peers: Mapping[str, Peer]
) -> tuple[list[Result], tuple[str, ...]]:
    """Ask every question in a log of every size; return the results and who was left out.

    Raises:
        RuntimeError: an answer did not hold what it must.
    """
    results: list[Result] = []
    notes: dict[str, None] = {}
    for size in options.sizes:
        print(f"  {size:,} events", flush=True)
        corpus = Corpus(size)
        with ExitStack() as stack:
            servers = {US: estampe(stack, estampe_server.filled(corpus))}
            for name, peer in peers.items():
                try:
                    if size <= peer.limit:
                        servers[name] = peer.start(stack, corpus)
                except Unavailable as reason:
                    notes[f"Left out: {reason}"] = None
            for asked in filter(lambda asked: asked.count, questions(corpus)):
                print(f"  {asked.name}, sort: {asked.sort}", flush=True)
                requests = {name: server(asked) for name, server in servers.items()}
                results += ask(asked, size, requests, options.short_rounds)
    return results, tuple(notes)


def ask(asked: Asked, size: int, requests: Mapping[str, Request], rounds: int) -> list[Result]:
    """Ask one question of some servers, after a look at what each of them answers.

    Raises:
        RuntimeError: an answer did not hold what it must.
    """
    for name, request in requests.items():
        count = asked.counted(request)
        if count != asked.count:
            raise RuntimeError(f"{name} answered {count} events of {asked.count}: {asked.name}")
    seen = interleave(rounds, {name: partial(begin, request, asked.first) for name, request in requests.items()})
    return [Result(asked, size, name, *_middle(begun)) for name, begun in seen.items()]


def estampe(stack: ExitStack, data: Path) -> Server:
    """Start Estampe on a data folder."""
    server = stack.enter_context(estampe_server.serve(data))
    return lambda asked: server.get(asked.path, **asked.parameters)


def fastapi(stack: ExitStack, corpus: Corpus) -> Server:
    """Start FastAPI on a database with the corpus."""
    database = stack.enter_context(postgres.serve())
    server = stack.enter_context(fastapi_server.serve(database, database.filled(corpus)))
    return lambda asked: Request(address(server.base, asked.path, **asked.parameters))


def table_of(name: str, results: Iterable[Result], rounds: int) -> Table:
    """Return the table of a question, all its sizes, servers and orders."""
    rows = sorted((one for one in results if one.asked.name == name), key=lambda one: (one.size, one.asked.sort))
    ours = {(one.size, one.asked.sort): one for one in rows if one.server == US}
    return Table(
        caption=f"{name}, median of {rounds} rounds",
        columns=COLUMNS,
        rows=tuple(_row(one, ours[one.size, one.asked.sort]) for one in rows),
    )


def names_of(results: Iterable[Result]) -> tuple[str, ...]:
    """Return what was asked for, each once, in order."""
    return tuple(dict.fromkeys(one.asked.name for one in results))


def _middle(begun: list[Begun]) -> tuple[float, float]:
    return middle(begun, lambda one: one.first_ms), middle(begun, lambda one: one.total_ms)


def _row(result: Result, ours: Result) -> tuple[str, ...]:
    return (
        f"{result.size:,}",
        result.server,
        result.asked.sort,
        f"{result.first_ms:,.1f}",
        times(result.first_ms, ours.first_ms),
        f"{result.total_ms:,.1f}",
        times(result.total_ms, ours.total_ms),
        f"{result.asked.count:,}",
        f"{result.each_us:,.1f}",
    )
