"""Traits: what shows in a hit, in how it was requested, and in the other hits of its message."""

from __future__ import annotations

import re
from enum import StrEnum, auto
from typing import TYPE_CHECKING, NamedTuple

from estampe.verdicts.networks import site_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from estampe.verdicts.hits import Facts, Sighting

OPEN = "open"

_EARLY_MS, _AT_ONCE_MS, _SECONDS_MS, _MINUTE_MS, _LATER_MS = 0, 2_000, 10_000, 60_000, 300_000
_SWEEP_MS, _SWEEP_LINKS, _UNTIMED_LINKS = 2_000, 3, 5
_MOMENT_MS = 100
_RUSH_MS, _RUSH_LINKS = 1_000, 2
_WALK_MS, _WALK_LINKS = 30_000, 4
_MARCH_MS, _MARCH_LINKS = 60_000, 6
_UNOPENED_LINKS = 3

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


_UNTIMED = frozenset({Trait.SWEEP, Trait.UNOPENED})
"""What other hits tell of one that others collected: when it was made is not known, only when it was published."""

BY_JOURNEY = frozenset(
    {Trait.SWEEP, Trait.MOMENT, Trait.RUSH, Trait.WALK, Trait.MARCH, Trait.DECOYED, Trait.UNOPENED, Trait.ELSEWHERE}
)
"""Traits that other hits of the message give and take."""


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
        scene = _Scene.of(sighting, journey)
        shown = (trait for trait, shows in _IN_SCENE.items() if shows(scene))
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
        Trait.NO_MODE: "sec-fetch-mode" not in headers and _NAVIGATES.search(sighting.agent) is not None,
    }
    yield from (trait for trait, does in shows.items() if does)


class _Scene(NamedTuple):
    """A hit among the others: those that open the message, those that follow links, which of these one party made."""

    sighting: Sighting
    opens: Sequence[Sighting]
    links: Sequence[Sighting]
    kin: Sequence[Sighting]
    is_open: bool

    @classmethod
    def of(cls, sighting: Sighting, journey: Sequence[Sighting]) -> _Scene:
        links = [other for other in journey if other.kind != OPEN]
        opens = [other for other in journey if other.kind == OPEN]
        kin = [other for other in links if _is_kin(sighting, other)]
        return cls(sighting, opens, links, kin, sighting.kind == OPEN)

    def targets(self, others: Sequence[Sighting]) -> int:
        """Count the links that hits and this one followed."""
        own = set() if self.is_open else {_target(self.sighting)}
        return len(own.union(map(_target, others)))

    def bursts(self, others: Sequence[Sighting], span_ms: int) -> Iterator[Sequence[Sighting]]:
        """Yield those of other hits that lie with this one in a span of time, for each span that begins with a hit."""
        at_ms = self.sighting.time_ms
        near = [other for other in others if abs(other.time_ms - at_ms) <= span_ms]
        for start_ms in {at_ms, *(other.time_ms for other in near if other.time_ms < at_ms)}:
            yield [other for other in near if start_ms <= other.time_ms <= start_ms + span_ms]


def _is_kin(one: Sighting, other: Sighting) -> bool:
    """Whether two hits are of one program or from one site."""
    if one.agent and one.agent == other.agent:
        return True
    return one.address != "" and site_of(one.address) == site_of(other.address)


def _target(sighting: Sighting) -> tuple[str, str]:
    return sighting.kind, sighting.target


def _sweeps(scene: _Scene) -> bool:
    least = _SWEEP_LINKS if scene.sighting.facts else _UNTIMED_LINKS
    if scene.is_open or scene.targets(scene.links) < least:
        return False
    return any(
        scene.targets(burst) >= least and not _is_stranger(scene.sighting, burst)
        for burst in scene.bursts(scene.links, _SWEEP_MS)
    )


def _is_stranger(sighting: Sighting, burst: Sequence[Sighting]) -> bool:
    """Whether others are one party that a hit does not belong to: a person may follow a link during a sweep."""
    first = burst[0]
    are_one = all(other.agent == first.agent for other in burst) or all(
        site_of(other.address) == site_of(first.address) for other in burst
    )
    return are_one and not any(_is_kin(sighting, other) for other in burst)


def _in_a_moment(scene: _Scene) -> bool:
    return not scene.is_open and any(
        _target(other) != _target(scene.sighting) and abs(other.time_ms - scene.sighting.time_ms) <= _MOMENT_MS
        for other in scene.kin
    )


def _rushes(scene: _Scene) -> bool:
    if not scene.is_open and not scene.opens:
        return False
    for burst in scene.bursts([*scene.kin, *scene.opens], _RUSH_MS):
        links = [other for other in burst if other.kind != OPEN]
        if scene.targets(links) >= _RUSH_LINKS and (scene.is_open or len(links) < len(burst)):
            return True
    return False


def _walks(scene: _Scene) -> bool:
    if scene.is_open or scene.targets(scene.kin) < _WALK_LINKS:
        return False
    return any(scene.targets(burst) >= _WALK_LINKS for burst in scene.bursts(scene.kin, _WALK_MS))


def _marches(scene: _Scene) -> bool:
    own = [other for other in scene.kin if _is_twin(scene.sighting, other)]
    if scene.targets(own) < _MARCH_LINKS:
        return False
    return any(scene.targets(burst) >= _MARCH_LINKS for burst in scene.bursts(own, _MARCH_MS))


def _is_decoyed(scene: _Scene) -> bool:
    return any(
        other.facts is not None
        and other.facts.decoy
        and _is_twin(scene.sighting, other)
        and abs(other.time_ms - scene.sighting.time_ms) <= _MINUTE_MS
        for other in scene.kin
    )


def _is_twin(one: Sighting, other: Sighting) -> bool:
    """Whether two hits are of one program at one site."""
    return one.agent == other.agent and site_of(one.address) == site_of(other.address)


def _is_unopened(scene: _Scene) -> bool:
    return not scene.is_open and not scene.opens and scene.targets(scene.kin) >= _UNOPENED_LINKS


def _is_elsewhere(scene: _Scene) -> bool:
    """Whether it came at once, and what came later came from other sites."""
    sighting = scene.sighting
    if sighting.since_ms is None or sighting.since_ms >= _AT_ONCE_MS or not sighting.address:
        return False
    later = [
        other
        for other in (*scene.opens, *scene.links)
        if other.address and other.time_ms > sighting.time_ms + _SECONDS_MS
    ]
    return bool(later) and all(site_of(other.address) != site_of(sighting.address) for other in later)


_IN_SCENE: dict[Trait, Callable[[_Scene], bool]] = {
    Trait.SWEEP: _sweeps,
    Trait.MOMENT: _in_a_moment,
    Trait.RUSH: _rushes,
    Trait.WALK: _walks,
    Trait.MARCH: _marches,
    Trait.DECOYED: _is_decoyed,
    Trait.UNOPENED: _is_unopened,
    Trait.ELSEWHERE: _is_elsewhere,
}
