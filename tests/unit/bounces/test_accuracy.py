"""Reports of known meaning are read right as often as is aimed at."""

from __future__ import annotations

import pytest
from bench.accuracy.corpus import corpus
from bench.accuracy.measuring import AIMS, Run, measured
from bench.accuracy.reasons import SUBJECTS


@pytest.fixture(scope="module")
def run() -> Run:
    return measured(corpus())


@pytest.mark.parametrize("name", AIMS)
def test_as_much_is_right_as_is_aimed_at(run: Run, name: str) -> None:
    assert run.shares[name] >= AIMS[name], f"{name}: {run.shares[name]:.2%}; `make accuracy` lists the misses"


def test_nothing_is_read_where_there_is_nothing(run: Run) -> None:
    assert run.false == []


def test_each_reason_of_the_corpus_is_mapped(run: Run) -> None:
    bounces = [each.fact for each in run.judged if each.fact.kind in ("hard", "soft")]
    assert bounces
    assert {fact.reason for fact in bounces} <= SUBJECTS.keys()
