"""Recording: each visit becomes one hit in the seed's shape, judged by the others of its message."""

from __future__ import annotations

import json
import time
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from hitting import OTHER, World, click, judged, opened, profiles, visit
from msgspec import UNSET

from estampe.events import encode_block
from estampe.instants import clock_ms
from estampe.log import Logs, Query
from estampe.tracking.linking.links import LinkKind, Part
from estampe.tracking.recording.journeys import STEPS
from estampe.tracking.recording.recording import taken_of
from estampe.verdicts import HitClass

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
    from pathlib import Path

    from estampe.tracking.recording.recording import Recorded
    from estampe.tracking.spooling.segments import Kept
    from estampe.verdicts import Classification, Sighting


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with opened(tmp_path) as world:
        yield world


class Desk:
    """A recording, and what it counted."""

    def __init__(self, world: World) -> None:
        self.counted: Counter[str] = Counter()
        self.people: dict[int, dict[str, int]] = {}
        self._recording = world.recording(
            count=lambda outcome: self.counted.update([outcome]), seen=lambda *people: self.people.update([people])
        )

    def record(self, *kept: Kept) -> Recorded:
        """Record visits."""
        return self._recording.record([taken_of(each) for each in kept], clock_ms())


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        (
            LinkKind.REDIRECTION,
            {"part": Part.HTML, "label": "homepage", "target": "https://www.np6.fr"},
            '{"type":"redirection","label":"homepage","source":"html","destination":"https://www.np6.fr"}',
        ),
        (LinkKind.OPEN, {"part": Part.HTML}, '{"type":"open"}'),
        (LinkKind.MIRROR, {}, '{"type":"mirror"}'),
        (LinkKind.MIRROR, {"part": Part.TEXT, "label": "web"}, '{"type":"mirror","label":"web","source":"text"}'),
        (
            LinkKind.FORM,
            {"part": Part.HTML, "label": "survey", "form": "F1", "target": "https://forms.example/F1"},
            '{"type":"form","label":"survey","source":"html","form":"F1"}',
        ),
        (LinkKind.UNSUBSCRIBE, {"part": Part.HEADER}, '{"type":"unsubscribe","source":"header"}'),
    ],
)
def test_each_kind_of_link_has_its_members(
    world: World, desk: Desk, kind: LinkKind, options: dict[str, Any], expected: str
) -> None:
    message = world.sent()
    kept = visit(message, kind, **options)
    desk.record(kept)
    (event,) = world.events("hit")
    detail: Any = event.source.detail
    assert (event.id, event.source.type) == (kept.id, "email")
    assert encode_block(detail.link).decode() == expected
    assert encode_block(detail.client).decode() == (
        '{"type":"web","ip":{"type":"v4","value":"192.0.2.1"},"ua":{"type":"raw","ua":"Mozilla/5.0"}}'
    )
    assert encode_block(detail.activation) == encode_block(world.events("activation")[0].source.detail.block)  # type: ignore[arg-type]


@pytest.mark.parametrize(("address", "kind"), [("2001:db8::1", "v6"), ("192.0.2.0", "v4"), ("", None)])
def test_an_address_has_its_kind_and_none_is_left_out(world: World, desk: Desk, address: str, kind: str | None) -> None:
    desk.record(visit(world.sent(), address=address))
    (event,) = world.events("hit")
    ip = event.source.detail.client.ip  # type: ignore[union-attr]
    assert ip is UNSET if kind is None else (ip.type, ip.value) == (kind, address)  # type: ignore[union-attr]


def test_what_is_known_besides_is_kept_with_the_judgement(world: World, desk: Desk) -> None:
    desk.record(click(world.sent(), "a", ago_s=42.5, decoy=True, agent="a bot"))
    (line,) = [line for chunk in world.log.scan(Query(types=("hit",), annotate=True)) for line in chunk.splitlines()]
    assert json.loads(line)["classification"] == {
        "class": "genericrobot",
        "ruleset": "test",
        "facts": {"headers": ["accept", "accept-language"], "waited_ms": 42_500, "decoy": True},
    }


def test_when_a_hit_was_made_is_known_however_long_its_agent_took(world: World) -> None:
    """Or a sweep would look otherwise when it is judged again."""

    def slow(agents: Collection[str], whose: Mapping[str, Hashable]) -> dict[str, Any]:
        time.sleep(0.3)
        return profiles(agents, whose)

    kept = click(world.sent(), "a", ago_s=5)
    world.recording(agents=slow).record([taken_of(kept)], clock_ms())
    (line,) = [line for chunk in world.log.scan(Query(types=("hit",), annotate=True)) for line in chunk.splitlines()]
    event = json.loads(line)
    made_ms = event["timestamp"] - event["classification"]["facts"]["waited_ms"]
    assert abs(made_ms - taken_of(kept).visit.time_ms) < 200


