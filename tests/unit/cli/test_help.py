"""Every verb explains itself with examples that it takes, and stands in docs/cli.md with every option."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from estampe.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (Path(__file__).parents[3] / "docs/cli.md").read_text()
FILES = (
    "contacts.csv",
    "drafts.json",
    "drafts.ndjson.zst",
    "export.json",
    "2024.ndjson.gz",
    "2025.ndjson.zst",
    "key.txt",
    "report.eml",
    "reports.mbox",
)


def verbs(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from verbs(command, (*path, name))


VERBS = dict(verbs(main))
EXAMPLES = [
    line.strip() for command in VERBS.values() for line in (command.epilog or "").splitlines() if "estampe " in line
]


@pytest.mark.parametrize("path", VERBS, ids=" ".join)
def test_help_shows_an_example_of_the_verb(path: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(main, [*path, "--help"], prog_name="estampe").output
    assert "Examples:" in shown
    assert re.search(rf"^  .*estampe {' '.join(path)}", shown, re.MULTILINE)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_right_usage(example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in FILES:
        (tmp_path / name).touch()
    arguments = shlex.split(example[example.index("estampe ") :])[1:]
    command: click.Command = main
    while isinstance(command, click.Group):
        command = command.commands[arguments.pop(0)]
    command.make_context(command.name, arguments)


@pytest.mark.parametrize("path", VERBS, ids=" ".join)
def test_the_page_has_the_verb_and_its_options(path: tuple[str, ...]) -> None:
    options = {option for parameter in VERBS[path].params for option in parameter.opts if option[0] == "-"}
    assert f"`{' '.join(path)}" in PAGE
    assert all(f"`{option}" in PAGE for option in options)


def test_wrong_usage_ends_with_status_2_and_what_estampe_cannot_do_with_1(tmp_path: Path) -> None:
    wrong = CliRunner().invoke(main, ["events", "nobody"])
    assert (wrong.exit_code, "names no customer" in wrong.stderr) == (2, True)
    missing = CliRunner().invoke(main, ["events", "--data", f"{tmp_path}"])
    assert missing.exit_code == 1
    assert (
        missing.stderr
        == f"Error: {tmp_path} has no log: publish or import some events first, or name another folder with --data\n"
    )
