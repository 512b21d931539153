"""`estampe bounces quarantine`: the reports that belong to no message that anybody knows."""

from __future__ import annotations

import os
import sys
import time
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

import click

from estampe import app
from estampe.bounces.reading import findings
from estampe.bounces.reports import parse
from estampe.catalog import Quarantine, QuarantineState, UnknownReport, open_catalog
from estampe.cli.arguments import data_option, examples
from estampe.cli.bounces.explaining import write_findings
from estampe.cli.records import Records, form_option, write_records
from estampe.cli.screen import printable
from estampe.cli.selection import MOMENT
from estampe.instants import clock_ms, format_instant
from estampe.log import LogInUse
from estampe.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from estampe.catalog import Quarantined
    from estampe.cli.records import Record

LIMIT = 100
PATIENCE_S = 10
POLL_S = 0.1
PAGE = 1_000
HEAD = 64 << 10
"""How much of a mail is read to see from whom it is, bytes."""

SHOWN = ("from", "to", "subject", "date", "message-id", "content-type")


@click.group(
    short_help="List, show, replay or delete what could not be matched.",
    epilog=examples("estampe bounces quarantine list", "estampe bounces quarantine replay --all"),
)
def quarantine() -> None:
    """List, show, replay or delete reports of which nobody knows the message, and mails that are no reports.

    A server may run meanwhile. They are in the catalog: that of the data folder, or the database in ESTAMPE_CATALOG.
    """


@quarantine.command(
    "list",
    short_help="List them, the oldest first.",
    epilog=examples(
        "estampe bounces quarantine list",
        "estampe bounces quarantine list --after 100 --limit 50 --format csv",
    ),
)
@click.option("--after", metavar="NUMBER", type=click.IntRange(min=0), default=0, help="Only those after this one.")
@click.option("--limit", type=click.IntRange(min=1), default=LIMIT, show_default=True, help="At most so many.")
@form_option
@data_option
def list_reports(*, after: int, limit: int, form: str | None, data: Path) -> None:
    """List the mails in the quarantine with the reason why each is there."""
    with _opened(data) as (_, kept):
        found = kept.listed(after, limit + 1)
        rows = [_row(each, kept.mail(each.number)) for each in found[:limit]]
    names = ("number", "received", "way", "state", "reason", "from", "subject", "size")
    write_records(Records(names, rows), form, nothing="the quarantine is empty")
    if len(found) > limit:
        click.echo(f"More are kept: go on with --after {found[limit - 1].number}.", err=True)


@quarantine.command(
    short_help="Show one: its head, and what it reports.",
    epilog=examples("estampe bounces quarantine show 7", "estampe bounces quarantine show 7 --raw"),
)
@click.argument("number", type=int)
@click.option("--raw", is_flag=True, help="Write the mail itself, byte for byte.")
@data_option
def show(*, number: int, raw: bool, data: Path) -> None:
    """Show the mail NUMBER: why it is kept, its head, and what is read in it."""
    with _opened(data) as (_, kept):
        facts, mail = kept.get(number), kept.mail(number)
    if raw:
        sys.stdout.buffer.write(mail)
        return
    for name, value in _facts(facts, mail):
        click.echo(f"{name:<14}{printable(value)}")
    click.echo()
    write_findings(f"report {number}", findings(mail))


@quarantine.command(
    short_help="Try again to take some, or all.",
    epilog=examples("estampe bounces quarantine replay 7 8", "estampe bounces quarantine replay --all"),
)
@click.argument("numbers", metavar="NUMBER...", nargs=-1, type=int)
@click.option("--all", "is_all", is_flag=True, help="All that are there.")
@form_option
@data_option
def replay(*, numbers: tuple[int, ...], is_all: bool, form: str | None, data: Path) -> None:
    """Read the mails NUMBER... again, as if they had just come, and say what became of each.

    A running server does it; without one it is done here.
    """
    if bool(numbers) == is_all:
        raise click.UsageError("Name the mails to replay by their numbers, or all of them by --all.")
    with _opened(data) as (settings, kept):
        chosen = [each.number for each in _all(kept)] if is_all else [kept.get(number).number for number in numbers]
        kept.release(chosen, clock_ms())
        _have_read(settings)
        rows = list(_outcomes(kept, chosen, time.monotonic() + PATIENCE_S))
    write_records(Records(("number", "outcome", "reason"), rows), form, nothing="the quarantine is empty")


