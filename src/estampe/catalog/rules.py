"""Rules of marketing pressure: which messages they are for, and how many of them are too many."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID  # noqa: TC003  msgspec reads the annotation

import msgspec
from msgspec import Meta

from estampe.errors import EstampeError

Unit = Literal["MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "YEAR"]

_UNIT_MS: dict[str, int] = {
    "MILLISECOND": 1,
    "SECOND": 1_000,
    "MINUTE": 60_000,
    "HOUR": 3_600_000,
    "DAY": 86_400_000,
    "WEEK": 604_800_000,
}
_UNIT_MONTHS: dict[str, int] = {"MONTH": 1, "YEAR": 12}


class InvalidRule(EstampeError):
    """A topic or rule of marketing pressure cannot be so."""


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """A span of time such as `{"type": "WEEK", "value": 1}`; months and years are those of the calendar, in UTC."""

    type: Unit
    value: Annotated[int, Meta(ge=1, le=2**53)]

    def start_ms(self, now_ms: int) -> int:
        """Return when the period began that ends now, Unix milliseconds; 1970 at the earliest."""
        if self.type in _UNIT_MS:
            return max(0, now_ms - self.value * _UNIT_MS[self.type])
        return _months_before(now_ms, self.value * _UNIT_MONTHS[self.type])


class Capping(msgspec.Struct, frozen=True, kw_only=True):
    """How much is too much.

    Parameters:
        key: rules with the same key count the same messages.
        increment: how much one message counts.
        threshold: how much is allowed in a period.
        period: the time in which messages count.
    """

    key: Annotated[str, Meta(pattern=r"\A[^\x00-\x1f\x7f]{1,255}\Z")]
    increment: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    threshold: Annotated[int, Meta(ge=0, le=2**53)]
    period: Period


class Always(msgspec.Struct, frozen=True, tag="always"):
    """A rule for all messages."""


class OfTopics(msgspec.Struct, frozen=True, kw_only=True, tag="topic"):
    """A rule for messages of some topics."""

    topics: Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=1_000)]


Predicate = Always | OfTopics


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """What messages are about."""

    id: UUID
    label: str


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule: to which messages it applies, and how many of them a contact may get."""

    id: UUID
    label: str
    predicate: Predicate
    capping: Capping

    def applies_to(self, topic: UUID | None) -> bool:
        """Return whether it is for messages of a topic, or of none."""
        return isinstance(self.predicate, Always) or topic in self.predicate.topics


def _months_before(now_ms: int, months: int) -> int:
    now = datetime.fromtimestamp(now_ms // 1_000, UTC)
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    if year < 1970:  # noqa: PLR2004  where Unix time begins
        return 0
    day = min(now.day, calendar.monthrange(year, month + 1)[1])
    start = now.replace(year=year, month=month + 1, day=day)
    return int(start.timestamp()) * 1_000 + now_ms % 1_000


def checked_label(label: str) -> str:
    """Return the label of a topic or rule if it can be one.

    Raises:
        InvalidRule: it cannot.
    """
    if not 1 <= len(label) <= 255 or not label.isprintable():  # noqa: PLR2004  as the message says
        raise InvalidRule("$.label: allowed: 1 to 255 characters that can be seen")
    return label


def part_of_rule(name: str, given: object, part: Any) -> Any:
    """Read a part of a rule, from JSON decoded or as it is.

    Raises:
        InvalidRule: it is none.
    """
    try:
        return msgspec.convert(given, part)
    except msgspec.ValidationError as exc:
        raise InvalidRule(f"$.{name}: {exc}") from exc
