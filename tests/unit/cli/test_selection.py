"""Filters of the command become the query that finds what a server would answer; a server wants a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from click.testing import CliRunner

from estampe.cli import main
from estampe.cli.selection import query_of
from estampe.client import InvalidSelection
from estampe.log import Clause, Query
from estampe.verdicts import HitClass

if TYPE_CHECKING:
    from pathlib import Path

SET = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"
REACTIONS = ("bounce", "hit", "impression", "reply", "optout", "complaint")


@pytest.mark.parametrize(
    ("filters", "query"),
    [
        ({}, Query()),
        ({"type": (), "start": 0, "end": 9, "sort": "asc"}, Query(start_ms=0, end_ms=9, sort="asc")),
        ({"type": ("bounce",), "subtype": ("hard",)}, Query(types=("bounce",), subtypes=("hard",))),
        ({"type": ("hit",)}, Query(types=("hit",), classes=(HitClass.HUMAN,))),
        ({"type": ("hit",), "classification": ("all",)}, Query(types=("hit",))),
        (
            {"type": ("hit",), "classification": ("mpp", "gsr")},
            Query(types=("hit",), classes=(HitClass.MPP, HitClass.GSR)),
        ),
        ({"type": ("hit", "bounce"), "annotate": True}, Query(types=("hit", "bounce"), annotate=True)),
        ({"campaign": SET}, Query(set=UUID(SET))),
        ({"campaign": SET.upper()}, Query(set=UUID(SET))),
        ({"campaign": UUID(SET).hex}, Query(clauses=(Clause(actions=(UUID(SET).hex,)),))),
        ({"campaign": "000PE4"}, Query(clauses=(Clause(actions=("000PE4",)),))),
        ({"hash": "ABCD"}, Query(hash="abcd")),
        ({"unicity": "example@np6.com"}, Query(hash="1f1939fe976f57962036d3f2d9b5a6c3")),
        ({"activation_start": 1}, Query(activation_start_ms=1, types=REACTIONS)),
        ({"activation_end": 1, "type": ("hit", "bounce")}, Query(activation_end_ms=1, types=("hit", "bounce"))),
    ],
)
def test_filters_become_a_query(filters: Any, query: Query) -> None:
    assert query_of(filters, None) == query


def test_filters_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(InvalidSelection):
        query_of({"classification": ("mpp",), "type": ("bounce",)}, None)


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ("events --url http://127.0.0.1:1", "A server wants a key"),
        ("events DEMO/028 --url http://127.0.0.1:1 --key est_x", "leave out CUSTOMER"),
        ("events --url http://127.0.0.1:1 --key-file nowhere.txt", "nowhere.txt"),
        ("events --url http://127.0.0.1:1 --key est_x --follow --until 1h", "--follow goes on"),
        ("publish drafts.json --url http://127.0.0.1:1", "A server wants a key"),
    ],
)
def test_wrong_usage_is_told(arguments: str, hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "drafts.json").touch()
    done = CliRunner().invoke(main, arguments.split())
    assert (done.exit_code, hint in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ("--url nowhere --key est_x", "is no address of a server"),
        ("--url http://127.0.0.1:1 --key-file empty.txt", "is no key"),
    ],
)
def test_what_is_no_server_or_key_ends_with_a_line(
    arguments: str, hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.txt").write_text("\n")
    done = CliRunner().invoke(main, ["events", *arguments.split()])
    assert (done.exit_code, hint in done.stderr) == (1, True), done.stderr
