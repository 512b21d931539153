"""`estampe outbox`: the messages that wait, and why."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

import click

from estampe.catalog import Backlog, Customers, open_catalog
from estampe.cli.arguments import CUSTOMER, data_option, examples
from estampe.cli.records import Records, form_option, write_records
from estampe.instants import format_instant
from estampe.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from estampe.catalog import Summary, Waiting
    from estampe.events import Customer

LIMIT = 100


@click.command(
    short_help="Show the messages that wait, and why.",
    epilog=examples(
        "estampe outbox",
        "estampe outbox --summary",
        "estampe outbox DEMO/028 --limit 10000 --format csv",
        "ESTAMPE_CATALOG=postgresql://mail@db.example/mail estampe outbox --summary",
    ),
)
@click.argument("customer", type=CUSTOMER, required=False)
@click.option("--summary", is_flag=True, help="Count them by domain and state.")
@form_option
@click.option("--limit", type=click.IntRange(min=1), default=LIMIT, show_default=True, help="At most so many.")
@data_option
def outbox(*, customer: Customer | None, summary: bool, form: str | None, limit: int, data: Path) -> None:
    """Print the messages of CUSTOMER, or of all, that are neither activated nor cancelled yet, the oldest first.

    A server may run meanwhile. The catalog is that of the data folder, or the database in ESTAMPE_CATALOG.
    """
    settings = Settings.from_env(os.environ, data=data)
    with closing(open_catalog(settings.data, settings.catalog, create=False)) as catalog:
        backlog = Backlog(catalog, Customers(catalog))
        counts = backlog.summary(customer)
        found = [] if summary else backlog.waiting(customer, limit)
    write_records(_counted(counts) if summary else _listed(found), form, nothing="nothing waits")
    rest = sum(each.messages for each in counts) - len(found)
    if rest > 0 and not summary:
        click.echo(f"These are the first {limit:,}; {rest:,} more wait: see --limit and --summary.", err=True)


def _listed(found: Sequence[Waiting]) -> Records:
    names = (
        "customer",
        "stamp",
        "action",
        "contact",
        "domain",
        "state",
        "attempts",
        "accepted",
        "due",
        "reason",
    )
    rows = [
        (
            each.customer.name,
            f"{each.stamp}",
            each.action,
            each.contact,
            each.domain,
            each.state.name.lower(),
            each.attempts,
            format_instant(each.accepted_ms),
            format_instant(each.due_ms),
            each.reason,
        )
        for each in found
    ]
    return Records(names, rows, hidden=("stamp", "accepted"))


def _counted(counts: Sequence[Summary]) -> Records:
    names = ("customer", "domain", "state", "messages", "oldest", "reason")
    rows = [
        (
            each.customer.name,
            each.domain,
            each.state.name.lower(),
            each.messages,
            format_instant(each.oldest_ms),
            each.reason,
        )
        for each in counts
    ]
    return Records(names, rows)
