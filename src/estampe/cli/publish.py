"""`estampe publish`: drafts into a running server, or into a data folder that no server uses."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import click

from estampe.cli.arguments import CUSTOMER, data_option, examples, files_argument
from estampe.cli.client import Client, ServerRefused
from estampe.cli.items import Items
from estampe.errors import EstampeError
from estampe.events import Fault, InvalidEvent, decode_draft
from estampe.log import Logs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from estampe.events import Customer, Draft

    Publish = Callable[[list[bytes]], list[bool]]
    """Publishes drafts' texts and answers for each whether it was known before."""

BATCH_DRAFTS = 1_000
BATCH_BYTES = 4 << 20
FAULTS_SHOWN = 100


class WrongDrafts(EstampeError):
    """Drafts that no log takes, by their index in the batch."""

    def __init__(self, faults: list[tuple[int, Fault]]) -> None:
        wrong = len({index for index, _ in faults})
        super().__init__(f"{wrong} wrong {'draft' if wrong == 1 else 'drafts'}")
        self.faults = faults


@click.command(
    short_help="Publish drafts, into a server or a data folder.",
    epilog=examples(
        "estampe publish drafts.json --url http://127.0.0.1:8080 --key est_...",
        "estampe publish drafts.ndjson.zst --customer DEMO/028",
        "produce-drafts | estampe publish -",
    ),
)
@files_argument
@click.option("--url", envvar="ESTAMPE_URL", show_envvar=True, help="A running server.")
@click.option("--key", envvar="ESTAMPE_KEY", show_envvar=True, help="A key with the scope write.")
@click.option("--customer", metavar="CUSTOMER", type=CUSTOMER, help="Publish into the data folder as this customer.")
@data_option
def publish(files: tuple[str, ...], url: str | None, key: str | None, customer: Customer | None, data: Path) -> None:
    """Publish the drafts in each FILE into a running server, or with --customer into a data folder.

    A FILE is a JSON array or has an object a line, plain, .gz or .zst; - is standard input.
    A batch (up to 1,000 drafts) is published whole or not at all; a draft with an id may be sent again.
    """
    with _way(url, key, customer, data) as send:
        published, known = _publish_all(files, send)
    click.echo(f"published {published:,}" + (f", known before {known:,}" if known else ""))


@contextmanager
def _way(url: str | None, key: str | None, customer: Customer | None, data: Path) -> Iterator[Publish]:
    if customer is not None:
        with closing(Logs(data)) as logs:
            yield _into_folder(logs, customer)
    elif url and key:
        with closing(Client(url, key)) as client:
            yield lambda drafts: [receipt.duplicate for receipt in client.publish(drafts)]
    else:
        raise click.UsageError("Say where to: --url and --key of a running server, or --customer.")


def _into_folder(logs: Logs, customer: Customer) -> Publish:
    log = logs.of(customer)

    def send(texts: list[bytes]) -> list[bool]:
        return [receipt.duplicate for receipt in log.publish(_drafts(texts)).result()]

    return send


def _drafts(texts: list[bytes]) -> list[Draft]:
    drafts: list[Draft] = []
    faults: list[tuple[int, Fault]] = []
    for index, text in enumerate(texts):
        try:
            drafts.append(decode_draft(text))
        except InvalidEvent as exc:
            faults += ((index, fault) for fault in exc.faults)
    if faults:
        raise WrongDrafts(faults)
    return drafts


def _publish_all(files: tuple[str, ...], send: Publish) -> tuple[int, int]:
    published = known = 0
    for name in files:
        first = 0
        for batch in _batches(Items(name)):
            try:
                duplicates = send(batch)
            except (WrongDrafts, ServerRefused) as exc:
                _show(exc.faults, name, first)
                raise EstampeError(f"{exc}; published before: {published:,}") from exc
            first += len(batch)
            known += sum(duplicates)
            published += len(batch) - sum(duplicates)
    return published, known


def _batches(texts: Iterable[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for text in texts:
        if batch and (len(batch) == BATCH_DRAFTS or size + len(text) > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    if batch:
        yield batch


def _show(faults: list[tuple[int, Fault]], name: str, first: int) -> None:
    for index, fault in faults[:FAULTS_SHOWN]:
        click.echo(f"{name}[{first + index}] {fault.sentence}", err=True)
