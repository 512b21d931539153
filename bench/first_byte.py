"""How soon an answer begins, in logs of several sizes."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from clients import Request
from corpus import NEWEST, Corpus
from peers import datasette, estampe_server
from questions import PEER, US, Asked, Peer, ask, ask_everywhere, estampe, fastapi, names_of, table_of
from report import Aim, Section
from rounds import times

if TYPE_CHECKING:
    from options import Options
    from questions import Result, Server

METHOD = """\
A client on the same machine sends a request on a new connection and reads the answer to its end. "First
event" is when the first event's first bytes have come: the header's first byte would say less, since some
servers send the header before they look for events. Counts of events are checked before the rounds.
Estampe's logs are compacted, so that even their newest events are sealed; the last table is of events just
published, which are rows. The peers have indexes on time and on type and time; where one has no figure, it
was not asked at that size. Caches are warm."""
DATASETTE = "Datasette"
FLAT = 2


def run(options: Options) -> Section:
    """Ask every question at every size."""
    peers = {PEER: Peer(options.postgres_limit, fastapi), DATASETTE: Peer(options.datasette_limit, _datasette)}
    results, notes = ask_everywhere(options, _questions, peers)
    fresh = _fresh(options)
    return Section(
        title="First byte",
        method=METHOD,
        tables=tuple(table_of(name, [*results, *fresh], options.short_rounds) for name in names_of([*results, *fresh])),
        aims=tuple(_aim(name, results) for name in names_of(results)),
        notes=notes,
    )


def _questions(corpus: Corpus) -> list[Asked]:
    facts = corpus.manifest()
    start, end = facts.hour_ms
    return [
        Asked(
            f"the newest {NEWEST:,} events",
            "/actions/events",
            {"start": facts.newest_ms, "sort": "desc"},
            min(corpus.count, NEWEST),
            f"where time >= {facts.newest_ms} order by time desc, seq desc",
        ),
        Asked(
            "the activations of one hour in the middle",
            "/actions/events/activations",
            {"start": start, "end": end, "sort": "asc"},
            facts.hour_activations,
            f"where type = 'activation' and time >= {start} and time < {end} order by time, seq",
        ),
        Asked(
            "all cancellations (a rare type)",
            "/actions/events/cancellations",
            {"sort": "asc"},
            facts.cancellations,
            "where type = 'cancellation' order by time, seq",
        ),
    ]


def _fresh(options: Options) -> list[Result]:
    corpus = Corpus(options.fresh_events)
    data = estampe_server.fresh(corpus)
    newest = {"start": estampe_server.newest_ms(data, NEWEST), "sort": "desc"}
    with ExitStack() as stack:
        server = estampe(stack, data)
        asked = Asked(f"the newest {NEWEST:,} events, where they are fresh rows", "/actions/events", newest, NEWEST)
        # Several events share a timestamp, so a few more may come.
        asked = asked._replace(count=asked.counted(server(asked)))
        return ask(asked, corpus.count, {US: server(asked)}, options.short_rounds)


def _datasette(stack: ExitStack, corpus: Corpus) -> Server:
    server = stack.enter_context(datasette.serve(datasette.filled(corpus)))
    return lambda asked: Request(server.array(asked.clauses))


def _aim(name: str, results: list[Result]) -> Aim:
    ours = [one for one in results if one.server == US and one.asked.name == name]
    least, most = min(one.first_ms for one in ours), max(one.first_ms for one in ours)
    sizes = f"{ours[0].size:,} to {ours[-1].size:,} events"
    return Aim(
        aim=f"first event flat (slowest ≤ {FLAT} x fastest) from {sizes}: {name}",
        reached=f"{least:.1f}-{most:.1f} ms, {times(most, least)}",
        met=most <= FLAT * least,
    )
