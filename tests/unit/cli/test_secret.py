"""`estampe secret` changes what signs, warns of what ends, and never shows a secret."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from estampe.catalog import open_catalog, secrets_of
from estampe.cli import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with the secrets of a server that was started once."""
    with closing(open_catalog(tmp_path)) as catalog:
        secrets_of(catalog, "links")
        secrets_of(catalog, "tokens")
    return tmp_path


def run(folder: Path, *arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(main, ["secret", *arguments, "--data", f"{folder}"], input=answer)


def listed(folder: Path) -> list[tuple[str, int, str]]:
    lines = map(json.loads, run(folder, "list").stdout.splitlines())
    return [(line["name"], line["number"], line["state"]) for line in lines]


def test_a_rotated_secret_signs_and_the_one_before_verifies(folder: Path) -> None:
    assert listed(folder) == [("links", 1, "signs"), ("tokens", 1, "signs")]
    assert "Secret 2 of links signs from the server's next start" in run(folder, "rotate", "links").stdout
    assert listed(folder) == [("links", 2, "signs"), ("links", 1, "verifies"), ("tokens", 1, "signs")]


def test_a_secret_retires_when_it_was_confirmed(folder: Path) -> None:
    run(folder, "rotate", "links")
    refused = run(folder, "retire", "links", "1", answer="n\n")
    assert refused.exit_code == 1
    assert "This ends, for good, all links in messages that were sent with it" in refused.stderr
    assert len(listed(folder)) == 3
    assert run(folder, "retire", "links", "1", answer="y\n").exit_code == 0
    assert listed(folder) == [("links", 2, "signs"), ("tokens", 1, "signs")]


def test_nobody_is_asked_who_said_yes(folder: Path) -> None:
    run(folder, "rotate", "tokens")
    assert run(folder, "retire", "tokens", "1", "--yes").stderr == ""
    assert len(listed(folder)) == 2


@pytest.mark.parametrize(("number", "told"), [("1", "make another first"), ("7", "has no secret 7")])
def test_what_cannot_retire_is_told(folder: Path, number: str, told: str) -> None:
    refused = run(folder, "retire", "links", number, "--yes")
    assert (refused.exit_code, told in refused.stderr) == (1, True)


def test_no_secret_is_ever_printed(folder: Path) -> None:
    """Neither its bytes nor any of the ways in which they are usually written."""
    done = [run(folder, *each) for each in (("rotate", "links"), ("list",), ("retire", "links", "1", "--yes"))]
    told = "".join(each.output for each in done)
    with closing(open_catalog(folder)) as catalog:
        values = [value for name in ("links", "tokens") for value in secrets_of(catalog, name).values()]
    assert not any(value.hex()[:8] in told or repr(value)[2:10] in told for value in values)


def test_a_folder_without_a_catalog_is_not_made(tmp_path: Path) -> None:
    told = run(tmp_path / "missing", "list")
    assert told.exit_code == 1
    assert not (tmp_path / "missing").exists()
