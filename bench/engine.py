"""The log itself, in process: what a filter costs, and what an event weighs."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from corpus import NEWEST, Corpus
from estampe.log import Query
from peers import estampe_server
from report import Aim, Section, Table
from rounds import interleave, middle, spread, times

if TYPE_CHECKING:
    from corpus import Manifest
    from estampe.log import EventLog
    from options import Options

METHOD = """\
`log.scan(query)` of a compacted log in this process, without HTTP; chunks are taken and thrown away. MB/s
are of event bodies. Counts are checked."""
WHOLE = "whole log"
HEAVIEST = 250


class Asked(NamedTuple):
    """A query and how many events it must give."""

    query: Query
    count: int


class Scanned(NamedTuple):
    """A scan's result: bytes and seconds, and seconds to the first chunk."""

    size: int
    total_s: float
    first_s: float


def run(options: Options) -> Section:
    """Scan a compacted log in several ways."""
    corpus = Corpus(options.events)
    folder = estampe_server.filled(corpus)
    asked = _questions(corpus.manifest(), corpus.count)
    with estampe_server.opened(folder) as log:
        for name, each in asked.items():
            _check(log, name, each)
        seen = interleave(options.rounds, {name: partial(_scan, log, each.query) for name, each in asked.items()})
        weight = log.verify().bytes_on_disk / corpus.count
    whole = middle(seen[WHOLE], _speed)
    rows = tuple(
        (
            name,
            f"{asked[name].count:,}",
            f"{middle(scans, lambda scan: scan.first_s * 1000):,.2f}",
            f"{middle(scans, lambda scan: scan.total_s * 1000):,.1f}",
            f"{middle(scans, _speed):,.0f}",
            spread(scans, _speed),
            times(middle(scans, _speed), whole),
        )
        for name, scans in seen.items()
    )
    columns = ("query", "events", "first chunk ms", "all ms", "MB/s", "lowest-highest", "÷ whole log")
    caption = f"{corpus.count:,} events, compacted, median of {options.rounds} rounds"
    body = corpus.manifest().body_bytes / corpus.count
    aim = Aim(
        aim=f"at most {HEAVIEST} bytes an event on disk after compact",
        reached=f"{weight:.0f}, of bodies of {body:.0f} on average ({times(body, weight)} smaller)",
        met=weight <= HEAVIEST,
    )
    return Section(
        title="The engine alone",
        method=METHOD,
        tables=(Table(caption=caption, columns=columns, rows=rows),),
        aims=(aim,),
    )


def _questions(facts: Manifest, count: int) -> dict[str, Asked]:
    start, end = facts.hour_ms
    hour = Query(types=("activation",), start_ms=start, end_ms=end, sort="asc")
    return {
        WHOLE: Asked(Query(), count),
        "whole log, sort=asc": Asked(Query(sort="asc"), count),
        "one type (cancellation)": Asked(Query(types=("cancellation",)), facts.cancellations),
        "activations of one hour": Asked(hour, facts.hour_activations),
        "one action": Asked(Query(action=facts.action), sum(facts.action_types.values())),
        "one contact, by hash": Asked(Query(hash=facts.hash), facts.contact_events),
        f"newest {NEWEST:,}": Asked(Query(sort="desc", limit=NEWEST), min(count, NEWEST)),
    }


def _check(log: EventLog, name: str, asked: Asked) -> None:
    count = sum(chunk.count(b"\n") for chunk in log.scan(asked.query))
    if count != asked.count:
        raise RuntimeError(f"the log gave {count} events of {asked.count}: {name}")


def _scan(log: EventLog, query: Query) -> Scanned:
    start = time.perf_counter()
    chunks = iter(log.scan(query))
    size = len(next(chunks, b""))
    first = time.perf_counter()
    size += sum(map(len, chunks))
    return Scanned(size, time.perf_counter() - start, first - start)


def _speed(scan: Scanned) -> float:
    return scan.size / 1e6 / scan.total_s
