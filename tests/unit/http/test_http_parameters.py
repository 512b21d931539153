"""Parameters: read exactly, and never ignored."""

from __future__ import annotations

import pytest

from estampe.http.parameters import read_query
from estampe.http.problems import Kind, Problem
from estampe.http.routes import CLASSIFICATION, TARGETS, WINDOW


def refusal(query: bytes, limit: int = 4_096) -> Problem:
    with pytest.raises(Problem) as caught:
        read_query(query, WINDOW, limit)
    return caught.value


def test_no_parameter_narrows_nothing() -> None:
    assert read_query(b"", WINDOW, 64) == {}


def test_the_window_and_the_order_are_read() -> None:
    query = b"start=2019-08-24T14%3A15%3A22Z&end=1614089593000&sort=asc"
    assert read_query(query, WINDOW, 64) == {
        "start_ms": 1_566_656_122_000,
        "end_ms": 1_614_089_593_000,
        "sort": "asc",
    }


def test_a_plain_plus_in_an_offset_is_understood() -> None:
    assert read_query(b"start=2019-08-24T16:15:22+02:00", WINDOW, 64) == {"start_ms": 1_566_656_122_000}


def test_utf_8_may_stand_in_a_query_as_it_is() -> None:
    plain, encoded = "unicity=éric@np6.com".encode(), b"unicity=%C3%A9ric@np6.com"
    assert read_query(plain, TARGETS, 64) == read_query(encoded, TARGETS, 64)


def test_an_empty_window_is_allowed() -> None:
    assert read_query(b"start=2019-08-24&end=2019-08-24", WINDOW, 64)


@pytest.mark.parametrize(("name", "near"), [("strat", "start"), ("END", "end"), ("sorting", "sort")])
def test_an_unknown_name_is_refused_with_the_nearest_known(name: str, near: str) -> None:
    problem = refusal(f"{name}=2019-08-24".encode())
    assert problem.kind is Kind.UNKNOWN_PARAMETER
    assert near in str(problem)
    assert (problem.flaws[0].name, problem.flaws[0].allowed) == (name, near)


def test_an_unknown_name_far_from_all_is_told_all() -> None:
    assert "start, end, sort" in str(refusal(b"page=2"))


def test_a_repeated_parameter_is_refused() -> None:
    assert refusal(b"start=2019-08-24&start=2019-08-24").kind is Kind.REPEATED_PARAMETER


@pytest.mark.parametrize("query", [b"start=", b"start", b"end=yesterday", b"sort=up", b"sort=ASC", b"start=%FF"])
def test_a_wrong_value_is_refused_with_what_is_allowed(query: bytes) -> None:
    problem = refusal(query)
    assert problem.kind is Kind.INVALID_PARAMETER
    assert problem.flaws[0].allowed


def test_all_classes_stand_alone() -> None:
    with pytest.raises(Problem, match="'all' stands alone"):
        read_query(b"classification=mpp,all", CLASSIFICATION, 64)


def test_seconds_are_refused_with_a_hint() -> None:
    assert "1614089593000" in str(refusal(b"start=1614089593"))


def test_a_window_that_ends_before_it_starts_is_refused() -> None:
    assert refusal(b"start=2019-08-25&end=2019-08-24").kind is Kind.INVALID_PARAMETER


def test_a_long_query_is_refused_unread() -> None:
    assert refusal(b"x" * 65, limit=64).kind is Kind.QUERY_TOO_LONG
