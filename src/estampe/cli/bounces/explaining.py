"""`estampe bounces explain`: how a report was read, and why it means what it means."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click
import msgspec

from estampe.cli.arguments import examples
from estampe.cli.bounces.mails import findings_of, mails_argument
from estampe.cli.screen import printable
from estampe.instants import format_instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from estampe.bounces.reading import Finding
    from estampe.bounces.reports import Report

COLOURS = {"hard": "red", "soft": "yellow", "complaint": "magenta"}
WIDTH = 12


@click.command(
    short_help="Say why a report means what it means.",
    epilog=examples(
        "estampe bounces explain report.eml",
        "estampe bounces explain --json reports.mbox",
    ),
)
@mails_argument
@click.option("--json", "is_json", is_flag=True, help="For programs: one JSON object a line, one for each recipient.")
def explain(*, files: Sequence[Path], is_json: bool) -> None:
    """Say of each recipient what was read, which rule judged by which words, and what that overruled."""
    failures: list[str] = []
    write = _write_objects if is_json else write_findings
    for name, found in findings_of(files, failures):
        write(name, found)
    if failures:
        click.get_current_context().exit(1)


def write_findings(name: str, found: Sequence[Finding]) -> None:
    """Explain for people what a mail reports."""
    click.secho(f"{printable(name)}: {_counted(len(found))}", bold=True)
    for each in found:
        for key, value in _lines(each):
            click.echo(f"  {key:<{WIDTH}}{value}")
        click.echo()


def _write_objects(name: str, found: Sequence[Finding]) -> None:
    for each in found:
        told = {"file": name, "report": each.report, "verdict": each.verdict, "judgement": each.judgement}
        sys.stdout.write(msgspec.json.encode(told).decode() + "\n")


def _counted(reports: int) -> str:
    return "no report" if not reports else "1 report" if reports == 1 else f"{reports} reports"


def _lines(finding: Finding) -> Iterator[tuple[str, str]]:
    """Yield what there is to say of a recipient, each line with its name."""
    yield "kind", finding.report.kind.value
    yield from ((name, printable(value)) for name, value in _facts(finding.report) if value)
    if finding.verdict:
        yield "verdict", click.style(finding.verdict, COLOURS[finding.verdict], bold=True)


def _facts(report: Report) -> Iterator[tuple[str, str]]:
    yield "recipient", report.recipient
    yield "read as", report.format
    yield "enhanced", report.enhanced
    yield "basic", f"{report.basic or ''}"
    yield "mta", report.mta
    yield "reported by", report.reporting_mta
    yield "command", report.command
    yield "arrived", "" if report.arrival_ms is None else format_instant(report.arrival_ms)
    yield "feedback", report.feedback
    yield "agent", report.agent
    yield "message", report.original.message_id
    yield "stamp", report.original.stamp
    yield "return path", ", ".join(report.original.return_paths)
    yield "about", report.original.subject
