"""`estampe classify`: judges the hits of a log again, with the rules of today."""

from __future__ import annotations

import os
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from estampe.cli.arguments import CUSTOMER, data_option, examples
from estampe.cli.customers import chosen
from estampe.cli.records import FORMS, Records, write_records
from estampe.cli.screen import progress
from estampe.cli.selection import MOMENT
from estampe.instants import clock_ms
from estampe.log import Logs, SqliteEventLog, SqliteLogReader, path_of
from estampe.settings import Settings
from estampe.tracking.agents import Agents
from estampe.tracking.judging import Judging, Span
from estampe.verdicts import Networks

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from uuid import UUID

    from estampe.cli.records import Record
    from estampe.events import Customer
    from estampe.log import Progress
    from estampe.tracking.judging import Outcome, Turn
    from estampe.verdicts import Classification

    Found = list[tuple[Customer, Outcome]]
    OpenLog = Callable[[Customer], SqliteLogReader]


@click.command(
    short_help="Judge hits again, with the rules of today.",
    epilog=examples(
        "estampe classify --since 30d --dry-run",
        "estampe classify DEMO/028 --since 2026-01-01 --until 2026-02-01",
        "ESTAMPE_NETWORKS=networks estampe classify --since 7d --format json",
    ),
)
@click.argument("customer", type=CUSTOMER, required=False)
@click.option(
    "--since",
    "start_ms",
    metavar="TIME",
    type=MOMENT,
    required=True,
    help="Hits from this time on: 7d (ago), 2026-01-31, 2026-01-31T08:00Z.",
)
@click.option("--until", "end_ms", metavar="TIME", type=MOMENT, help="Hits before this time.  [default: now]")
@click.option("--dry-run", is_flag=True, help="Change nothing; only say what would.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMS),
    help="How to write what came out.  [default: table on a terminal, else ndjson]",
)
@data_option
def classify(  # noqa: PLR0913  one for each option
    *, customer: Customer | None, start_ms: int, end_ms: int | None, dry_run: bool, form: str | None, data: Path
) -> None:
    """Judge the hits in the log of CUSTOMER, or in every log, again, and say which became what.

    No server may run on the data folder meanwhile; with --dry-run one may. It may be interrupted and repeated.
    Readers learn that history has changed: X-Events-Epoch grows.
    """
    settings = Settings.from_env(os.environ, data=data)
    networks = Networks.of(Path(settings.networks) if settings.networks else None)
    customers = chosen(data, customer)
    span = Span(start_ms, clock_ms() if end_ms is None else end_ms)
    open_logs = _read_only if dry_run else _for_writing
    with progress() as report, closing(Agents(data / "tracking")) as agents, open_logs(data) as open_log:
        judging = Judging(lambda some: _robots(agents, some), networks)
        found = [(each, _judged(judging, open_log(each), span, report)) for each in customers]
    write_records(_listed(found), form, nothing="no hits")
    _sum_up(found, dry_run=dry_run)


@contextmanager
def _read_only(data: Path) -> Iterator[OpenLog]:
    with ExitStack() as stack:
        yield lambda customer: stack.enter_context(closing(SqliteLogReader(path_of(data, customer), customer)))


@contextmanager
def _for_writing(data: Path) -> Iterator[OpenLog]:
    with closing(Logs(data)) as logs:
        yield logs.of


def _judged(judging: Judging, log: SqliteLogReader, span: Span, report: Progress) -> Outcome:
    """Judge the hits of a log; one that is only read stays as it is."""

    def keep(changed: Mapping[UUID, Classification]) -> None:
        if isinstance(log, SqliteEventLog) and changed:
            positions = log.find(list(changed))
            log.classify({positions[each]: classification for each, classification in changed.items()})

    return judging.run(log, span, keep, report)


def _robots(agents: Agents, some: Collection[str]) -> Mapping[str, str]:
    return {agent: profile.robot for agent, profile in agents.of(some).items()}


def _listed(found: Found) -> Records:
    rows = [_row(customer, turn, outcome) for customer, outcome in found for turn, _ in outcome.hits.most_common()]
    return Records(("customer", "was", "is", "hits", "example", "because"), rows)


def _row(customer: Customer, turn: Turn, outcome: Outcome) -> Record:
    example = outcome.examples[turn]
    was = turn.was or "not judged"
    return customer.name, was, turn.now, outcome.hits[turn], f"{example.id}", _reasons(example.now)


def _reasons(classification: Classification) -> str:
    return ", ".join(f"{signal.name} {signal.weight:+g}" for signal in classification.evidence)


def _sum_up(found: Found, *, dry_run: bool) -> None:
    changed = sum(outcome.changed for _, outcome in found)
    hits = sum(outcome.hits.total() for _, outcome in found)
    said = "would be judged otherwise than before" if dry_run else "are judged otherwise than before"
    click.echo(f"{changed:,} of {hits:,} hits {said}, or for the first time.", err=True)
