"""`estampe verify` and `estampe compact`: the upkeep of logs."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from estampe.cli.arguments import CUSTOMER, data_option, examples
from estampe.cli.screen import progress
from estampe.log import Logs

if TYPE_CHECKING:
    from pathlib import Path

    from estampe.events import Customer
    from estampe.log.port import Findings

    Found = list[tuple[Customer, Findings]]


@click.command(epilog=examples("estampe verify", "estampe verify DEMO/028 --data /backup/estampe"))
@click.argument("customer", type=CUSTOMER, required=False)
@data_option
@click.pass_context
def verify(ctx: click.Context, customer: Customer | None, data: Path) -> None:
    """Read the log of CUSTOMER, or every log, whole and check it; status 1 if anything is wrong.

    A server may run meanwhile.
    """
    with closing(Logs(data, read_only=True)) as logs, progress() as report:
        found = [(one, logs.of(one).verify(report)) for one in _chosen(logs, customer)]
    _summarize(found)
    if any(findings.faults for _, findings in found):
        ctx.exit(1)


@click.command(epilog=examples("estampe compact", "estampe compact DEMO/028"))
@click.argument("customer", type=CUSTOMER, required=False)
@data_option
def compact(customer: Customer | None, data: Path) -> None:
    """Seal all that can be sealed in the log of CUSTOMER, or in every log, and give room back to the disk.

    No server may run on the data folder meanwhile; a running one seals by itself.
    """
    with closing(Logs(data)) as logs, progress() as report:
        chosen = _chosen(logs, customer)
        for one in chosen:
            logs.of(one).compact(report)
        found = [(one, logs.of(one).verify(report)) for one in chosen]
    _summarize(found)


def _chosen(logs: Logs, customer: Customer | None) -> list[Customer]:
    return logs.customers() if customer is None else [customer]


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
