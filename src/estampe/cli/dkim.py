"""`estampe dkim`: the keys that sign messages."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from estampe.cli.arguments import CUSTOMER, data_option, examples
from estampe.execution.composing.keyring import open_keyring
from estampe.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from estampe.events import Customer
    from estampe.execution.composing.keyring import Keyring

BITS = 2_048
SELECTOR = "s1"

domain_argument = click.argument("domain")


@click.group(
    short_help="Make, publish and use keys that sign messages.",
    epilog=examples(
        "estampe dkim create example.com",
        "estampe dkim use example.com s1",
        "estampe dkim show example.com",
    ),
)
def dkim() -> None:
    """Make keys that sign the messages from a domain (DKIM), and put them to use; a running server sees it."""


@dkim.command(
    epilog=examples("estampe dkim create example.com", "estampe dkim create example.com --selector s2 --bits 3072")
)
@domain_argument
@click.option("--selector", default=SELECTOR, show_default=True, help="What the key is called in the DNS.")
@click.option(
    "--bits", type=click.IntRange(BITS, 2 * BITS), default=BITS, show_default=True, help="How long the RSA key is."
)
@data_option
def create(domain: str, selector: str, bits: int, data: Path) -> None:
    """Make a key for messages from DOMAIN and print the record to publish in the DNS, as a line of a zone file.

    The key signs nothing until it is put to use: publish the record first.
    """
    made = _keyring(data).create(domain, selector, bits)
    click.echo(f"Publish this record, and when the DNS has it: estampe dkim use {domain} {selector}", err=True)
    click.echo(made.zone_line())


@dkim.command(epilog=examples("estampe dkim use example.com s1"))
@domain_argument
@click.argument("selector")
@data_option
def use(domain: str, selector: str, data: Path) -> None:
    """Sign messages from DOMAIN with the key SELECTOR, unless there is one whose selector is later."""
    keyring = _keyring(data)
    keyring.use(domain, selector)
    signing = keyring.signing_for(domain)
    if signing:
        click.echo(f"Messages from {domain} are signed with {signing.selector} of {signing.domain}.")


@dkim.command(epilog=examples("estampe dkim allow example.com DEMO/028"))
@domain_argument
@click.argument("customers", metavar="CUSTOMER...", type=CUSTOMER, nargs=-1, required=True)
@data_option
def allow(domain: str, customers: tuple[Customer, ...], data: Path) -> None:
    """Let each CUSTOMER send from DOMAIN and its subdomains, and nobody else who was not allowed to before.

    A domain for which nobody was named is everybody's.
    """
    allowed = _keyring(data).allow(domain, [customer.name for customer in customers])
    click.echo(f"From {domain} may send: {', '.join(allowed)}.")


@dkim.command(epilog=examples("estampe dkim show example.com"))
@domain_argument
@data_option
def show(domain: str, data: Path) -> None:
    """Print the records of all keys of DOMAIN as lines of a zone file, and whether each is in use."""
    for record in _keyring(data).records(domain):
        click.echo(record.zone_line())


def _keyring(data: Path) -> Keyring:
    return open_keyring(Settings.from_env(os.environ, data=data))
