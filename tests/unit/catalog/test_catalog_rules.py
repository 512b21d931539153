"""Periods of marketing pressure, ids as they are written."""

from __future__ import annotations

from datetime import datetime
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estampe.catalog import Period
from estampe.catalog.customers import written
from estampe.catalog.rules import Unit

LAST_MS = 253_402_300_799_999

instants = st.integers(0, LAST_MS)
periods = st.builds(Period, type=st.sampled_from(get_args(Unit)), value=st.integers(1, 2**53))


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1_000)


@pytest.mark.parametrize(
    ("unit", "value", "now", "start"),
    [
        ("MILLISECOND", 1_500, "2026-03-01T00:00:01Z", "2026-02-28T23:59:59.5Z"),
        ("SECOND", 61, "2026-03-01T00:01:01Z", "2026-03-01T00:00:00Z"),
        ("MINUTE", 60, "2026-03-01T01:00:00Z", "2026-03-01T00:00:00Z"),
        ("HOUR", 24, "2026-03-01T00:00:00Z", "2026-02-28T00:00:00Z"),
        ("DAY", 1, "2024-03-01T12:00:00Z", "2024-02-29T12:00:00Z"),
        ("WEEK", 2, "2026-01-10T00:00:00Z", "2025-12-27T00:00:00Z"),
        ("MONTH", 1, "2026-03-31T12:34:56.789Z", "2026-02-28T12:34:56.789Z"),
        ("MONTH", 1, "2024-03-30T00:00:00Z", "2024-02-29T00:00:00Z"),
        ("MONTH", 13, "2026-01-15T00:00:00Z", "2024-12-15T00:00:00Z"),
        ("YEAR", 1, "2024-02-29T00:00:00Z", "2023-02-28T00:00:00Z"),
        ("YEAR", 56, "2026-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
        ("YEAR", 57, "2026-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
    ],
)
def test_a_period_begins_by_the_clock_or_the_calendar(unit: Unit, value: int, now: str, start: str) -> None:
    assert Period(type=unit, value=value).start_ms(ms(now)) == ms(start)


@given(periods, instants)
def test_a_period_begins_before_it_ends_and_not_before_time_did(period: Period, now_ms: int) -> None:
    assert 0 <= period.start_ms(now_ms) <= now_ms


@given(periods, instants, instants)
def test_a_later_period_begins_no_earlier(period: Period, one_ms: int, other_ms: int) -> None:
    early, late = sorted((one_ms, other_ms))
    assert period.start_ms(early) <= period.start_ms(late)


@given(st.integers(1, 600), instants)
def test_months_have_their_length(months: int, now_ms: int) -> None:
    start_ms = Period(type="MONTH", value=months).start_ms(now_ms)
    if start_ms:
        assert 28 * months <= (now_ms - start_ms) / 86_400_000 <= 31 * months
        assert (start_ms - now_ms) % 86_400_000 == 0


@given(periods)
def test_a_period_goes_through_json(period: Period) -> None:
    assert msgspec.json.decode(msgspec.json.encode(period), type=Period) == period


@given(st.integers(0, 36**8 - 1))
def test_an_id_is_written_so_that_it_can_be_read_and_sorts_by_age(number: int) -> None:
    text = written(number, 8)
    assert (len(text), int(text, 36), text) == (8, number, text.upper())
    assert number == 0 or written(number - 1, 8) < text
