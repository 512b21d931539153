"""Lists of flat records, in the form that was asked for."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from estampe.cli.screen import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    Record = tuple[str | int | None, ...]

PAGE_LETTERS = 160
"""How wide a table is where there is no terminal to say; what is less wide is narrow."""


class Records(NamedTuple):
    """Records and what their members are called; tables leave out `hidden`, and `minor` where a page is narrow.

    Lines and CSV are written while rows are still being made.
    """

    names: tuple[str, ...]
    rows: Iterable[Record]
    hidden: Collection[str] = ()
    minor: Collection[str] = ()


def write_records(records: Records, form: str | None, nothing: str) -> None:
    """Write records on standard output.

    Parameters:
        records: what to write.
        form: one of `FORMS`; None is a table on a terminal, else one object a line.
        nothing: what a table says where there are none.
    """
    if form == "table" or (form is None and sys.stdout.isatty()):
        _write_table(records, nothing)
    else:
        _WRITERS[form or "ndjson"](records)
        sys.stdout.flush()


def _write_table(records: Records, nothing: str) -> None:
    console = Console(width=None if sys.stdout.isatty() else PAGE_LETTERS, highlight=False)
    rows = list(records.rows)
    if not rows:
        console.print(nothing, style="dim")
        return
    left_out = {*records.hidden, *(records.minor if console.width < PAGE_LETTERS else ())}
    shown = [at for at, name in enumerate(records.names) if name not in left_out]
    table = Table(box=None, pad_edge=False)
    for at in shown:
        is_count = any(isinstance(row[at], int) for row in rows)
        table.add_column(records.names[at], justify="right" if is_count else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row[at]) for at in shown))
    console.print(table)


def _cell(value: str | int | None) -> Text:
    return Text(f"{value:,}" if isinstance(value, int) else printable(value or ""))


def _objects(records: Records) -> Iterator[dict[str, Any]]:
    return (dict(zip(records.names, row, strict=True)) for row in records.rows)


def _write_lines(records: Records) -> None:
    for each in _objects(records):
        sys.stdout.write(msgspec.json.encode(each).decode() + "\n")


def _write_array(records: Records) -> None:
    sys.stdout.write(msgspec.json.encode(list(_objects(records))).decode() + "\n")


def _write_values(records: Records) -> None:
    out = csv.writer(sys.stdout)  # RFC 4180
    out.writerow(records.names)
    out.writerows(records.rows)


_WRITERS: dict[str, Callable[[Records], None]] = {
    "ndjson": _write_lines,
    "json": _write_array,
    "csv": _write_values,
}
FORMS = ("table", *_WRITERS)

form_option = click.option(
    "--format",
    "form",
    type=click.Choice(FORMS),
    help="How to write them.  [default: table on a terminal, else ndjson]",
)
