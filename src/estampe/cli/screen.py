"""What people see of long work: a bar on a terminal, plain lines elsewhere; always on standard error."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estampe import log

LINE_EVERY_S = 5


def printable(text: str) -> str:
    """Return a text that others wrote with a mark for whatever could move or colour the terminal."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


@contextmanager
def progress() -> Iterator[log.Progress]:
    """Show what is reported for as long as the work lasts."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Lines()
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[count]}"),
    )
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as bars:
        yield Bars(bars)


class Bars:
    """A bar for each thing that is being done."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, doing: str, done: int, total: int | None) -> None:
        """Move the bar."""
        if doing not in self._tasks:
            self._tasks[doing] = self._bars.add_task(doing, total=None, count="")
        self._bars.update(self._tasks[doing], completed=done, total=total, count=_count(done, total))


class Lines:
    """A line when something begins or ends, and now and then."""

    def __init__(self) -> None:
        self._next_at: dict[str, float] = {}

    def __call__(self, doing: str, done: int, total: int | None) -> None:
        """Write a line if one is due."""
        if done == total or time.monotonic() >= self._next_at.get(doing, 0):
            self._next_at[doing] = time.monotonic() + LINE_EVERY_S
            click.echo(f"{doing} {_count(done, total)}".rstrip(), err=True)


def _count(done: int, total: int | None) -> str:
    if total is None:
        return f"{done:,}" if done else ""
    return f"{done:,} of {total:,}"
