"""Traits: what shows in a hit, in how it was requested, and in the other hits of its message."""

from __future__ import annotations

import re
from enum import StrEnum, auto
from typing import TYPE_CHECKING

from estampe.verdicts import journeys
from estampe.verdicts.journeys import MODE, Journey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from estampe.verdicts.hits import Facts, Sighting

_EARLY_MS, _AT_ONCE_MS, _SECONDS_MS, _MINUTE_MS, _LATER_MS = 0, 2_000, 10_000, 60_000, 300_000

_NAVIGATES = re.compile(r"\b(?:Chrome/(?:7[6-9]|[89]\d|\d{3,})|Firefox/(?:9\d|\d{3,}))\b")
"""Browsers that say with each request in which mode it is made (W3C Fetch Metadata)."""

_PREFETCHING = frozenset({"purpose", "sec-purpose", "x-moz", "x-purpose"})


class Trait(StrEnum):
    """What may show."""

    ONE_CLICK = auto()  # a mail program posted it (RFC 8058)
    POST = auto()  # a button was pressed
    USER_MOVED = auto()  # the browser says that a person made it go there
    HEAD = auto()  # the request asked for no content
    DECOY = auto()  # it followed a link that no person can see
    PREFETCHING = auto()  # the request says that nobody has asked yet
    FROM = auto()  # the request says who is responsible for the robot
    NO_AGENT = auto()
    NO_ACCEPT = auto()
    NO_LANGUAGE = auto()
    NO_MODE = auto()  # the agent is a browser that says the mode of its requests, and this one did not
    LISTED = auto()  # a list of robots knows the agent
    EARLY = auto()  # before the activation
    AT_ONCE = auto()  # within 2 s of it
    SECONDS = auto()  # within 10 s
    MINUTE = auto()  # within a minute
    LATER = auto()  # more than 5 minutes after it
    SWEEP = auto()  # among links followed faster than a person can
    MOMENT = auto()  # the same program followed another link in the same tenth of a second
    RUSH = auto()  # the message was opened and two of its links followed in one second
    WALK = auto()  # among many links followed one after the other
    MARCH = auto()  # among more of them than a person follows
    DECOYED = auto()  # the same program at the same site followed a link that no person can see
    UNOPENED = auto()  # several links of a message that was never opened
    ELSEWHERE = auto()  # later hits come from other networks
    BESIDE = auto()  # without a browser's mode, beside a browser that followed the same link


_UNTIMED = frozenset({Trait.SWEEP, Trait.UNOPENED})
"""What other hits tell of one that others collected: when it was made is not known, only when it was published."""


def traits(sighting: Sighting, journey: Sequence[Sighting]) -> frozenset[Trait]:
    """Return what shows in a hit.

    Parameters:
        sighting: the hit.
        journey: the other hits of its message, in any order.
    """
    found = {Trait.LISTED} if sighting.robot else set()
    if sighting.facts:
        found.update(_by_time(sighting), _by_request(sighting, sighting.facts))
    if journey:
        told = Journey.of(sighting, journey)
        shown = (trait for trait, shows in _BY_JOURNEY.items() if shows(told))
        found.update(shown if sighting.facts else _UNTIMED.intersection(shown))
    return frozenset(found)


def _by_time(sighting: Sighting) -> Iterator[Trait]:
    if sighting.since_ms is None:
        return
    limits = {_EARLY_MS: Trait.EARLY, _AT_ONCE_MS: Trait.AT_ONCE, _SECONDS_MS: Trait.SECONDS, _MINUTE_MS: Trait.MINUTE}
    yield from [trait for limit, trait in limits.items() if sighting.since_ms < limit][:1]
    if sighting.since_ms > _LATER_MS:
        yield Trait.LATER


def _by_request(sighting: Sighting, facts: Facts) -> Iterator[Trait]:
    headers = facts.headers
    shows = {
        Trait.ONE_CLICK: facts.one_click,
        Trait.POST: facts.method == "POST",
        Trait.HEAD: facts.method == "HEAD",
        Trait.DECOY: facts.decoy,
        Trait.PREFETCHING: not _PREFETCHING.isdisjoint(headers),
        Trait.FROM: "from" in headers,
        Trait.USER_MOVED: "sec-fetch-user" in headers,
        Trait.NO_AGENT: not sighting.agent,
        Trait.NO_ACCEPT: "accept" not in headers,
        Trait.NO_LANGUAGE: "accept-language" not in headers,
        Trait.NO_MODE: MODE not in headers and _NAVIGATES.search(sighting.agent) is not None,
    }
    yield from (trait for trait, does in shows.items() if does)


_BY_JOURNEY: dict[Trait, Callable[[Journey], bool]] = {
    Trait.SWEEP: journeys.sweeps,
    Trait.MOMENT: journeys.in_a_moment,
    Trait.RUSH: journeys.rushes,
    Trait.WALK: journeys.walks,
    Trait.MARCH: journeys.marches,
    Trait.DECOYED: journeys.is_decoyed,
    Trait.UNOPENED: journeys.is_unopened,
    Trait.ELSEWHERE: journeys.is_elsewhere,
    Trait.BESIDE: journeys.is_beside,
}

BY_JOURNEY = frozenset(_BY_JOURNEY)
"""Traits that other hits of the message give and take."""
