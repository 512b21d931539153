"""Instants: ISO 8601 and Unix milliseconds, read exactly."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estampe.instants import FIRST_MS, LAST_MS, InvalidInstant, InvalidSpan, format_instant, parse_instant, parse_span


@pytest.mark.parametrize(
    ("text", "time_ms"),
    [
        ("2019-08-24", 1_566_604_800_000),
        ("2019-08-24T14:15", 1_566_656_100_000),
        ("2019-08-24T14:15:22", 1_566_656_122_000),
        ("2019-08-24T14:15:22Z", 1_566_656_122_000),
        ("2019-08-24t14:15:22z", 1_566_656_122_000),
        ("2019-08-24 14:15:22", 1_566_656_122_000),
        ("2019-08-24T14:15:22.5Z", 1_566_656_122_500),
        ("2019-08-24T14:15:22,123Z", 1_566_656_122_123),
        ("2019-08-24T16:15:22+02:00", 1_566_656_122_000),
        ("2019-08-24T16:15:22 02:00", 1_566_656_122_000),
        ("2019-08-24T16:15:22+0200", 1_566_656_122_000),
        ("2019-08-24T16:15:22+02", 1_566_656_122_000),
        ("2019-08-24T08:45:22-05:30", 1_566_656_122_000),
        ("9999-12-31T23:59:59.9999999Z", LAST_MS),
        ("9999-12-31T23:59:59-14:00", LAST_MS),
        ("0001-01-01T00:00:00+14:00", FIRST_MS),
        ("0", 0),
        ("1614089593000", 1_614_089_593_000),
    ],
)
def test_instant_is_read(text: str, time_ms: int) -> None:
    assert parse_instant(text) == time_ms


@pytest.mark.parametrize(
    "text",
    [
        "",
        "string",
        "-1",
        "1e12",
        "2019-8-24",
        "2019-13-01",
        "2019-02-29",
        "2019-08-24T25:00",
        "2019-08-24T14:15:60Z",
        "2019-08-24T14:15:22+25:00",
        "2019-08-24T14:15:22+02:60",
        "2019-08-24T14:15:22Zulu",
        "2019-08-24\n",
        "\uff12\uff10\uff11\uff19-08-24",
        "1614089593",
        "20190824",
        "999999999999999",
        "9" * 400,
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidInstant):
        parse_instant(text)


def test_seconds_are_refused_with_the_milliseconds_they_would_be() -> None:
    with pytest.raises(InvalidInstant, match="1614089593000"):
        parse_instant("1614089593")


@given(st.integers(0, LAST_MS))
def test_what_is_written_is_read_back(time_ms: int) -> None:
    assert parse_instant(format_instant(time_ms)) == time_ms


@given(
    st.datetimes(datetime(1971, 1, 1), datetime(9998, 1, 1)),  # noqa: DTZ001  the offset is drawn apart
    st.integers(-1439, 1439),
)
def test_any_offset_is_understood_and_a_fraction_rounds_up(moment: datetime, minutes: int) -> None:
    there = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    exact_us = (there - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert parse_instant(there.isoformat()) == -(-exact_us // 1_000)


@given(st.text())
def test_no_text_does_anything_but_be_read_or_be_refused(text: str) -> None:
    with suppress(InvalidInstant):
        parse_instant(text)


@pytest.mark.parametrize(("text", "span_ms"), [("1s", 1_000), ("30m", 1_800_000), ("90d", 7_776_000_000)])
def test_span_is_read(text: str, span_ms: int) -> None:
    assert parse_span(text) == span_ms


@pytest.mark.parametrize("text", ["", "d", "1", "1y", "-1d", "1.5h", "1h30m"])
def test_any_other_span_is_refused(text: str) -> None:
    with pytest.raises(InvalidSpan):
        parse_span(text)
