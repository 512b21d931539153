"""Negotiation: the caller's preference decides, in RFC 9110's rules."""

from __future__ import annotations

import pytest

from estampe.http.negotiation import choose_coding, choose_form
from estampe.http.problems import Kind, Problem

JSON, NDJSON = "application/json", "application/x-ndjson"


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("text/html, */*;q=0.1", JSON),
        (NDJSON, NDJSON),
        ("Application/X-NDJSON", NDJSON),
        (f"{JSON};q=0.5, {NDJSON}", NDJSON),
        (f"{NDJSON};q=0.5, {JSON};q=0.4", NDJSON),
        (f"{JSON};q=0, */*", NDJSON),
        (f"{JSON}; charset=utf-8; q=0.9", JSON),
    ],
)
def test_the_form_with_the_highest_weight_is_chosen(accept: str, form: str) -> None:
    assert choose_form(accept) == form


@pytest.mark.parametrize(
    ("accept_encoding", "coding"),
    [
        ("", "identity"),
        ("br", "identity"),
        ("gzip, deflate", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("zstd;q=0.5, gzip", "gzip"),
        ("gzip;q=0", "identity"),
        ("identity, gzip;q=0.5", "identity"),
        ("*", "zstd"),
        ("*;q=0, gzip", "gzip"),
    ],
)
def test_the_coding_with_the_highest_weight_is_chosen(accept_encoding: str, coding: str) -> None:
    assert choose_coding(accept_encoding) == coding


@pytest.mark.parametrize("accept", ["text/html", f"{JSON};q=0", "*/*;q=nan", ",", f"{JSON};q=x"])
def test_nothing_acceptable_says_what_is_offered(accept: str) -> None:
    with pytest.raises(Problem) as caught:
        choose_form(accept)
    assert caught.value.kind is Kind.NOT_ACCEPTABLE
    assert NDJSON in str(caught.value)


def test_a_caller_that_refuses_every_coding_gets_none() -> None:
    with pytest.raises(Problem):
        choose_coding("*;q=0")
    with pytest.raises(Problem):
        choose_coding("identity;q=0")
