"""Options and kinds of values that several verbs share."""

from __future__ import annotations

from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from estampe import client
from estampe.catalog import parse_customer
from estampe.errors import EstampeError
from estampe.instants import ALLOWED, InvalidInstant, InvalidSpan, clock_ms, parse_instant, parse_span

if TYPE_CHECKING:
    from collections.abc import Callable


T = TypeVar("T")


def reading(read: Callable[[str], T]) -> Callable[[str], T]:
    """Return a kind of value that one of our own functions reads; what it refuses is wrong usage."""

    @wraps(read)
    def convert(text: str) -> T:
        try:
            return read(text)
        except EstampeError as exc:
            raise click.BadParameter(f"{exc}") from exc

    return convert


def parse_moment(text: str) -> int:
    """Read an instant as the API takes it, or a span back from now such as `1h`.

    Returns:
        Unix milliseconds.

    Raises:
        InvalidInstant: the text is neither.
    """
    try:
        return clock_ms() - parse_span(text)
    except InvalidSpan:
        pass
    try:
        return parse_instant(text)
    except InvalidInstant as exc:
        raise InvalidInstant(f"{exc}; write {ALLOWED} or a span back from now (1h, 30m, 7d)") from exc


def examples(*lines: str) -> str:
    """Return a verb's examples as the end of its help."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


CUSTOMER = reading(parse_customer)

data_option = click.option(
    "--data",
    envvar="ESTAMPE_DATA",
    show_envvar=True,
    type=click.Path(path_type=Path, file_okay=False),
    default="estampe-data",
    show_default=True,
    help="The folder with the logs and the catalog.",
)

RETRIES = client.Retries(attempts=4)
"""Somebody waits at the terminal."""


def key_options(scope: str) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Return the options that name a key with a scope."""
    key = click.option("--key", envvar="ESTAMPE_KEY", show_envvar=True, help=f"A key with the scope {scope}.")
    file = click.option(
        "--key-file",
        type=click.Path(exists=True, dir_okay=False, allow_dash=True),
        help="The key is in this file; unlike --key, nobody sees it in the list of processes.",
    )
    return lambda command: key(file(command))


def client_of(url: str, key: str | None, key_file: str | None) -> client.Client:
    """Return a client for a server, with the key that was named.

    Raises:
        click.UsageError: none was.
        InvalidAddress, InvalidKey: the URL or the key is none.
    """
    if key_file:
        with click.open_file(key_file, encoding="latin-1") as file:
            key = file.read()
    if not key:
        raise click.UsageError("A server wants a key: say --key-file, or set ESTAMPE_KEY.")
    return client.Client(url, key, retries=RETRIES)


files_argument = click.argument(
    "files",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
)
