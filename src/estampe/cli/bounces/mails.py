"""Mails that the command line names: those that cannot be read are told, and others go on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from estampe.bounces.reports import Limits
from estampe.cli.screen import printable
from estampe.errors import EstampeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

mails_argument = click.argument(
    "files", metavar="FILE...", nargs=-1, required=True, type=click.Path(allow_dash=True, path_type=Path)
)


def mails_of(files: Sequence[Path], failures: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the mails in files, with their names; what cannot be read is told on standard error, and noted."""
    for file in files:
        try:
            yield from mails(file, Limits().octets)
        except (OSError, EstampeError) as exc:
            reason = exc.strerror if isinstance(exc, OSError) else None
            failures.append(f"{file}")
            click.echo(f"{printable(f'{file}')}: {reason or exc}", err=True)


def mails(path: Path, limit: int) -> Iterator[tuple[str, bytes]]:
    """Yield the mail in a file, of which no more is read than tells that it is too large."""
    if f"{path}" == "-":
        yield "-", sys.stdin.buffer.read(limit + 1)
    else:
        with path.open("rb") as file:
            yield f"{path}", file.read(limit + 1)
