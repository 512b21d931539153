"""What passes is tried again: each time twice as long, by chance shorter, and as the server asks."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estampe.client import RateLimited, Retries, ServerUnreachable
from estampe.client.conversation import Reply
from estampe.client.failures import Problem
from estampe.client.retries import Tries, asked_wait_s

AWAY = ServerUnreachable("away")


def limited(retry_after_s: float | None) -> RateLimited:
    return RateLimited(429, Problem(), retry_after_s=retry_after_s)


@given(st.floats(0.1, 10), st.floats(1, 100), st.integers(2, 12))
def test_each_wait_is_half_to_all_of_twice_the_last_up_to_a_limit(first: float, longest: float, attempts: int) -> None:
    tries = Tries(Retries(attempts=attempts, first_s=first, longest_s=longest))
    for number in range(attempts - 1):
        most = min(first * 2**number, longest)
        assert most / 2 <= tries.wait_s(AWAY) <= most


def test_after_the_last_attempt_the_failure_is_raised() -> None:
    tries = Tries(Retries(attempts=2))
    tries.wait_s(AWAY)
    with pytest.raises(ServerUnreachable):
        tries.wait_s(AWAY)


def test_a_success_begins_anew_and_endless_tries_never_end() -> None:
    tries = Tries(Retries(attempts=2, longest_s=8))
    tries.wait_s(AWAY)
    tries.succeeded()
    assert tries.wait_s(AWAY) <= 0.5
    tries.endless = True
    assert [tries.wait_s(AWAY) <= 8 for _ in range(2_000)] == [True] * 2_000


def test_what_the_server_asks_is_waited_unless_it_is_too_long() -> None:
    assert Tries(Retries(longest_s=60)).wait_s(limited(7)) == 7
    with pytest.raises(RateLimited):
        Tries(Retries(longest_s=60)).wait_s(limited(61))
    patient = Tries(Retries(longest_s=60))
    patient.endless = True
    assert patient.wait_s(limited(61)) == 61


@given(st.floats(0.1, 1), st.floats(0, 30))
def test_a_server_that_asks_for_less_than_one_waits_anyway_is_not_asked_sooner(first: float, asked: float) -> None:
    """A storm of Retry-After: 0 is not answered by another one."""
    assert Tries(Retries(first_s=first)).wait_s(limited(asked)) >= max(first / 2, asked)


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"retry-after": "3", "x-ratelimit-reset": "9"}, 3),
        ({"x-ratelimit-reset": "9"}, 9),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "²"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT"}, 0),
        ({"retry-after": "Fri, 31 Dec 1999 23:59:59 -9999"}, None),
        ({}, None),
    ],
)
def test_the_server_asks_by_either_header(headers: dict[str, str], wait_s: float | None) -> None:
    assert asked_wait_s(Reply(429, headers)) == wait_s


@pytest.mark.parametrize("text", ["86401", "1893456000", "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_more_than_a_day_is_not_believed(text: str) -> None:
    """Such as a Unix time where seconds belong; a follower would sleep for years."""
    assert asked_wait_s(Reply(503, {"retry-after": text})) is None


def test_what_is_left_of_a_rate_says_nothing_about_a_failure() -> None:
    assert asked_wait_s(Reply(500, {"x-ratelimit-reset": "9"})) is None


def test_the_server_may_name_a_date() -> None:
    wait_s = asked_wait_s(Reply(503, {"retry-after": formatdate(time.time() + 100, usegmt=True)}))
    assert wait_s is not None
    assert 90 < wait_s <= 100
