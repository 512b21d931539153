"""`estampe events`: read a log from its data folder, also beside a running server."""

from __future__ import annotations

import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Literal

import click
import msgspec

from estampe.cli.arguments import CUSTOMER, data_option, examples, parse_moment, reading
from estampe.cli.customers import only
from estampe.cli.listing import FORMS, listing
from estampe.log import Query, SqliteLogReader, path_of

if TYPE_CHECKING:
    from pathlib import Path

    from estampe.cli.listing import Listing
    from estampe.events import Customer

POLL_S = 0.25
MOMENT = reading(parse_moment)


@click.command(
    short_help="Print or follow a customer's events.",
    epilog=examples(
        "estampe events",
        "estampe events --since 1h --sort desc --limit 20",
        "estampe events DEMO/028 --type bounce --type complaint --format csv",
        "estampe events --action 000PE4 --since 2026-01-01 --until 7d --format ndjson",
        "estampe events --contact 000R4M0T --follow",
    ),
)
@click.argument("customer", type=CUSTOMER, required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMS),
    help="How to write them.  [default: table on a terminal, else ndjson]",
)
@click.option("--type", "types", multiple=True, help="Only events of this type; may be repeated.")
@click.option("--action", help="Only events of this action's id.")
@click.option("--contact", help="Only events of this contact's id.")
@click.option(
    "--since",
    "start_ms",
    metavar="TIME",
    type=MOMENT,
    help="From this time on: 1h (ago), 2026-01-31, 2026-01-31T08:00Z.",
)
@click.option("--until", "end_ms", metavar="TIME", type=MOMENT, help="Before this time, written in the same way.")
@click.option("--sort", type=click.Choice(["asc", "desc"]), default="asc", show_default=True, help="By time.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many.")
@click.option("--follow", is_flag=True, help="Go on with what is published later, until Ctrl-C.")
@data_option
def events(  # noqa: PLR0913  one for each option
    *,
    customer: Customer | None,
    form: str | None,
    types: tuple[str, ...],
    action: str | None,
    contact: str | None,
    start_ms: int | None,
    end_ms: int | None,
    sort: Literal["asc", "desc"],
    limit: int | None,
    follow: bool,
    data: Path,
) -> None:
    """Print the events of CUSTOMER, which may be left out if there is only one."""
    if follow and (sort == "desc" or limit is not None or end_ms is not None):
        raise click.UsageError("--follow goes on in order of time: leave out --sort desc, --limit and --until.")
    query = Query(start_ms=start_ms, end_ms=end_ms, types=types, action=action, contact=contact, sort=sort, limit=limit)
    found = only(data, customer)
    with closing(SqliteLogReader(path_of(data, found), found)) as log, closing(listing(form)) as out:
        complete_until_ms = _print(log, query, out)
        if follow:
            _follow(log, msgspec.structs.replace(query, start_ms=complete_until_ms), out)


def _follow(log: SqliteLogReader, query: Query, out: Listing) -> None:
    """Print what a query finds, again and again from where it was complete, until Ctrl-C."""
    with suppress(KeyboardInterrupt):
        while True:
            time.sleep(POLL_S)
            query = msgspec.structs.replace(query, start_ms=_print(log, query, out))


def _print(log: SqliteLogReader, query: Query, out: Listing) -> int:
    """Print what a query finds; return up to when that is all there will ever be, Unix milliseconds."""
    scan = log.scan(query)
    for chunk in scan:
        out.add(chunk)
    return max(scan.watermark.complete_until_ms, query.start_ms or 0)
