"""Values on the command line are read by the parts' own functions, and refused as wrong usage."""

from __future__ import annotations

import click
import pytest

from estampe.cli import arguments
from estampe.cli.arguments import CUSTOMER, examples, parse_moment, reading
from estampe.instants import InvalidInstant


@pytest.mark.parametrize(
    ("text", "moment_ms"),
    [("2019-08-24T14:15:22Z", 1_566_656_122_000), ("1566656122000", 1_566_656_122_000), ("1h", 6_400_000)],
)
def test_a_moment_is_an_instant_or_a_span_back_from_now(
    text: str, moment_ms: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arguments, "clock_ms", lambda: 10_000_000)
    assert parse_moment(text) == moment_ms


def test_a_wrong_moment_is_told_what_it_may_be() -> None:
    with pytest.raises(InvalidInstant, match=r"'yesterday' .*1h, 30m, 7d"):
        parse_moment("yesterday")


def test_what_a_reader_refuses_is_wrong_usage() -> None:
    with pytest.raises(click.BadParameter, match="names no customer"):
        CUSTOMER("DEMO")


def test_a_reader_keeps_its_name() -> None:
    assert reading(parse_moment).__name__ == "parse_moment"


def test_examples_are_not_wrapped() -> None:
    assert examples("estampe a", "estampe b") == "\b\nExamples:\n  estampe a\n  estampe b"
