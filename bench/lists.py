"""What a filtered list costs in logs of several sizes, and what statistics cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clients import document
from questions import PEER, US, Asked, Peer, ask_everywhere, fastapi, names_of, table_of
from report import Aim, Section, Table
from rounds import times

if TYPE_CHECKING:
    from clients import Request
    from corpus import Corpus
    from options import Options
    from questions import Result

METHOD = """\
Measured like the first byte, on compacted logs; "µs an event" is the whole answer's time shared among the
events that it holds. Lists are asked for in order of time and in any order ("any"). Action and contact are
the same at every size and have events all over the log; the day is the one around the middle of the log, which
has 120,000 events a day. A quarter of all hits are judged to be robots'; the list of hits leaves them out.
Statistics are whole answers, checked against a plain count.

The peer's table has an index for each of these lists: on action, type and time, on action, link, class and time of
hits, on hash and time, on the activation's time of reactivities. It keeps a hit's class in its row. Its statistics
count events at each request, from an index alone, and no contacts; Estampe counts both as they are published.

What limits Estampe: sealed events are opened a frame at a time, so an event that stands alone in its part of the
log costs a whole frame, some tens of microseconds; the peer reads one row, uncompressed. What saves: the answer's
first events need not wait for the rest, as they must where the peer sorts."""
STATISTICS = ("events in the log", "server", "answer ms", "÷ Estampe", "events counted")
START_MS = 10
FLAT = 2


def run(options: Options) -> Section:
    """Ask for every list and statistic at every size."""
    peers = {PEER: Peer(options.postgres_limit, fastapi)}
    listed, notes = ask_everywhere(options, _lists, peers)
    counted, _ = ask_everywhere(options, _statistics, peers)
    return Section(
        title="Filtered lists",
        method=METHOD,
        tables=(
            *(table_of(name, listed, options.short_rounds) for name in names_of(listed)),
            *(_counted(name, counted, options.short_rounds) for name in names_of(counted)),
        ),
        aims=tuple(aim for name in names_of(listed) for aim in _aims(name, listed)),
        notes=notes,
    )


def _lists(corpus: Corpus) -> list[Asked]:
    facts = corpus.manifest()
    start, end = facts.day_ms
    day: dict[str, str | int] = {"activationStart": start, "activationEnd": end}
    action = f"/actions/{facts.action}/events"
    bounces = facts.action_types["bounce"]
    asked = [
        Asked("one action's bounces", f"{action}/bounces", {}, bounces),
        Asked("one contact's events, by hash", "/targets/events", {"hash": facts.hash}, facts.contact_events),
        Asked("one action's hits of one kind (open), by humans", f"{action}/hits/open", {}, facts.action_opens),
        Asked("reactivities of the activations of one day", "/actions/reactivities", day, facts.reactivities),
    ]
    return [each._replace(parameters={**each.parameters, **sort}) for each in asked for sort in ({"sort": "asc"}, {})]


def _statistics(corpus: Corpus) -> list[Asked]:
    facts = corpus.manifest()
    sent = facts.action_types.get("activation", 0)
    days: dict[str, str | int] = {"by": "day", "group": "type"}
    return [
        Asked(
            "one action's statistics",
            f"/actions/{facts.action}/statistics",
            {},
            sent,
            counted=_sent,
            first=b"{",
        ),
        Asked(
            "events of each type and day",
            "/actions/statistics",
            days,
            corpus.count,
            counted=_events,
            first=b"{",
        ),
    ]


def _sent(request: Request) -> int:
    return document(request)["dispatch"]["sent"]


def _events(request: Request) -> int:
    return sum(row["events"] for row in document(request))


def _counted(name: str, results: list[Result], rounds: int) -> Table:
    chosen = [one for one in results if one.asked.name == name]
    ours = {one.size: one.total_ms for one in chosen if one.server == US}
    return Table(
        caption=f"{name}, median of {rounds} rounds",
        columns=STATISTICS,
        rows=tuple(
            (
                f"{one.size:,}",
                one.server,
                f"{one.total_ms:,.1f}",
                times(one.total_ms, ours[one.size]),
                f"{one.asked.count:,}",
            )
            for one in chosen
        ),
    )


def _aims(name: str, results: list[Result]) -> tuple[Aim, Aim]:
    """Say whether a list starts in milliseconds, and whether it costs what it returns and not what the log holds."""
    ours = [one for one in results if one.server == US and one.asked.name == name]
    firsts = [one.first_ms for one in ours]
    costs = {one.size: max(other.each_us for other in ours if other.size == one.size) for one in ours}
    *smaller, largest = costs.values()
    least = min(smaller, default=largest)
    return (
        Aim(
            aim=f"first event within {START_MS} ms at every size: {name}",
            reached=f"{min(firsts):.1f}-{max(firsts):.1f} ms",
            met=max(firsts) <= START_MS,
        ),
        Aim(
            aim=f"an event costs at most {FLAT} x as much in {max(costs):,} events as in a smaller log: {name}",
            reached=f"{largest:,.1f} µs, {times(largest, least)}",
            met=largest <= FLAT * least,
        ),
    )
