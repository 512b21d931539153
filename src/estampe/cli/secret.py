"""`estampe secret`: what signs links in messages and return paths."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

import click

from estampe.catalog import open_catalog, secrets
from estampe.cli.arguments import data_option, examples
from estampe.cli.records import Records, write_records
from estampe.instants import format_instant
from estampe.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from estampe.catalog import Catalog
    from estampe.catalog.secrets import Secret
    from estampe.cli.records import Record

LOST = {
    secrets.LINKS: "links in messages that were sent with it: clicks, web pages and unsubscribing",
    secrets.TOKENS: "return paths of messages that were sent with it: their bounces",
}
"""By the name of a secret, what ends with it."""

name_argument = click.argument("name", type=click.Choice(list(LOST)))


@click.group(
    short_help="Change what signs links and return paths.",
    epilog=examples("estampe secret list", "estampe secret rotate links", "estampe secret retire links 1"),
)
def secret() -> None:
    """Change the secrets that sign links in messages (links) and return paths (tokens).

    A server takes a change in at its next start.
    """


@secret.command("list", epilog=examples("estampe secret list"))
@data_option
def list_secrets(data: Path) -> None:
    """List secrets, the newest of a name first, never what is secret of them.

    One signs; the others verify what they signed, until the first start of a server after the next one was made.
    """
    with closing(_catalog(data)) as catalog:
        listed = secrets.list_secrets(catalog)
    records = Records(("name", "number", "made", "state"), list(_rows(listed)))
    write_records(records, None, nothing="no secrets yet: a server makes them at its start")


@secret.command(epilog=examples("estampe secret rotate links"))
@name_argument
@data_option
def rotate(name: str, data: Path) -> None:
    """Make a new secret, which signs from the server's next start; what older ones have signed stays good."""
    with closing(_catalog(data)) as catalog:
        number = secrets.rotate(catalog, name)
    click.echo(f"Secret {number} of {name} signs from the server's next start: restart it.")


@secret.command(epilog=examples("estampe secret retire links 1", "estampe secret retire tokens 1 --yes"))
@name_argument
@click.argument("number", type=int)
@click.option("--yes", is_flag=True, help="Do not ask.")
@data_option
def retire(*, name: str, number: int, yes: bool, data: Path) -> None:
    """Forget a secret for good: nothing that it has signed works any more, from the server's next start.

    People must be able to unsubscribe for as long as they may read a message: 30 days after it was sent at least, by
    law in some countries, and years are better.
    """
    with closing(_catalog(data)) as catalog:
        if not yes:
            click.confirm(f"This ends, for good, all {LOST[name]}. Go on?", abort=True, err=True)
        secrets.retire(catalog, name, number)
    click.echo(f"Secret {number} of {name} is forgotten; a running server knows it until its next start: restart it.")


def _rows(listed: Sequence[Secret]) -> Iterator[Record]:
    newest: dict[str, int] = {}
    for each in listed:
        signs = each.number == newest.setdefault(each.name, each.number)
        made = "" if each.created_ms is None else format_instant(each.created_ms)
        yield each.name, each.number, made, "signs" if signs else "verifies"


def _catalog(data: Path) -> Catalog:
    settings = Settings.from_env(os.environ, data=data)
    return open_catalog(settings.data, settings.catalog, create=False)
