"""What a run found, and docs/benchmarks.md made of it. Every figure in that page comes from a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from corpus import WORK

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PAGE = Path(__file__).parents[1] / "docs/benchmarks.md"
HEAD = """\
# Benchmarks

Written by `make bench`; every figure was measured on one machine, the one below, by
[bench/](../bench/README.md). Everyone is given the same generated events. Rounds are interleaved, so that
a slow minute of the machine hits everyone, and figures are medians. Servers and clients share the cores:
trust ratios more than absolutes.
"""


class Aim(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was aimed at, what was reached, and whether that is enough."""

    aim: str
    reached: str
    met: bool


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of text under a caption; the first column names, the others count."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """One benchmark's result."""

    title: str
    method: str
    tables: tuple[Table, ...]
    aims: tuple[Aim, ...] = ()
    notes: tuple[str, ...] = ()


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A section with where and when it was measured."""

    section: Section
    machine: tuple[tuple[str, str], ...]
    commit: str
    day: str
    quick: bool = False


def keep(name: str, run: Run) -> None:
    """Keep a section's newest run."""
    folder = WORK / "results"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_bytes(msgspec.json.format(msgspec.json.encode(run)))


def write(names: Iterable[str]) -> Path:
    """Write the page from the newest run of each section, in the order of `names`."""
    files = [WORK / "results" / f"{name}.json" for name in names]
    runs = [msgspec.json.decode(file.read_bytes(), type=Run) for file in files if file.exists()]
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text("\n".join([HEAD, *_machine(runs), *_aims(runs), *map(_section, runs)]))
    return PAGE


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown, figures to the right."""
    rule = ["---", *["--:"] * (len(columns) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (columns, rule, *rows)) + "\n"


def _machine(runs: Sequence[Run]) -> list[str]:
    newest = max(runs, key=lambda run: run.day)
    return ["## Machine\n", table(("", ""), newest.machine).replace("--:", "---")]


def _aims(runs: Sequence[Run]) -> list[str]:
    aims = [aim for run in runs for aim in run.section.aims]
    rows = [(aim.aim, aim.reached, "yes" if aim.met else "no") for aim in aims]
    return ["## Aims\n", table(("aim", "reached", "met"), rows)] if rows else []


def _section(run: Run) -> str:
    section = run.section
    small = " **A quick run with small sizes: no figure to go by.**" if run.quick else ""
    parts = [
        f"## {section.title}\n",
        f"{section.method}\n\nMeasured on {run.day} at commit `{run.commit}`.{small}\n",
    ]
    for each in section.tables:
        parts += [f"**{each.caption}**\n", table(each.columns, each.rows)]
    if section.notes:
        parts += ["\n".join(f"- {note}" for note in section.notes) + "\n"]
    return "\n".join(parts)
