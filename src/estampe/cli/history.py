"""`estampe import`: events that already have ids and timestamps, such as an export from NP6."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import click

from estampe.cli.arguments import CUSTOMER, data_option, examples, files_argument
from estampe.cli.items import Items, UnreadableFile
from estampe.cli.screen import progress
from estampe.events import InvalidEvent, decode
from estampe.log import Logs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from estampe.events import Customer, Event
    from estampe.log import Progress

REPORT_EVERY = 1_000


@click.command(
    "import",
    short_help="Import events that have ids and timestamps.",
    epilog=examples(
        "estampe import DEMO/028 export.json",
        "estampe import DEMO/028 2024.ndjson.gz 2025.ndjson.zst",
        "curl -s https://api-cm.np6.com/actions/events -H 'X-Key: ...' | estampe import DEMO/028 -",
    ),
)
@click.argument("customer", type=CUSTOMER)
@files_argument
@data_option
def import_history(customer: Customer, files: tuple[str, ...], data: Path) -> None:
    """Import the events in each FILE, which have their ids and timestamps already.

    A FILE is a JSON array or has an object a line, plain, .gz or .zst; - is standard input.

    It may be interrupted and repeated: an event that is there already is left alone.
    No server may run on the data folder meanwhile.
    Readers learn that history has changed: X-Events-Epoch grows.
    """
    added = known = 0
    with closing(Logs(data)) as logs, progress() as report:
        log = logs.of(customer)
        for name in files:
            imported = log.import_history(_events(Items(name), report), report)
            added, known = added + imported.added, known + imported.known
    click.echo(f"added {added:,}, known before {known:,}")


def _events(items: Items, report: Progress) -> Iterator[Event]:
    doing = f"reading {items.name}"
    for index, text in enumerate(items):
        if index % REPORT_EVERY == 0:
            report(doing, items.done, items.size)
        try:
            yield decode(text)
        except InvalidEvent as exc:
            raise UnreadableFile(f"{items.name}[{index}] {exc}") from exc