@quarantine.command(
    short_help="Delete some for good, to make room.",
    epilog=examples(
        "estampe bounces quarantine discard 7 8",
        "estampe bounces quarantine discard --before 2026-01-31",
        "estampe bounces quarantine discard --before 90d",
    ),
)
@click.argument("numbers", metavar="NUMBER...", nargs=-1, type=int)
@click.option("--before", "before_ms", metavar="TIME", type=MOMENT, help="All that came before: 90d (ago), 2026-01-31.")
@data_option
def discard(*, numbers: tuple[int, ...], before_ms: int | None, data: Path) -> None:
    """Delete the mails NUMBER..., or those that came before a time, and say how many. They are gone for good.

    Nothing else deletes any: see first what they are.
    """
    if bool(numbers) == (before_ms is not None):
        raise click.UsageError("Name the mails to delete by their numbers, or those of before a time by --before.")
    with _opened(data) as (_, kept):
        old = [each.number for each in _all(kept) if before_ms is not None and each.received_ms < before_ms]
        deleted = kept.discard(old or [kept.get(number).number for number in numbers])
    click.echo(f"deleted {deleted:,}")


@contextmanager
def _opened(data: Path) -> Iterator[tuple[Settings, Quarantine]]:
    settings = Settings.from_env(os.environ, data=data)
    with closing(open_catalog(settings.data, settings.catalog, create=False)) as catalog:
        yield settings, Quarantine(catalog, settings.quarantine_limit)


def _all(kept: Quarantine) -> Iterator[Quarantined]:
    after = 0
    while some := kept.listed(after, PAGE):
        yield from some
        after = some[-1].number


def _have_read(settings: Settings) -> None:
    """Have what waits in the quarantine read again: by the server, if one runs, else here and now."""
    with suppress(LogInUse), app.opened_bounces(settings) as bounces:
        bounces.reread()


def _outcomes(kept: Quarantine, numbers: Sequence[int], deadline_s: float) -> Iterator[Record]:
    """Yield what became of each mail, as soon as it is known."""
    for number in numbers:
        state = _state(kept, number)
        while state is not None and state.state is QuarantineState.WAITING and time.monotonic() < deadline_s:
            time.sleep(POLL_S)
            state = _state(kept, number)
        if state is None:
            yield number, "taken", ""
        else:
            yield number, "waiting" if state.state is QuarantineState.WAITING else "kept", state.reason


def _state(kept: Quarantine, number: int) -> Quarantined | None:
    try:
        return kept.get(number)
    except UnknownReport:
        return None


def _row(each: Quarantined, mail: bytes) -> Record:
    head = parse(mail[:HEAD]).head
    received = format_instant(each.received_ms)
    state = each.state.name.lower()
    return each.number, received, each.way, state, each.reason, head.get("from"), head.get("subject"), each.size


def _facts(each: Quarantined, mail: bytes) -> Iterator[tuple[str, str]]:
    yield "number", f"{each.number}"
    yield "received", f"{format_instant(each.received_ms)} by {each.way}, {each.size:,} bytes"
    yield "state", each.state.name.lower()
    yield "reason", each.reason
    if each.recipients:
        yield "envelope", f"from <{each.sender}> to {', '.join(each.recipients)}"
    head = parse(mail[:HEAD]).head
    yield from ((name, value) for name in SHOWN if (value := head.get(name)))
