"""`estampe key`: who may read and publish a customer's events."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from estampe.app import opened_keys
from estampe.catalog import SCOPES, parse_expiry, parse_scopes
from estampe.cli.arguments import CUSTOMER, data_option, examples, reading
from estampe.cli.screen import printable
from estampe.instants import format_instant
from estampe.settings import Settings

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from estampe.catalog import Key, Keys, Scope
    from estampe.events import Customer


@click.group(
    short_help="Make, list and revoke keys.",
    epilog=examples("estampe key create DEMO/028", "estampe key list"),
)
def key() -> None:
    """Make, list and revoke keys; a change holds at once, also in a running server."""


@key.command(
    epilog=examples(
        "estampe key create DEMO/028",
        "estampe key create DEMO/028 --scope read --expires 90d --label dashboard",
    )
)
@click.argument("customer", type=CUSTOMER)
@click.option(
    "--scope",
    "scopes",
    metavar="SCOPES",
    type=reading(parse_scopes),
    default=",".join(SCOPES),
    show_default=True,
    help="What it allows: read, write, or both with a comma.",
)
@click.option("--expires", metavar="WHEN", type=reading(parse_expiry), help="When it ends: 90d, or a date.")
@click.option("--label", default="", help="A word for people.")
@data_option
def create(customer: Customer, scopes: tuple[Scope, ...], expires: int | None, label: str, data: Path) -> None:
    """Make a key and print it, this once: only its hash is kept."""
    with opened_keys(Settings.from_env(os.environ, data=data)) as keys:
        made = keys.create(customer, scopes, expires, label)
    click.echo(f"Key {made.key.id} of {customer.name}: keep it, it is not shown again.", err=True)
    click.echo(made.text)


@key.command("list", epilog=examples("estampe key list"))
@data_option
def list_keys(data: Path) -> None:
    """List keys without their secrets."""
    table = Table("id", "customer", "scopes", "label", "created", "state", box=None, pad_edge=False)
    with _keys(data) as keys:
        for listed in keys.list():
            created = format_instant(listed.created_ms)
            table.add_row(
                listed.id,
                listed.customer.name,
                ",".join(listed.scopes),
                Text(printable(listed.label)),
                created,
                _state(listed),
            )
    Console(width=None if Console().is_terminal else 200).print(table)


@key.command(epilog=examples("estampe key revoke 3f9c2b7a51d0"))
@click.argument("key_id", metavar="ID")
@data_option
def revoke(key_id: str, data: Path) -> None:
    """Revoke the key with this ID for good."""
    with _keys(data) as keys:
        revoked = keys.revoke(key_id)
    click.echo(f"Key {revoked.id} of {revoked.customer.name} opens nothing any more.")


def _keys(data: Path) -> AbstractContextManager[Keys]:
    return opened_keys(Settings.from_env(os.environ, data=data), create=False)


def _state(listed: Key) -> str:
    if listed.revoked_ms is not None:
        return f"revoked {format_instant(listed.revoked_ms)}"
    return "for good" if listed.expires_ms is None else f"until {format_instant(listed.expires_ms)}"
