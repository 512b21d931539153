"""`estampe publish`: drafts into a running server, or into a data folder that no server uses."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import click

from estampe.cli.arguments import (
    CUSTOMER,
    client_of,
    data_option,
    examples,
    files_argument,
    key_options,
)
from estampe.cli.items import Items
from estampe.client import Refused
from estampe.errors import EstampeError
from estampe.events import Fault, InvalidEvent, decode_draft
from estampe.log import Logs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from estampe.client import Client
    from estampe.events import Customer, Draft
    from estampe.log import EventLog

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
        "estampe publish drafts.json --url http://127.0.0.1:8080 --key-file key.txt",
        "estampe publish drafts.ndjson.zst --customer DEMO/028",
        "produce-drafts | estampe publish -",
    ),
)
@files_argument
@click.option("--url", envvar="ESTAMPE_URL", show_envvar=True, help="A running server.")
@key_options("write")
@click.option("--customer", metavar="CUSTOMER", type=CUSTOMER, help="Publish into the data folder as this customer.")
@data_option
def publish(  # noqa: PLR0913  one for each option
    *,
    files: tuple[str, ...],
    url: str | None,
    key: str | None,
    key_file: str | None,
    customer: Customer | None,
    data: Path,
) -> None:
    """Publish the drafts in each FILE into a running server, or with --customer into a data folder.

    A FILE is a JSON array or has an object a line, plain, .gz or .zst; - is standard input.
    A batch (up to 1,000 drafts) is published whole or not at all; a draft with an id may be sent again.
    """
    if customer is not None:
        way = _folder(data, customer)
    elif url:
        way = _server(client_of(url, key, key_file))
    else:
        raise click.UsageError("Say where to: --url of a running server and a key for it, or --customer.")
    with way as send:
        published, known = _publish_all(files, send)
    click.echo(f"published {published:,}" + (f", known before {known:,}" if known else ""))


@contextmanager
def _server(client: Client) -> Iterator[Publish]:
    with client:
        yield lambda drafts: [receipt.duplicate for receipt in client.publish(drafts)]


@contextmanager
def _folder(data: Path, customer: Customer) -> Iterator[Publish]:
    with closing(Logs(data)) as logs:
        yield _into(logs.of(customer))


def _into(log: EventLog) -> Publish:
    return lambda texts: [receipt.duplicate for receipt in log.publish(_drafts(texts)).result()]


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
            except (WrongDrafts, Refused) as exc:
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
