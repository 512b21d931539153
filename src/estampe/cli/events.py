"""`estampe events`: read a log from its data folder, also beside a running server, or from a server."""

from __future__ import annotations

import time
from contextlib import closing, suppress
from itertools import islice
from typing import TYPE_CHECKING, NoReturn

import click
import msgspec

from estampe.cli.arguments import CUSTOMER, client_of, data_option, examples, key_options
from estampe.cli.customers import only
from estampe.cli.listing import FORMS, listing
from estampe.cli.selection import filter_options, query_of
from estampe.client import HistoryRewritten
from estampe.events import encode
from estampe.log import SqliteLogReader, path_of

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Unpack

    from estampe.cli.listing import Listing
    from estampe.client import Client, Filters
    from estampe.events import Customer
    from estampe.log import Query

POLL_S = 0.25
BATCH_LINES = 256


@click.command(
    short_help="Print or follow a customer's events.",
    epilog=examples(
        "estampe events",
        "estampe events --since 1h --sort desc --limit 20",
        "estampe events DEMO/028 --type bounce --type complaint --format csv",
        "estampe events --action 000PE4 --since 2026-01-01 --until 7d --format ndjson",
        "estampe events --contact 000R4M0T --follow",
        "estampe events --type hit --subtype open --classification all --annotate",
        "estampe events --url https://events.example --key-file key.txt --since 1d --follow",
    ),
)
@click.argument("customer", type=CUSTOMER, required=False)
@click.option("--url", help="Read from this running server, which knows the customer by the key.")
@key_options("read")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMS),
    help="How to write them.  [default: table on a terminal, else ndjson]",
)
@filter_options
@click.option("--limit", type=click.IntRange(min=1), help="At most so many.")
@click.option("--follow", is_flag=True, help="Go on with what is published later, until Ctrl-C.")
@data_option
def events(  # noqa: PLR0913  one for each option
    *,
    customer: Customer | None,
    url: str | None,
    key: str | None,
    key_file: str | None,
    form: str | None,
    limit: int | None,
    follow: bool,
    data: Path,
    **filters: Unpack[Filters],
) -> None:
    """Print the events of CUSTOMER, which may be left out if there is only one.

    They are read from the data folder, or with --url from a server.
    """
    if follow and (filters["sort"] == "desc" or limit is not None or filters["end"] is not None):
        raise click.UsageError("--follow goes on in order of time: leave out --sort desc, --limit and --until.")
    if url and customer is not None:
        raise click.UsageError("With --url the key says whose events they are: leave out CUSTOMER.")
    out = listing(form)
    if url:
        with client_of(url, key, key_file) as client:
            _print_server(client, filters, limit, out, follow=follow)
    else:
        _print_folder(data, customer, query_of(filters, limit), out, follow=follow)
    out.close()  # not after a failure: what was cut short must not look whole


def _print_server(client: Client, filters: Filters, limit: int | None, out: Listing, *, follow: bool) -> None:
    if follow:
        with suppress(KeyboardInterrupt):
            _follow_server(client, filters, out)
        return
    lines = islice(client.lines(**filters), limit)
    while batch := list(islice(lines, BATCH_LINES)):
        out.add(b"".join(line + b"\n" for line in batch))


def _follow_server(client: Client, filters: Filters, out: Listing) -> NoReturn:
    """Print what there is and what follows, also across a rewriting of history."""
    from_first: Filters = {**filters, "start": filters.get("start") or 0}
    after = None
    while True:
        try:
            for event, _ in client.follow(after, poll_s=POLL_S, **from_first):
                out.add(encode(event) + b"\n")
        except HistoryRewritten as exc:
            click.echo(f"{exc}", err=True)
            after = exc.after


def _print_folder(data: Path, customer: Customer | None, query: Query, out: Listing, *, follow: bool) -> None:
    found = only(data, customer)
    with closing(SqliteLogReader(path_of(data, found), found)) as log:
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
