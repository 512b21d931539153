"""Judging what is labelled, by the rules that a server judges with."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bench.truth.programs import ACCEPT, ENCODING, LANGUAGE
from msgspec.structs import replace

from estampe.tracking.addresses import Addresses
from estampe.tracking.recording.journeys import judgements
from estampe.verdicts import Facts, HitClass, Sighting, classify

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from bench.truth.journeys import Journey
    from bench.truth.sets import Labelled

    from estampe.verdicts import Classification, Networks

JUDGE_MS = 2_000
"""How long a server waits for other hits of a message, if its operator does not choose otherwise."""

_AGENT_ALONE = Sighting(
    time_ms=1_790_000_000_000,
    kind="redirection",
    target="https://shop.example/",
    address="198.18.0.1",
    since_ms=7_200_000,
    facts=Facts(headers=(ACCEPT, ENCODING, LANGUAGE)),
)
_shortened = Addresses("", shorten=True).of


class Case(NamedTuple):
    """Something whose truth is known, and what is judged of it.

    Parameters:
        truth: who made it.
        sighting: what the rules saw of it.
        judged: what they say.
    """

    truth: HitClass
    sighting: Sighting
    judged: Classification

    @property
    def is_false_robot(self) -> bool:
        """Whether a person was called a robot."""
        return self.truth is HitClass.HUMAN and self.judged.hit_class is not HitClass.HUMAN

    @property
    def is_false_human(self) -> bool:
        """Whether a robot was called a person."""
        return self.truth is not HitClass.HUMAN and self.judged.hit_class is HitClass.HUMAN


class Judge(NamedTuple):
    """Judges hits.

    Parameters:
        robots: as what lists know agents, by agent; empty if none does.
        networks: the networks that are known.
    """

    robots: Mapping[str, str]
    networks: Networks

    def agents(self, labelled: Labelled) -> Iterator[Case]:
        """Judge agents by nothing else: each makes one hit, two hours later, with the headers that all send."""
        truth = HitClass.HUMAN if labelled.person else HitClass.GENERIC_ROBOT
        kind = "open" if labelled.is_mail else "redirection"
        for agent in labelled.agents:
            sighting = replace(_AGENT_ALONE, kind=kind, agent=agent, robot=self.robots[agent])
            yield Case(truth, sighting, classify(sighting, (), self.networks))

    def complete(self, journey: Journey) -> Iterator[Case]:
        """Judge each hit of a message once all are there, as looking back does."""
        sightings = self._sightings(journey)
        return self._cases(journey, sightings, judgements(sightings, self._one))

    def at_first(self, journey: Journey) -> Iterator[Case]:
        """Judge each hit by those that come before it or soon after, as it is judged first."""
        sightings = self._sightings(journey)
        judged = [
            self._one(
                sighting,
                [
                    other
                    for other in sightings
                    if other is not sighting and other.time_ms <= sighting.time_ms + JUDGE_MS
                ],
            )
            for sighting in sightings
        ]
        return self._cases(journey, sightings, judged)

    def of_others(self, journey: Journey) -> Iterator[Case]:
        """Judge a journey whose hits another platform collected: nothing is known of the requests."""
        sightings = [replace(sighting, facts=None) for sighting in self._sightings(journey)]
        return self._cases(journey, sightings, judgements(sightings, self._one))

    def shortened(self, journey: Journey) -> Iterator[Case]:
        """Judge a journey of which addresses were kept without their end."""
        sightings = [replace(each, address=_shortened(each.address)) for each in self._sightings(journey)]
        return self._cases(journey, sightings, judgements(sightings, self._one))

    def _one(self, sighting: Sighting, others: Sequence[Sighting]) -> Classification:
        return classify(sighting, others, self.networks)

    def _sightings(self, journey: Journey) -> list[Sighting]:
        return [replace(hit.sighting, robot=self.robots[hit.sighting.agent]) for hit in journey.hits]

    def _cases(
        self, journey: Journey, sightings: Iterable[Sighting], judged: Iterable[Classification]
    ) -> Iterator[Case]:
        truths = (hit.truth for hit in journey.hits)
        return map(Case, truths, sightings, judged)


class Rates(NamedTuple):
    """How often people and robots are mistaken for each other.

    Parameters:
        people: how many hits are people's.
        false_robots: how many of these were called robots.
        robots: how many hits are robots'.
        false_humans: how many of these were called people.
    """

    people: int
    false_robots: int
    robots: int
    false_humans: int

    @classmethod
    def of(cls, cases: Iterable[Case]) -> Rates:
        """Count cases."""
        people = false_robots = robots = false_humans = 0
        for case in cases:
            people += case.truth is HitClass.HUMAN
            robots += case.truth is not HitClass.HUMAN
            false_robots += case.is_false_robot
            false_humans += case.is_false_human
        return cls(people, false_robots, robots, false_humans)

    @property
    def false_robot(self) -> float:
        """Return the part of people that was called robots."""
        return self.false_robots / max(1, self.people)

    @property
    def false_human(self) -> float:
        """Return the part of robots that was called people."""
        return self.false_humans / max(1, self.robots)
