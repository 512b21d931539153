"""`estampe bounces`: the reports that mail servers send back, read, explained, kept aside."""

from __future__ import annotations

import click

from estampe.cli.arguments import examples
from estampe.cli.bounces.explaining import explain
from estampe.cli.bounces.importing import import_reports
from estampe.cli.bounces.quarantine import quarantine
from estampe.cli.bounces.reading import read

__all__ = ["bounces"]


@click.group(
    short_help="Read and explain what mail servers send back.",
    commands=[read, explain, import_reports, quarantine],
    epilog=examples(
        "estampe bounces read report.eml",
        "estampe bounces explain report.eml",
        "estampe bounces import bounces.mbox",
        "estampe bounces quarantine list",
    ),
)
def bounces() -> None:
    """Read the reports that mail servers send back: bounces, complaints, answers of programs.

    A running server takes them by itself, see docs/receiving.md.
    """
