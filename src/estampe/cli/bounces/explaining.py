"""`estampe bounces explain`: how a report was read, and why it means what it means."""

from __future__ import annotations

import sys
from itertools import chain
from typing import TYPE_CHECKING

import click
import msgspec

from estampe.bounces.reading import explained
from estampe.cli.arguments import examples
from estampe.cli.bounces.mails import findings_of, mails_argument
from estampe.cli.screen import printable
from estampe.instants import format_instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from estampe.bounces.reading import Finding
    from estampe.bounces.reports import Original
    from estampe.verdicts import Judgement, Match

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
        click.echo()
        for key, value in chain(_read(each), _meant(each), _named(each.report.original)):
            click.echo(f"  {key:<{WIDTH}}{value}")
    click.echo()


def _write_objects(name: str, found: Sequence[Finding]) -> None:
    for each in found:
        told = {"file": name, "report": each.report, "verdict": each.verdict, "explanation": explained(each)}
        sys.stdout.write(msgspec.json.encode(told).decode() + "\n")


def _counted(reports: int) -> str:
    return "no report" if not reports else "1 report" if reports == 1 else f"{reports} reports"


def _read(finding: Finding) -> Iterator[tuple[str, str]]:
    """Yield what the mail says of a recipient, each fact with its name."""
    report, explanation = finding.report, explained(finding)
    said = _marked(report.diagnostic, explanation.match if explanation else None)
    told = {
        "recipient": printable(report.recipient),
        "sent to": printable(report.sent_to),
        "kind": report.kind.value,
        "read as": report.format,
        "said": said,
        "codes": printable(f"{report.basic or ''} {report.enhanced}".strip()),
        "by": printable(report.mta),
        "reported by": printable(report.reporting_mta or report.agent),
        "to": printable(report.command),
        "feedback": printable(report.feedback),
        "arrived": "" if report.arrival_ms is None else format_instant(report.arrival_ms),
    }
    return ((name, value) for name, value in told.items() if value)


def _marked(diagnostic: str, match: Match | None) -> str:
    """Return what was said, the words that judged marked."""
    if not match or match.begin is None:
        return printable(diagnostic)
    end = match.begin + len(match.piece)
    before, words, after = diagnostic[: match.begin], diagnostic[match.begin : end], diagnostic[end:]
    return f"{printable(before)}{click.style(printable(words), bold=True, underline=True)}{printable(after)}"


def _meant(finding: Finding) -> Iterator[tuple[str, str]]:
    """Yield what that means, why, and what it does not mean though parts of it say so."""
    explanation = explained(finding)
    if finding.verdict:
        meaning = _meaning(finding.judgement) if finding.judgement else ""
        yield "verdict", click.style(finding.verdict, COLOURS[finding.verdict], bold=True) + meaning
    if explanation:
        yield "rule", _rule(explanation.match)
        yield from (("overruled", f"{_rule(each)}: {each.judgement.verdict}") for each in explanation.overruled)
        if explanation.code and not explanation.code_agrees:
            yield "overruled", explanation.code


def _meaning(judgement: Judgement) -> str:
    return f": {judgement.subject}, {judgement.detail}" if judgement.detail else f": {judgement.subject}"


def _rule(match: Match) -> str:
    by = f", by the words “{printable(match.piece)}”" if match.piece else ""
    return f"{match.rule}{by} ({match.source})"


def _named(original: Original) -> Iterator[tuple[str, str]]:
    """Yield what names the message that came back."""
    told = {
        "return path": ", ".join(original.return_paths),
        "stamp": original.stamp,
        "message": original.message_id,
        "subject": original.subject,
    }
    return ((name, printable(value)) for name, value in told.items() if value)
