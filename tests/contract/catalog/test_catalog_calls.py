"""Calls that may be repeated: done once, answered alike, and told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from estampe.catalog import CallRunning, Calls, KeyReused
from estampe.catalog.calls import Begun

if TYPE_CHECKING:
    from estampe.catalog import Catalog

NOW_MS = 1_700_000_000_000
DIGEST = b"of a body"


@pytest.fixture
def calls(catalog: Catalog) -> Calls:
    return Calls(catalog)


def _run(calls: Calls, customer: int, now_ms: int = NOW_MS, digest: bytes = DIGEST) -> Begun:
    with calls.running(customer, "k1", digest, now_ms) as begun:
        return begun


def test_a_new_call_begins_now_and_has_no_answer(calls: Calls, customer: int) -> None:
    assert _run(calls, customer) == Begun(NOW_MS, None)


def test_a_call_that_was_broken_off_begins_when_it_did_first(calls: Calls, customer: int) -> None:
    _run(calls, customer)
    assert _run(calls, customer, NOW_MS + 5_000) == Begun(NOW_MS, None)


def test_a_call_that_was_ended_has_its_answer(calls: Calls, customer: int) -> None:
    _run(calls, customer)
    calls.end(customer, "k1", b'[{"type":"success"}]')
    assert _run(calls, customer, NOW_MS + 5_000) == Begun(NOW_MS, b'[{"type":"success"}]')


def test_another_call_under_the_same_key_is_refused(calls: Calls, customer: int) -> None:
    _run(calls, customer)
    with pytest.raises(KeyReused, match="'k1' belongs to another call"):
        _run(calls, customer, digest=b"of another body")


def test_customers_do_not_share_keys(calls: Calls, customer: int, neighbour: int) -> None:
    _run(calls, customer)
    calls.end(customer, "k1", b"[]")
    assert _run(calls, neighbour, digest=b"of another body").answer is None


def test_a_call_runs_once_at_a_time(calls: Calls, customer: int, neighbour: int) -> None:
    with calls.running(customer, "k1", DIGEST, NOW_MS):
        with pytest.raises(CallRunning, match="repeat it a little later"):
            _run(calls, customer)
        _run(calls, neighbour)
    _run(calls, customer)


def test_a_call_that_fails_may_be_repeated_at_once(calls: Calls, customer: int) -> None:
    with pytest.raises(ZeroDivisionError), calls.running(customer, "k1", DIGEST, NOW_MS):
        raise ZeroDivisionError
    assert _run(calls, customer).answer is None


def test_old_calls_are_forgotten(calls: Calls, customer: int) -> None:
    _run(calls, customer)
    calls.forget(NOW_MS)
    assert _run(calls, customer, NOW_MS + 1).time_ms == NOW_MS
    calls.forget(NOW_MS + 1)
    assert _run(calls, customer, NOW_MS + 2, b"of another body").time_ms == NOW_MS + 2
