"""Judging: hits of a log again with the rules of today, in pages, each with the others of its message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from hitting import CUSTOMER, World, activation, click, opened, visit

from estampe.events import (
    V4,
    Channel,
    Draft,
    EventType,
    HitDetail,
    Open,
    Redirection,
    Source,
    Unparsed,
    Web,
)
from estampe.instants import clock_ms
from estampe.log import SqliteLogReader, path_of
from estampe.tracking import judging
from estampe.tracking.judging import Judging, Span, Turn
from estampe.tracking.recording.recording import taken_of
from estampe.verdicts import Classification, Facts, HitClass, Networks, classify

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from estampe.tracking.judging import Outcome
    from estampe.tracking.linking.links import Addressed

NETWORKS = Networks.of(None)
CHROME = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
SAFARI = "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15"
BROWSING = ("accept", "accept-language", "sec-fetch-mode")
OLD = Classification(hit_class=HitClass.HUMAN, ruleset="estampe 0", facts=Facts(headers=BROWSING))
FAR_MS = 1 << 50
ALL = Span(0, FAR_MS)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with opened(tmp_path) as world:
        yield world


def known(agents: Collection[str]) -> dict[str, str]:
    return {agent: "a list" if "bot" in agent else "" for agent in agents}


def hit(message: Addressed, target: str = "", agent: str = CHROME, address: str = "192.0.2.1") -> Draft:
    detail = activation(message).source.detail
    link = Redirection(destination=target) if target else Open()
    client = Web(ip=V4(value=address), ua=Unparsed(ua=agent))
    block = detail.block
    source = Source(type=Channel.EMAIL, detail=HitDetail(activation=block, link=link, client=client))  # type: ignore[arg-type]  it is an activation's
    return Draft(type=EventType.HIT, id=uuid4(), source=source)


def keep(world: World, drafts: list[Draft], *judged: Classification | None) -> list[UUID]:
    """Publish hits with what was judged of them, each like the last one given."""
    rest = [judged[-1] if judged else OLD] * (len(drafts) - len(judged))
    return [receipt.id for receipt in world.log.publish(drafts, [*judged, *rest]).result()]


def rejudge(world: World, span: Span = ALL, **options: Any) -> tuple[Outcome, dict[UUID, Classification]]:
    changed: dict[UUID, Classification] = {}
    outcome = Judging(known, NETWORKS).run(world.log, span, changed.update, options.get("progress", _silent))
    return outcome, changed


def apply(world: World, changed: Mapping[UUID, Classification]) -> int:
    positions = world.log.find(list(changed))
    return world.log.classify({positions[each]: now for each, now in changed.items()})


def _silent(*_: object) -> None:
    """Report nothing."""


def test_todays_rules_judge_what_others_judged_before(world: World) -> None:
    drafts = [hit(world.message(), "a"), hit(world.message(), "b", "a bot"), hit(world.message(), "", "Mozilla/5.0")]
    person, robot, apple = keep(world, drafts)
    outcome, changed = rejudge(world)
    assert {each: now.hit_class for each, now in changed.items() if each != person} == {
        robot: HitClass.GENERIC_ROBOT,
        apple: HitClass.MPP,
    }
    assert outcome.hits == {
        Turn("human", "human"): 1,
        Turn("human", "genericrobot"): 1,
        Turn("human", "mpp"): 1,
    }
    assert outcome.changed == len(changed)
    assert outcome.examples[Turn("human", "mpp")].id == apple
    assert changed[robot].facts == OLD.facts


def test_once_kept_nothing_is_left_to_change(world: World) -> None:
    message = world.sent()
    keep(world, [hit(message, f"link {n}") for n in range(5)])
    _, changed = rejudge(world)
    assert apply(world, changed) == 5
    assert set(world.classes().values()) == {HitClass.SCANNER}
    epoch = world.log.watermark().epoch
    again, left = rejudge(world)
    assert (again.changed, left, again.hits) == (0, {}, {Turn("scanner", "scanner"): 5})
    assert apply(world, left) == 0
    assert world.log.watermark().epoch == epoch


def test_what_visits_became_live_is_judged_the_same_again(world: World) -> None:
    """A hit's time is when it was made, not when it was published."""
    read, swept = world.sent(), world.sent()
    kept = [
        visit(read, ago_s=90, agent=SAFARI),
        click(read, "a", ago_s=60, agent=SAFARI),
        *(click(swept, f"link {n}", ago_s=40 - n / 10, agent=CHROME) for n in range(5)),
    ]
    recording = world.recording(judge=lambda sighting, journey: classify(sighting, journey, NETWORKS))
    recording.record([taken_of(each) for each in kept], clock_ms())
    outcome, _ = rejudge(world)
    assert outcome.hits == {Turn("human", "human"): 2, Turn("scanner", "scanner"): 5}


def test_others_hits_are_judged_by_what_there_is(world: World) -> None:
    message = world.message()
    [alone] = keep(world, [hit(message, "a")], None)
    outcome, changed = rejudge(world)
    assert outcome.hits == {Turn(None, "human"): 1}
    assert changed[alone] == Classification(hit_class=HitClass.HUMAN, ruleset=changed[alone].ruleset)


def test_only_hits_of_the_time_asked_for_change_but_those_around_it_count(world: World) -> None:
    message = world.sent()
    ids = [keep(world, [hit(message, f"link {n}")])[0] for n in range(4)]
    positions = world.log.find(ids)
    [first, *_] = sorted(positions[each] >> 20 for each in ids)
    outcome, changed = rejudge(world, Span(first, first + 1))
    assert changed.keys() < set(ids) or len({positions[each] >> 20 for each in ids}) == 1
    assert {each.hit_class for each in changed.values()} == {HitClass.SCANNER}
    assert rejudge(world, Span(0, first))[0].hits == {}
    assert outcome.changed == len(changed)


def test_a_reader_beside_a_server_comes_to_the_same(world: World, tmp_path: Path) -> None:
    message = world.sent()
    keep(world, [hit(message, f"link {n}") for n in range(5)])
    reader = SqliteLogReader(path_of(tmp_path, CUSTOMER), CUSTOMER)
    beside = Judging(known, NETWORKS).run(reader, ALL, _nothing, _silent)
    reader.close()
    assert beside.hits == rejudge(world)[0].hits == {Turn("human", "scanner"): 5}


def _nothing(_: object) -> None:
    """Keep nothing."""


@pytest.mark.parametrize("name", ["_BATCH", "_HELD", "_LONGEST", "_ACTIVATIONS"])
def test_what_is_held_is_bounded(world: World, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(judging, name, 4)
    messages = [world.sent() for _ in range(12)]
    keep(world, [hit(message, f"link {n}") for n in range(4) for message in messages])
    outcome, changed = rejudge(world)
    assert outcome.hits.total() == 48
    assert len(changed) == outcome.changed


def test_a_message_that_was_activated_long_before_is_known_to_have_been(world: World) -> None:
    [alone] = keep(world, [hit(world.message(), "a")])
    assert "person: later" in {signal.name for signal in rejudge(world)[1][alone].evidence}


def test_of_a_message_that_had_to_be_forgotten_nothing_is_known(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "_ACTIVATIONS", 1)
    message = world.sent()
    world.sent()
    keep(world, [hit(message, "a")])
    assert rejudge(world)[1] == {}


def test_it_tells_how_far_it_is(world: World) -> None:
    keep(world, [hit(world.sent(), "a") for _ in range(3)])
    told: list[tuple[Any, ...]] = []
    rejudge(world, progress=lambda *report: told.append(report))
    assert told == [("judging hits", 3, None), ("judging hits", 3, 3)]