def test_visits_recorded_again_add_nothing(world: World) -> None:
    """A crash may come after they are in the log and before the spool knows."""
    message, other = world.sent(), world.sent()
    kept = [click(message, "a"), visit(message), click(other, "b")]
    for _ in range(2):
        desk = Desk(world)
        assert desk.record(*kept) == ([], [])
        assert desk.record(*kept[:2]) == ([], [])
    assert sorted(event.id for event in world.events("hit")) == sorted(each.id for each in kept)
    assert not desk.counted


def test_a_later_hit_of_a_sweep_judges_the_earlier_ones_anew(world: World, desk: Desk) -> None:
    message, other = world.sent(), world.sent()
    sweep = [click(message, "a", ago_s=30), click(message, "b", ago_s=29.9), click(message, "c", ago_s=29.8)]
    desk.record(sweep[0], click(other, "a", ago_s=30))
    desk.record(sweep[1])
    assert world.classes() == {}
    epoch = world.log.watermark().epoch
    desk.record(sweep[2])
    assert world.classes() == {each.id: HitClass.SCANNER for each in sweep}
    assert world.log.watermark().epoch > epoch
    assert desk.counted == {"published": 4, "rejudged": 2}


def test_the_same_is_known_after_a_start(world: World) -> None:
    message = world.sent()
    sweep = [click(message, "a", ago_s=30), click(message, "b", ago_s=30), click(message, "c", ago_s=30)]
    desks = [Desk(world) for _ in sweep]
    for desk, each in zip(desks, sweep, strict=True):
        desk.record(each)
    assert world.classes() == {each.id: HitClass.SCANNER for each in sweep}
    assert desks[-1].counted == {"published": 1, "rejudged": 2}


def test_a_sweep_that_a_crash_cut_between_publishing_and_judging_is_judged(world: World) -> None:
    """Its visits are taken again; the hits are there, but judged as if they were alone."""
    message = world.sent()
    sweep = [click(message, label, ago_s=30) for label in "abc"]
    for each in sweep:
        lonely = world.recording(judge=lambda sighting, _: judged(sighting, ()))
        lonely.record([taken_of(each)], clock_ms())
    assert world.classes() == {}
    Desk(world).record(sweep[-1])
    assert world.classes() == {each.id: HitClass.SCANNER for each in sweep}


def test_who_did_something_is_told_and_when_but_not_what_robots_did(world: World, desk: Desk) -> None:
    person, robot = world.sent("0000000A"), world.sent("0000000B")
    opened = visit(person)
    desk.record(opened, visit(robot, agent="a bot"), visit(world.message("0000000C")))
    assert desk.people == {world.customer: {"0000000A": taken_of(opened).visit.time_ms}}


def test_a_judgement_that_stays_changes_no_epoch(world: World, desk: Desk) -> None:
    message = world.sent()
    desk.record(click(message, "a", ago_s=300))
    epoch = world.log.watermark().epoch
    desk.record(click(message, "b", ago_s=10))
    assert (world.log.watermark().epoch, desk.counted) == (epoch, {"published": 2})


def test_what_cannot_be_published_is_told_and_the_rest_is(world: World, desk: Desk) -> None:
    sent, unsent, strange = world.sent(), world.message(), world.message(customer=4_000_000)
    kept = [click(sent, "a"), click(unsent, "b"), click(strange, "c")]
    recorded = desk.record(*kept)
    assert [each.kept for each in recorded.early] == [kept[1]]
    assert [each.kept for each in recorded.strange] == [kept[2]]
    assert [event.id for event in world.events("hit")] == [kept[0].id]


def test_a_flood_on_one_message_is_recorded_whole(world: World, desk: Desk) -> None:
    message = world.sent()
    kept = [click(message, f"{number}", ago_s=20 - number / 100) for number in range(500)]
    desk.record(*kept)
    assert sorted(event.id for event in world.events("hit")) == sorted(each.id for each in kept)
    assert set(world.classes()) == {each.id for each in kept}


def test_what_a_hit_of_a_flood_costs_does_not_grow(world: World) -> None:
    """Nor are the earliest judged for each that comes, once there are many."""
    asked: list[Sighting] = []

    def counting(sighting: Sighting, journey: Sequence[Sighting]) -> Classification:
        asked.append(sighting)
        return judged(sighting, journey)

    message = world.sent()
    recording = world.recording(judge=counting)
    recording.record([taken_of(click(message, f"{number}")) for number in range(STEPS)], clock_ms())
    asked.clear()
    for number in range(5):
        recording.record([taken_of(click(message, f"late {number}"))], clock_ms())
    assert len(asked) == 5


def test_hits_of_several_customers_go_to_the_logs_of_each(tmp_path: Path) -> None:
    with opened(tmp_path) as world:
        desk = Desk(world)
        message = world.sent()
        neighbour = world.customers.number_of(OTHER)
        assert desk.record(click(message, "a"), click(message._replace(customer=neighbour), "a")).early
        assert len(world.events("hit")) == 1
    with closing(Logs(tmp_path)) as logs:
        assert not list(logs.of(OTHER).scan(Query()))
