"""Journeys: what the other hits of its message tell of a hit."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from estampe.verdicts.networks import site_of
from estampe.verdicts.programs import Role, program_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from estampe.verdicts.hits import Sighting

OPEN, _MIRROR = "open", "mirror"

_AT_ONCE_MS, _SECONDS_MS, _MINUTE_MS, _LATER_MS = 2_000, 10_000, 60_000, 300_000
_SWEEP_MS, _SWEEP_LINKS, _UNTIMED_LINKS = 2_000, 3, 5
_MOMENT_MS = 100
_RUSH_MS, _RUSH_LINKS = 1_000, 2
_WALK_MS, _WALK_LINKS = 30_000, 4
_MARCH_MS, _MARCH_LINKS = 60_000, 6
_UNOPENED_LINKS = 3
_LOOK_MS, _READERS_SWEEP, _READERS_MARCH = 3_000, 5, 12
_BESIDE_MS = 2_000

MODE = "sec-fetch-mode"
"""The header in which browsers say how they came to ask (W3C Fetch Metadata)."""


class Journey(NamedTuple):
    """A hit among the others of its message.

    Parameters:
        sighting: the hit.
        opens: others that opened the message.
        links: others that followed links.
        kin: those of `links` that the same program made, or one at the same site.
        is_open: whether the hit opened the message.
    """

    sighting: Sighting
    opens: Sequence[Sighting]
    links: Sequence[Sighting]
    kin: Sequence[Sighting]
    is_open: bool

    @classmethod
    def of(cls, sighting: Sighting, others: Sequence[Sighting]) -> Journey:
        """Sort the other hits of a message, which are in any order."""
        links = [other for other in others if other.kind != OPEN]
        opens = [other for other in others if other.kind == OPEN]
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


def sweeps(journey: Journey) -> bool:
    """Return whether it is among links that were followed faster than a person can."""
    least = _SWEEP_LINKS if journey.sighting.facts else _UNTIMED_LINKS
    if journey.is_open or journey.targets(journey.links) < least:
        return False
    if _reads(journey):
        least = max(least, _READERS_SWEEP)
    return any(
        journey.targets(burst) >= least and not _is_stranger(journey.sighting, burst)
        for burst in journey.bursts(journey.links, _SWEEP_MS)
    )


def _is_stranger(sighting: Sighting, burst: Sequence[Sighting]) -> bool:
    """Whether others are one party that a hit does not belong to: a person may follow a link during a sweep."""
    first = burst[0]
    are_one = all(other.agent == first.agent for other in burst) or all(
        site_of(other.address) == site_of(first.address) for other in burst
    )
    return are_one and not any(_is_kin(sighting, other) for other in burst)


def in_a_moment(journey: Journey) -> bool:
    """Return whether the same party followed another link in the same tenth of a second."""
    return not journey.is_open and any(
        _target(other) != _target(journey.sighting) and abs(other.time_ms - journey.sighting.time_ms) <= _MOMENT_MS
        for other in journey.kin
    )


def rushes(journey: Journey) -> bool:
    """Return whether the message was opened and two of its links were followed in one second."""
    if not journey.is_open and not journey.opens:
        return False
    for burst in journey.bursts([*journey.kin, *journey.opens], _RUSH_MS):
        links = [other for other in burst if other.kind != OPEN]
        if journey.targets(links) >= _RUSH_LINKS and (journey.is_open or len(links) < len(burst)):
            return True
    return False


def walks(journey: Journey) -> bool:
    """Return whether it is among many links that one party followed one after the other."""
    if journey.is_open or journey.targets(journey.kin) < _WALK_LINKS:
        return False
    return any(journey.targets(burst) >= _WALK_LINKS for burst in journey.bursts(journey.kin, _WALK_MS))


def marches(journey: Journey) -> bool:
    """Return whether it is among more of them than a person follows, or opened the message for them."""
    own = [other for other in journey.kin if _is_twin(journey.sighting, other)]
    if journey.targets(own) < _MARCH_LINKS:
        return False
    least = _READERS_MARCH if _reads(journey) else _MARCH_LINKS
    return any(journey.targets(burst) >= least for burst in journey.bursts(own, _MARCH_MS))


def _reads(journey: Journey) -> bool:
    """Whether a browser had time to look at the message before it followed links, and scanners are through with it.

    Who reads opens several links in new tabs as fast as slow scanners do.
    """
    sighting = journey.sighting
    if sighting.since_ms is None or sighting.since_ms <= _LATER_MS or not _says_mode(sighting):
        return False
    shown = [other for other in journey.opens if _is_kin(sighting, other) or _is_proxied(other)]
    shown += [other for other in journey.kin if other.kind == _MIRROR]
    before = [other for other in shown if other.time_ms <= sighting.time_ms - _LOOK_MS]
    if sighting.kind in (OPEN, _MIRROR):
        before.append(sighting)
    return any(_is_looked_at(other, journey.kin) for other in before)


def _is_looked_at(shown: Sighting, links: Sequence[Sighting]) -> bool:
    """Whether no link was followed as soon as a message was shown."""
    return not any(0 <= other.time_ms - shown.time_ms < _LOOK_MS for other in links if other is not shown)


def _is_proxied(sighting: Sighting) -> bool:
    program = program_of(sighting.agent)
    return program is not None and program.role == Role.PROXY


def is_decoyed(journey: Journey) -> bool:
    """Return whether the same program at the same site followed a link that no person can see."""
    return any(
        other.facts is not None
        and other.facts.decoy
        and _is_twin(journey.sighting, other)
        and abs(other.time_ms - journey.sighting.time_ms) <= _MINUTE_MS
        for other in journey.kin
    )


def _is_twin(one: Sighting, other: Sighting) -> bool:
    """Whether two hits are of one program at one site."""
    return one.agent == other.agent and site_of(one.address) == site_of(other.address)


def is_unopened(journey: Journey) -> bool:
    """Return whether one party followed several links of a message that nobody opened."""
    return not journey.is_open and not journey.opens and journey.targets(journey.kin) >= _UNOPENED_LINKS


def is_elsewhere(journey: Journey) -> bool:
    """Return whether it came at once, and what came later came from other sites."""
    sighting = journey.sighting
    if sighting.since_ms is None or sighting.since_ms >= _AT_ONCE_MS or not sighting.address:
        return False
    later = [
        other
        for other in (*journey.opens, *journey.links)
        if other.address and other.time_ms > sighting.time_ms + _SECONDS_MS
    ]
    return bool(later) and all(site_of(other.address) != site_of(sighting.address) for other in later)


def is_beside(journey: Journey) -> bool:
    """Return whether it has no browser's mode, and a browser that has one followed the same link, at the same time."""
    sighting = journey.sighting
    if journey.is_open or _says_mode(sighting):
        return False
    return any(
        _target(other) == _target(sighting)
        and abs(other.time_ms - sighting.time_ms) <= _BESIDE_MS
        and _says_mode(other)
        and not _is_twin(sighting, other)
        for other in journey.links
    )


def _says_mode(sighting: Sighting) -> bool:
    return sighting.facts is not None and MODE in sighting.facts.headers
