"""Mails that the command line names: those that cannot be read are told, and others go on."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from estampe.bounces.intakes.files import files_in, mails
from estampe.bounces.reading import findings
from estampe.bounces.reports import Limits
from estampe.cli.screen import printable
from estampe.errors import EstampeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from estampe.bounces.reading import Finding

mails_argument = click.argument(
    "files", metavar="FILE...", nargs=-1, required=True, type=click.Path(allow_dash=True, path_type=Path)
)


def findings_of(files: Sequence[Path], failures: list[str]) -> Iterator[tuple[str, tuple[Finding, ...]]]:
    """Yield what each mail in files and folders reports, with the mail's name; `failures` as in `telling`."""
    limits = Limits()
    for name, octets in mails_of(files, limits.octets, failures):
        with telling(name, failures):
            yield os.fsencode(name).decode(errors="replace"), findings(octets, limits)


def mails_of(files: Sequence[Path], limit: int, failures: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the mails in files and folders, with their names; of each file that cannot be read the rest is left out.

    Parameters:
        files: where they are.
        limit: of a mail, no more than one byte beyond is read.
        failures: gets the names of files that cannot be read, which are told.
    """
    for file in files:
        with telling(f"{file}", failures):
            for each in files_in(file):
                with telling(f"{each}", failures):
                    yield from mails(each, limit)


@contextmanager
def telling(name: str, failures: list[str]) -> Iterator[None]:
    """Tell on standard error what cannot be read in the block, and go on after it; `failures` gets its name."""
    try:
        yield
    except (OSError, EstampeError) as exc:
        failures.append(name)
        reason = exc.strerror if isinstance(exc, OSError) else None
        click.echo(f"{printable(name)}: {reason or exc}", err=True)
