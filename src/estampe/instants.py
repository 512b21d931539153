"""Instants and spans of time as people and programs write them."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta, timezone

from estampe.errors import EstampeError

FIRST_MS = -62_135_596_800_000
"""The first millisecond of the year 1, Unix milliseconds."""

LAST_MS = 253_402_300_799_999
"""The last millisecond of the year 9999, Unix milliseconds."""

DAY_MS = 86_400_000

ALLOWED = "an ISO 8601 date or date-time (2019-08-24, 2019-08-24T14:15:22Z) or Unix milliseconds (1566656122000)"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS_BELOW_MS = 100_000_000_000
_MS_DIGITS = re.compile(r"\d{1,15}", re.ASCII)
_ISO = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)"
    r"(?:[Tt ](?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?"
    # A plain "+" in a query string arrives as a space.
    r"(?P<offset>[Zz]|[-+ ]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)
_SPAN = re.compile(r"(\d{1,6})([smhdw])", re.ASCII)
_SPAN_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}


class InvalidInstant(EstampeError):
    """A text is no instant; the message says what it should have been."""


class InvalidSpan(EstampeError):
    """A text is no span of time."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is no span of time: write a number and s, m, h, d or w, such as 90d")


def parse_instant(text: str) -> int:
    """Read an ISO 8601 date or date-time, or Unix milliseconds; no offset means UTC.

    A fraction finer than a millisecond is rounded up: that keeps both `>=` and `<` exact on whole ones.
    What an offset or rounding brings beyond the years 1 to 9999 is taken back to their first or last millisecond.

    Returns:
        Unix milliseconds.

    Raises:
        InvalidInstant: the text is neither, or looks like Unix seconds.
    """
    if _MS_DIGITS.fullmatch(text):
        return _unix_ms(text)
    match = _ISO.fullmatch(text)
    if match is None:
        raise InvalidInstant(f"{text!r} is no instant")
    try:
        return _iso_ms(match)
    except (ValueError, OverflowError) as exc:
        raise InvalidInstant(f"{text!r} is no instant: {exc}") from exc


def parse_span(text: str) -> int:
    """Read a span such as `90d`, `1h`, `30m`.

    Returns:
        Milliseconds.

    Raises:
        InvalidSpan: the text is no such span.
    """
    match = _SPAN.fullmatch(text)
    if match is None:
        raise InvalidSpan(text)
    return int(match[1]) * _SPAN_MS[match[2]]


def format_instant(time_ms: int) -> str:
    """Write Unix milliseconds as ISO 8601 in UTC, to the millisecond."""
    moment = _EPOCH + timedelta(milliseconds=time_ms)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _unix_ms(text: str) -> int:
    value = int(text)
    if 0 < value < _SECONDS_BELOW_MS:
        raise InvalidInstant(
            f"{text!r} looks like seconds or a date without dashes; Unix milliseconds would be {value * 1000}"
        )
    if value > LAST_MS:
        raise InvalidInstant(f"{text!r} lies beyond the year 9999; Unix milliseconds have 13 digits today")
    return value


def _iso_ms(match: re.Match[str]) -> int:
    date = datetime.fromisoformat(match["date"])
    moment = date.replace(
        hour=int(match["hour"] or 0),
        minute=int(match["minute"] or 0),
        second=int(match["second"] or 0),
        tzinfo=_offset(match["offset"]),
    )
    nanoseconds = int((match["fraction"] or "").ljust(9, "0"))
    time_ms = (moment - _EPOCH) // timedelta(milliseconds=1) - (-nanoseconds // 1_000_000)
    return min(max(time_ms, FIRST_MS), LAST_MS)


def _offset(text: str | None) -> timezone:
    if text is None or text in "Zz":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    if int(digits[:2]) >= 24 or int(digits[2:]) >= 60:  # noqa: PLR2004  hours of a day, minutes of an hour
        raise ValueError("an offset goes from -23:59 to +23:59")
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def clock_ms() -> int:
    """Return the time by this machine's clock, Unix milliseconds."""
    return time.time_ns() // 1_000_000
