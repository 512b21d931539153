"""A run: judge everything that there is."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from bench.truth.journeys import journeys
from bench.truth.judging import Judge, Rates
from bench.truth.lists import LISTS
from bench.truth.page import AgentsFound, Found
from bench.truth.people import PEOPLE
from bench.truth.robots import ROBOTS
from bench.truth.sets import CACHE, Absent, Labelled, labelled

from estampe.tracking.agents import Agents
from estampe.verdicts import Networks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bench.truth.journeys import Journey, Scenario
    from bench.truth.judging import Case
    from bench.truth.lists import List

NUMBER = 10_000
"""Journeys of people, and as many of robots."""

_AT_ONCE = 100


def found(number: int, every: int = 1, lists: Mapping[str, List] = LISTS) -> Found:
    """Judge so many journeys of people and of robots, and every so manieth agent of each set, as other lists do too."""
    sets = list(labelled(every))
    there = [each for each in sets if isinstance(each, Labelled)]
    made = [*journeys(PEOPLE, number), *journeys(ROBOTS, number)]
    judge = Judge(_robots(there, made), Networks.of(None))
    ways = {
        "journeys, when all hits are there": judge.complete,
        "each hit at first": judge.at_first,
        "hits that other platforms collected": judge.of_others,
        "addresses kept without their end": judge.shortened,
    }
    told = [journey for journey in made if not journey.scenario.lost]
    return Found(
        agents=_agents(judge, there, lists),
        absent=[each for each in sets if isinstance(each, Absent)],
        journeys=_by_scenario(made, judge),
        ways={name: Rates.of(chain.from_iterable(map(way, told))) for name, way in ways.items()},
    )


def _robots(sets: Iterable[Labelled], made: Iterable[Journey]) -> Mapping[str, str]:
    """Return as what robot lists know all agents, in the way a server asks."""
    wanted = {agent for each in sets for agent in each.agents}
    wanted |= {hit.sighting.agent for journey in made for hit in journey.hits}
    ordered = sorted(wanted)
    agents = Agents(CACHE)
    try:
        return {
            agent: profile.robot
            for start in range(0, len(ordered), _AT_ONCE)
            for agent, profile in agents.of(ordered[start : start + _AT_ONCE]).items()
        }
    finally:
        agents.close()


def _agents(judge: Judge, sets: Sequence[Labelled], lists: Mapping[str, List]) -> list[AgentsFound]:
    every = list(dict.fromkeys(agent for each in sets for agent in each.agents))
    others: dict[str, dict[str, bool]] = {}
    for name, says in lists.items():
        try:
            others[name] = dict(zip(every, says(every), strict=True))
        except Absent:
            continue
    return [
        AgentsFound(
            each,
            list(judge.agents(each)),
            {name: sum(is_robot[agent] is each.person for agent in each.agents) for name, is_robot in others.items()},
        )
        for each in sets
    ]


def _by_scenario(made: Iterable[Journey], judge: Judge) -> dict[Scenario, list[Case]]:
    cases: dict[Scenario, list[Case]] = {}
    for journey in made:
        cases.setdefault(journey.scenario, []).extend(judge.complete(journey))
    return cases
