"""`estampe bounces read`: what reports say, one line for each recipient."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from estampe.bounces.reports import Kind
from estampe.cli.arguments import examples
from estampe.cli.bounces.mails import findings_of, mails_argument
from estampe.cli.records import Records, form_option, write_records

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from estampe.bounces.reading import Finding
    from estampe.cli.records import Record

NAMES = ("file", "kind", "recipient", "verdict", "enhanced", "basic", "subject", "detail", "diagnostic", "mta", "rule")
MINOR = ("enhanced", "basic", "mta", "rule")


@click.command(
    short_help="Print what reports say, and what it means.",
    epilog=examples(
        "estampe bounces read report.eml",
        "estampe bounces read --json Maildir/new",
        "estampe bounces read --format csv reports.mbox",
        "cat report.eml | estampe bounces read -",
    ),
)
@mails_argument
@click.option("--json", "is_json", is_flag=True, help="One JSON object a line, as --format ndjson.")
@form_option
def read(*, files: Sequence[Path], is_json: bool, form: str | None) -> None:
    """Print what mails report of each recipient, and what it means for the address.

    FILE is a mail, an mbox, a Maildir, another folder of mails, or - for standard input. A mail that reports nothing
    has the kind none. What cannot be read is told, the others are read, and status is 1. A table on a narrow terminal
    goes without codes, mta and rule.
    """
    failures: list[str] = []
    records = Records(NAMES, _rows(files, failures), minor=MINOR)
    write_records(records, "ndjson" if is_json else form, nothing="no mails")
    if failures:
        click.get_current_context().exit(1)


def _rows(files: Sequence[Path], failures: list[str]) -> Iterator[Record]:
    for name, found in findings_of(files, failures):
        yield from (_row(name, each) for each in found)
        if not found:
            yield name, Kind.NONE.value, "", "", "", None, "", "", "", "", ""


def _row(name: str, finding: Finding) -> Record:
    report, judgement = finding.report, finding.judgement
    return (
        name,
        report.kind.value,
        report.recipient,
        finding.verdict,
        judgement.enhanced if judgement else report.enhanced,
        report.basic,
        judgement.subject.value if judgement else "",
        (judgement.detail or "") if judgement else report.feedback,
        report.diagnostic,
        report.mta,
        judgement.rule if judgement else "",
    )
