"""`estampe verify`, `estampe compact` and `estampe recount`: the upkeep of logs."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from estampe.cli.arguments import CUSTOMER, data_option, examples
from estampe.cli.customers import chosen
from estampe.cli.screen import progress
from estampe.log import Logs, path_of, verify_log

if TYPE_CHECKING:
    from pathlib import Path

    from estampe.events import Customer
    from estampe.log import Findings, Progress

    Found = list[tuple[Customer, Findings]]


@click.command(
    short_help="Check that logs are sound.",
    epilog=examples("estampe verify", "estampe verify DEMO/028 --data /backup/estampe"),
)
@click.argument("customer", type=CUSTOMER, required=False)
@data_option
@click.pass_context
def verify(ctx: click.Context, customer: Customer | None, data: Path) -> None:
    """Read the log of CUSTOMER, or every log, whole and check it; status 1 if anything is wrong.

    A server may run meanwhile.
    """
    with progress() as report:
        found = [_verified(data, one, report) for one in chosen(data, customer)]
    _summarize(found)
    if any(findings.faults for _, findings in found):
        ctx.exit(1)


@click.command(
    short_help="Make logs as small as they can be.",
    epilog=examples("estampe compact", "estampe compact DEMO/028"),
)
@click.argument("customer", type=CUSTOMER, required=False)
@data_option
def compact(customer: Customer | None, data: Path) -> None:
    """Seal all that can be sealed in the log of CUSTOMER, or in every log, and give room back to the disk.

    No server may run on the data folder meanwhile; a running one seals by itself.
    """
    customers = chosen(data, customer)
    with progress() as report:
        with closing(Logs(data)) as logs:
            for one in customers:
                logs.of(one).compact(report)
        found = [_verified(data, one, report) for one in customers]
    _summarize(found)


@click.command(
    short_help="Prove that counters are right, or mend them.",
    epilog=examples("estampe recount", "estampe recount DEMO/028"),
)
@click.argument("customer", type=CUSTOMER, required=False)
@data_option
@click.pass_context
def recount(ctx: click.Context, customer: Customer | None, data: Path) -> None:
    """Read the log of CUSTOMER, or every log, whole and count it anew; status 1 if a counter was wrong.

    What was wrong is mended. No server may run on the data folder meanwhile.
    """
    customers = chosen(data, customer)
    with progress() as report, closing(Logs(data)) as logs:
        found = [(one, logs.of(one).recount(report)) for one in customers]
    table = Table("customer", box=None, pad_edge=False)
    table.add_column("events", justify="right")
    table.add_column("counters")
    for one, counted in found:
        state = f"[red]{len(counted.differences)} mended[/]" if counted.differences else "[green]right[/]"
        table.add_row(one.name, f"{counted.events:,}", state)
    Console().print(table)
    for one, counted in found:
        for difference in counted.differences:
            click.echo(f"{one.name}: {difference}", err=True)
    if any(counted.differences for _, counted in found):
        ctx.exit(1)


def _verified(data: Path, customer: Customer, report: Progress) -> tuple[Customer, Findings]:
    return customer, verify_log(path_of(data, customer), customer, report)


def _summarize(found: Found) -> None:
    table = Table("customer", box=None, pad_edge=False)
    for name in ("events", "sealed", "bytes on disk", "bytes an event"):
        table.add_column(name, justify="right")
    table.add_column("state")
    for customer, findings in found:
        counts = (findings.events, findings.sealed, findings.bytes_on_disk)
        each = findings.bytes_on_disk // max(findings.events, 1)
        state = f"[red]{len(findings.faults)} faults[/]" if findings.faults else "[green]sound[/]"
        table.add_row(customer.name, *(f"{count:,}" for count in (*counts, each)), state)
    Console().print(table)
    for customer, findings in found:
        for fault in findings.faults:
            click.echo(f"{customer.name}: {fault}", err=True)
