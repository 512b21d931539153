"""People are hardly ever called robots, robots seldom people: of agents that others have labelled, and of journeys."""

from __future__ import annotations

from itertools import chain
from random import Random
from typing import TYPE_CHECKING

import pytest
from bench.truth.journeys import Message, Scenario, journeys
from bench.truth.judging import Case, Rates
from bench.truth.page import FALSE_HUMAN, FALSE_ROBOT, Found, section, write
from bench.truth.people import PEOPLE
from bench.truth.programs import CHROME
from bench.truth.robots import ROBOTS
from bench.truth.run import found
from bench.truth.sets import labelled

from estampe.verdicts import Classification, HitClass, Signal

if TYPE_CHECKING:
    from pathlib import Path

JOURNEYS, EVERY = 800, 60


def test_no_more_are_mistaken_than_is_aimed_at() -> None:
    run = found(JOURNEYS, EVERY, {})
    for rates in (run.agents_rates, run.journeys_rates):
        assert rates.people > 40
        assert rates.robots > 40
        assert rates.false_robot <= FALSE_ROBOT
        assert rates.false_human <= FALSE_HUMAN
    assert all(rates.false_robot <= FALSE_ROBOT for rates in run.ways.values())
    assert run.is_good
    mail = run.agents[-1]
    assert mail.labelled.is_mail
    assert not [case.sighting.agent for case in mail.cases if case.is_false_robot]


def test_all_sets_are_there() -> None:
    absent = [each for each in labelled() if isinstance(each, Exception)]
    if absent:
        pytest.skip(f"{absent[0]}")


def test_no_agent_is_labelled_twice() -> None:
    sets = [each for each in labelled() if not isinstance(each, Exception)]
    robots = {agent for each in sets if not each.person for agent in each.agents}
    assert not robots & {agent for each in sets if each.person for agent in each.agents}


def test_the_same_seed_makes_the_same_journeys() -> None:
    scenarios = (*PEOPLE, *ROBOTS)
    first, second = (list(journeys(scenarios, 200)) for _ in range(2))
    assert first == second
    assert list(journeys(scenarios, 200, seed=2)) != first
    assert {hit.truth for journey in first for hit in journey.hits} == set(HitClass)


def test_scanners_come_when_they_were_measured_to_come() -> None:
    message = Message(Random(1))  # noqa: S311  not for secrets
    times = [message.scan_time() for _ in range(20_000)]
    for seconds, share in ((10, 0.005), (43, 0.5), (60, 0.69), (300, 0.97)):
        assert sum(time <= seconds for time in times) / len(times) == pytest.approx(share, abs=0.015)


def test_people_read_when_they_were_measured_to_read() -> None:
    message = Message(Random(1))  # noqa: S311  not for secrets
    hours = [message.reading_time() / 3_600 for _ in range(20_000)]
    for limit, share in ((1, 0.215), (6, 0.518), (24, 0.76)):
        assert sum(each <= limit for each in hours) / len(hours) == pytest.approx(share, abs=0.02)


def test_the_section_is_written_in_place_of_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "classification.md"
    page.write_text("# Page\n\nby hand\n\n## How well it tells them apart\n\nold\n\n## After\n\nkept\n")
    monkeypatch.setattr("bench.truth.page.PAGE", page)
    for _ in range(2):
        write(section(_run()))
    text = page.read_text()
    assert text.startswith("# Page\n\nby hand\n\n## How well it tells them apart\n\n")
    assert text.endswith("\n\n## After\n\nkept\n")
    assert "old" not in text.split()
    assert "| a person | 1 | 1 (100.00 %) | 0 |  |" in text
    assert "| 1 | a person | `human` | `scanner` | a rule +1 | `Mozilla/5.0" in text


def _run() -> Found:
    message = Message(Random(1))  # noqa: S311  not for secrets
    message.open(HitClass.HUMAN, 60, CHROME, "192.0.2.1")
    judged = Classification(hit_class=HitClass.SCANNER, evidence=(Signal(name="a rule", weight=1.0),))
    cases = [Case(hit.truth, hit.sighting, judged) for hit in message.hits]
    return Found((), (), {Scenario("a person", 1, lambda _: None): cases}, {"a way": Rates.of(chain(cases))})
