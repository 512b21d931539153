"""Journeys: the latest hits of a message are known, also after a start; what is kept is bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from hitting import World, click, judged, name, opened, profiles
from hypothesis import given
from hypothesis import strategies as st

from estampe.instants import clock_ms
from estampe.tracking.recording.activations import Activated, Activations, Message
from estampe.tracking.recording.journeys import LOOK_BACK_MS, Journeys, Step, judgements
from estampe.tracking.recording.recording import taken_of
from estampe.verdicts import Classification, HitClass, Sighting

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from estampe.log import Query
    from estampe.tracking.linking.links import Addressed

HUMAN = Classification(hit_class=HitClass.HUMAN)
NOW_MS = 1_700_000_000_000


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with opened(tmp_path) as world:
        yield world


def _steps(world: World, journeys: Journeys, message: Addressed) -> Sequence[Step]:
    activated = Activations().of(world.log, [name(message)])[name(message)]
    return journeys.of(name(message), world.log, activated)


def _step(time_ms: int) -> Step:
    return Step(uuid4(), 1, Sighting(time_ms=time_ms, kind="open"), HUMAN)


def _message() -> Message:
    return Message(1, uuid4().int)


def test_hits_of_the_last_minutes_are_read_from_the_log(world: World) -> None:
    message, other = world.sent(), world.sent()
    kept = [click(message, "a", ago_s=30, agent="a bot"), click(other, "b", ago_s=20), click(message, "c", ago_s=10)]
    world.record(*kept)
    journeys = Journeys(profiles)
    journeys.recall(world.customer, world.log, clock_ms())
    first, second = _steps(world, journeys, message)
    assert (first.id, second.id) == (kept[0].id, kept[2].id)
    assert first.position == world.log.find([first.id])[first.id]
    assert (first.sighting.agent, first.sighting.robot, first.sighting.kind) == ("a bot", "a bot", "redirection")
    assert abs(first.sighting.time_ms - taken_of(kept[0]).visit.time_ms) <= 1_000
    assert first.sighting.facts == first.judged.facts
    assert first.judged.hit_class is HitClass.GENERIC_ROBOT
    assert first.sighting.since_ms is not None


def test_they_are_the_same_as_those_that_were_never_forgotten(world: World) -> None:
    message = world.sent()
    seen: list[Sighting] = []

    def watch(sighting: Sighting, journey: Sequence[Sighting]) -> Classification:
        seen.append(sighting)
        return judged(sighting, journey)

    world.recording(judge=watch).record([taken_of(click(message, "a", ago_s=5))], clock_ms())
    journeys = Journeys(profiles)
    journeys.recall(world.customer, world.log, clock_ms())
    (step,) = _steps(world, journeys, message)
    for member in ("kind", "target", "agent", "robot", "address", "facts"):
        assert getattr(step.sighting, member) == getattr(seen[0], member)


def test_hits_that_others_published_are_left_alone(world: World) -> None:
    message = world.sent()
    world.record(click(message, "a"))
    (hit,) = world.events("hit")
    world.log.classify({world.log.find([hit.id])[hit.id]: HUMAN})  # without facts
    journeys = Journeys(profiles)
    journeys.recall(world.customer, world.log, clock_ms())
    assert not _steps(world, journeys, message)


def test_a_log_is_read_once() -> None:
    class Once:
        """An empty log."""

        def scan(self, query: Query) -> Iterator[bytes]:
            """Scan it."""
            scans.append(query)
            return iter(())

    scans: list[Query] = []
    journeys = Journeys(profiles)
    for later_ms in (0, 1, LOOK_BACK_MS):
        journeys.recall(1, Once(), NOW_MS + later_ms)  # type: ignore[arg-type]
    assert [query.start_ms for query in scans] == [NOW_MS - LOOK_BACK_MS]


def test_what_is_kept_is_bounded() -> None:
    journeys = Journeys(profiles, most=100)
    activated = Activated(None, NOW_MS)  # type: ignore[arg-type]
    messages = [_message() for _ in range(4)]
    for message in messages:
        journeys.keep(message, [_step(NOW_MS + number) for number in range(80)])
        journeys.forget(NOW_MS)
    held = [len(journeys.of(message, None, activated)) for message in messages]  # type: ignore[arg-type]
    assert held == [0, 0, 0, 64]


def test_the_latest_are_kept_and_none_older_than_minutes() -> None:
    journeys = Journeys(profiles)
    message = _message()
    steps = [_step(NOW_MS - LOOK_BACK_MS - 1), _step(NOW_MS - LOOK_BACK_MS), _step(NOW_MS)]
    journeys.keep(message, reversed(steps))
    assert journeys.of(message, None, None) == steps[1:]  # type: ignore[arg-type]
    journeys.forget(NOW_MS + LOOK_BACK_MS)
    assert journeys.of(message, None, None)  # type: ignore[arg-type]
    journeys.forget(NOW_MS + LOOK_BACK_MS + 1)
    assert not journeys.of(message, None, None)  # type: ignore[arg-type]


@given(times=st.lists(st.integers(0, 50), max_size=40))
def test_each_hit_is_judged_once_by_the_others_whatever_their_order(times: list[int]) -> None:
    sightings = [Sighting(time_ms=time_ms, kind="open", agent=f"{number}") for number, time_ms in enumerate(times)]

    def named(sighting: Sighting, journey: Sequence[Sighting]) -> Classification:
        assert len(journey) == min(len(times) - 1, len(journey))
        assert sighting not in journey
        return Classification(hit_class=HitClass.HUMAN, ruleset=sighting.agent)

    assert [each.ruleset for each in judgements(sightings, named)] == [each.agent for each in sightings]


def test_of_a_flood_those_nearest_in_time_are_looked_at() -> None:
    sightings = [Sighting(time_ms=time_ms, kind="open") for time_ms in range(500)]

    def farthest(sighting: Sighting, journey: Sequence[Sighting]) -> Classification:
        far_ms = max(abs(each.time_ms - sighting.time_ms) for each in journey)
        return Classification(hit_class=HitClass.HUMAN, ruleset=f"{far_ms}")

    assert {each.ruleset for each in judgements(sightings, farthest)} == {"32"}
