"""Rates: a bucket never gives more than its burst and its rate."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from estampe.http.rates import Buckets


def test_a_burst_is_allowed_and_then_the_rate() -> None:
    buckets = Buckets(rate=2, burst=3)
    assert [buckets.take("key", 0.0).remaining for _ in range(3)] == [2, 1, 0]
    refused = buckets.take("key", 0.0)
    assert not refused.allowed
    assert refused.retry_s == 1
    assert refused.reset_s == 2
    assert buckets.take("key", 0.5).allowed
    assert not buckets.take("key", 0.5).allowed


def test_keys_do_not_share_a_bucket() -> None:
    buckets = Buckets(rate=1, burst=1)
    assert buckets.take("a", 0.0).allowed
    assert buckets.take("b", 0.0).allowed


def test_full_buckets_are_forgotten() -> None:
    buckets = Buckets(rate=1, burst=1)
    for number in range(10_000):
        buckets.take(str(number), float(number))
    assert len(buckets._full_at) < 5_000


@given(
    st.floats(0.1, 1_000),
    st.integers(1, 100),
    st.lists(st.floats(0, 10), max_size=200),
)
def test_no_stretch_of_time_lets_more_pass_than_burst_and_rate(rate: float, burst: int, waits: list[float]) -> None:
    buckets, now_s, passed = Buckets(rate, burst), 0.0, 0
    for wait in waits:
        now_s += wait
        taken = buckets.take("key", now_s)
        passed += taken.allowed
        assert passed <= burst + rate * now_s + 1e-6
        assert 0 <= taken.remaining < burst
        assert taken.allowed or taken.retry_s >= 1
