"""Mails that the command line names: those that cannot be read are told, and others go on."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from estampe.bounces.intakes.files import mails
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
    """Yield what each mail in files reports, with the mail's name.

    Parameters:
        files: where the mails are.
        failures: gets the name of what cannot be read; it is told on standard error.
    """
    for file in files:
        with telling(f"{file}", failures):
            for name, octets in mails(file, Limits().octets):
                with telling(name, failures):
                    yield os.fsencode(name).decode(errors="replace"), findings(octets)


@contextmanager
def telling(name: str, failures: list[str]) -> Iterator[None]:
    """Tell on standard error what cannot be read in the block, and go on after it; `failures` gets its name."""
    try:
        yield
    except (OSError, EstampeError) as exc:
        failures.append(name)
        reason = exc.strerror if isinstance(exc, OSError) else None
        click.echo(f"{printable(name)}: {reason or exc}", err=True)
