"""Journeys: all hits of one message, made up by who is known to have made each."""

from __future__ import annotations

from bisect import bisect
from math import exp, log
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from estampe.verdicts.hits import Facts, HitClass, Sighting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bench.truth.programs import Program

_SENT_MS = 1_790_000_000_000

_SWEEPS = ((1, 0.0), (10, 0.005), (43, 0.5), (60, 0.69), (300, 0.97), (1_800, 1.0))
"""Seconds after a message was sent, and how many of the scanners have come by then."""


class Hit(NamedTuple):
    """A hit and who made it."""

    truth: HitClass
    sighting: Sighting


class Scenario(NamedTuple):
    """A kind of journey.

    Parameters:
        name: what happens.
        share: how many of 1,000 journeys are of this kind, about.
        make: lets it happen to a message.
        lost: why it cannot be told from others; empty if it can.
    """

    name: str
    share: int
    make: Callable[[Message], None]
    lost: str = ""


class Journey(NamedTuple):
    """A scenario as it happened once; the hits are in order."""

    scenario: Scenario
    hits: tuple[Hit, ...]


class Message:
    """A message that is being hit.

    Parameters:
        rng: what decides.
    """

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.links = [f"https://shop.example/{n} offer {n}" for n in range(min(15, 2 + int(rng.expovariate(1 / 8))))]
        self.hits: list[Hit] = []
        self._secure = rng.random() < 0.9  # noqa: PLR2004  elsewhere links are plain HTTP, where no sec- header is sent

    def hit(  # noqa: PLR0913  one for each thing that a hit says
        self,
        truth: HitClass,
        seconds: float,
        program: Program,
        address: str,
        *,
        kind: str = "redirection",
        target: str = "",
        method: str = "GET",
        decoy: bool = False,
        one_click: bool = False,
    ) -> None:
        """Note a hit, some seconds after the message was handed over."""
        headers = (name for name in program.headers if self._secure or not name.startswith("sec-"))
        since_ms = round(seconds * 1_000)
        facts = Facts(method=method, headers=tuple(sorted(headers)), decoy=decoy, one_click=one_click)
        sighting = Sighting(
            time_ms=_SENT_MS + since_ms,
            kind=kind,
            target=target,
            agent=program.agent,
            address=address,
            since_ms=since_ms,
            facts=facts,
        )
        self.hits.append(Hit(truth, sighting))

    def open(self, truth: HitClass, seconds: float, program: Program, address: str) -> None:
        """Note that its picture was loaded."""
        self.hit(truth, seconds, program, address, kind="open")

    def sweep(  # noqa: PLR0913  one for each thing in which sweeps differ
        self,
        start: float,
        programs: Sequence[Program],
        addresses: Sequence[str],
        *,
        most: int = 10,
        apart: tuple[float, float] = (0.01, 0.1),
        method: str = "GET",
    ) -> None:
        """Let a scanner follow its links in order, some seconds apart, and mostly load its picture before."""
        if self.rng.random() < 0.6:  # noqa: PLR2004
            self.open(HitClass.SCANNER, start, self.rng.choice(programs), self.rng.choice(addresses))
        for target in self.links[:most]:
            start += self.rng.uniform(*apart)
            self.hit(
                HitClass.SCANNER,
                start,
                self.rng.choice(programs),
                self.rng.choice(addresses),
                target=target,
                method=method,
            )

    def scan_time(self) -> float:
        """Return when a scanner comes, in seconds: half of them within 43, 97 of 100 within 300."""
        chance = self.rng.random()
        at = bisect(_SWEEPS, chance, 1, key=lambda known: known[1])
        (before, low), (after, high) = _SWEEPS[at - 1], _SWEEPS[min(at, len(_SWEEPS) - 1)]
        return exp(log(before) + (log(after) - log(before)) * (chance - low) / (high - low))

    def reading_time(self) -> float:
        """Return when a person opens it, in seconds: half of them within 6 hours, 3 of 4 within a day."""
        return self.rng.lognormvariate(log(5.5 * 3_600), 2.16)

    def pause(self, median: float) -> float:
        """Return how long a person takes before the next click, in seconds."""
        return max(0.6, self.rng.lognormvariate(log(median), 1))


def journeys(scenarios: Sequence[Scenario], number: int, seed: int = 1) -> Iterator[Journey]:
    """Yield so many journeys; the same ones for the same seed."""
    whole = sum(scenario.share for scenario in scenarios)
    for scenario in scenarios:
        rng = Random(f"{seed} {scenario.name}")  # noqa: S311  not for secrets
        for _ in range(max(1, round(number * scenario.share / whole))):
            message = Message(rng)
            scenario.make(message)
            if message.hits:
                yield Journey(scenario, tuple(sorted(message.hits, key=lambda hit: hit.sighting.time_ms)))
