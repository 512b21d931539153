"""Classifications: kept beside hits, with them or later, and never lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from activity import VERDICTS, Activity, bodies, judge, lines, selected

from estampe.events import decode, decode_draft
from estampe.log import EventLog, LogError, Query
from estampe.verdicts import Classification, HitClass, Signal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from uuid import UUID

    from engines import Engine

    from estampe.events import Draft
    from estampe.log import Receipt

START_MS = 1_600_000_000_000
SHOWN = Query(sort="asc", annotate=True)
HUMANS = Query(sort="asc", classes=(HitClass.HUMAN,))
PROXIED = Classification(
    hit_class=HitClass.MPP, evidence=(Signal(name="network", weight=1, seen="network 17.0.0.0/8"),), ruleset="1"
)
ROBOT = Classification(hit_class=HitClass.GENERIC_ROBOT, ruleset="2")
AGES = pytest.mark.parametrize("old", [False, True], ids=["new", "old"])


def hits(activity: Activity, count: int) -> list[Draft]:
    """Return drafts of hits with ids."""
    found = [draft for draft in activity.named_drafts(count * 8) if draft.type == "hit"]
    assert len(found) >= count
    return found[:count]


def others(activity: Activity, count: int) -> list[Draft]:
    """Return drafts with ids that are no hits."""
    return [draft for draft in activity.named_drafts(count * 8) if draft.type != "hit"][:count]


def by_id(receipts: Sequence[Receipt], judgements: Sequence[Classification | None]) -> dict[UUID, Classification]:
    """Return who was judged how."""
    return {receipt.id: judgement for receipt, judgement in zip(receipts, judgements, strict=True) if judgement}


def check(log: EventLog, stored: Sequence[bytes], judged: Mapping[UUID, Classification]) -> None:
    """See that a log has these events, so judged, and is sound."""
    for query in (SHOWN, HUMANS, *(Query(sort="desc", classes=(each,), annotate=True) for each in HitClass)):
        assert lines(log, query) == selected(stored, query, judged)
    assert log.verify().faults == ()
    assert log.recount().differences == ()


@AGES
def test_hits_can_be_published_with_their_classification(engine: Engine, log: EventLog, *, old: bool) -> None:
    activity = Activity()
    drafts = activity.drafts(120)
    judgements = activity.judgements(drafts)
    epoch = log.watermark().epoch
    receipts = log.publish(drafts, judgements).result()
    if old:
        engine.settle(log)
    check(log, bodies(drafts, receipts), by_id(receipts, judgements))
    assert log.watermark().epoch == epoch


def test_hits_published_without_any_are_not_classified(log: EventLog) -> None:
    drafts = Activity().drafts(60)
    receipts = log.publish(drafts).result()
    check(log, bodies(drafts, receipts), {})


def test_a_published_classification_survives_a_crash(engine: Engine, log: EventLog, tmp_path: Path) -> None:
    activity = Activity()
    drafts = activity.drafts(60)
    judgements = activity.judgements(drafts)
    receipts = log.publish(drafts, judgements).result()
    engine.crash(tmp_path, tmp_path / "crashed")
    with closing(engine.open(tmp_path / "crashed")) as again:
        check(again, bodies(drafts, receipts), by_id(receipts, judgements))


@AGES
def test_a_duplicate_changes_no_classification(engine: Engine, log: EventLog, *, old: bool) -> None:
    judged, unjudged = drafts = hits(Activity(), 2)
    receipts = log.publish(drafts, [PROXIED, None]).result()
    if old:
        engine.settle(log)
    again = log.publish([unjudged, judged], [ROBOT, ROBOT]).result()
    assert all(receipt.duplicate for receipt in again)
    check(log, bodies(drafts, receipts), {receipts[0].id: PROXIED})


def test_of_one_id_twice_in_a_call_the_first_is_classified(log: EventLog) -> None:
    first, second = hits(Activity(), 2)
    receipts = log.publish([first, first, second, second], [PROXIED, ROBOT, None, ROBOT]).result()
    check(log, bodies([first, second], receipts[::2]), {receipts[0].id: PROXIED})


def test_what_is_no_hit_is_not_classified_when_it_is_published(log: EventLog) -> None:
    drafts = others(Activity(), 40)
    receipts = log.publish(drafts, [PROXIED] * 40).result()
    check(log, bodies(drafts, receipts), {})


@pytest.mark.parametrize("count", [1, 2, 4])
def test_another_number_of_classifications_than_drafts_is_refused(log: EventLog, count: int) -> None:
    with pytest.raises(LogError, match="3 drafts"):
        log.publish(hits(Activity(), 3), [PROXIED] * count)
    assert lines(log, Query()) == []


@AGES
def test_hits_can_be_judged_later_and_anew(engine: Engine, log: EventLog, *, old: bool) -> None:
    drafts = hits(Activity(), 30)
    receipts = log.publish(drafts, [PROXIED] * 10 + [None] * 20).result()
    if old:
        engine.settle(log)
    stored, judged = bodies(drafts, receipts), {receipt.id: PROXIED for receipt in receipts[:10]}
    anew = {receipt.id: ROBOT for receipt in receipts[5:15]}
    assert judge(log, anew) == 10
    check(log, stored, judged | anew)
    cleared = {receipt.id: Classification(hit_class=HitClass.HUMAN) for receipt in receipts[8:12]}
    assert judge(log, cleared) == 4
    check(log, stored, judged | anew | cleared)


@AGES
def test_the_epoch_changes_if_a_judgement_did_and_only_then(engine: Engine, log: EventLog, *, old: bool) -> None:
    receipts = log.publish(hits(Activity(), 3), [PROXIED, None, None]).result()
    if old:
        engine.settle(log)
    first, second, third = (receipt.position for receipt in receipts)
    rounds: list[tuple[dict[int, Classification], int]] = [
        ({}, 0),
        ({first: PROXIED}, 0),
        ({first: PROXIED, second: ROBOT}, 1),
        ({second: Classification(hit_class=ROBOT.hit_class, ruleset="3")}, 1),
        (
            {
                second: Classification(
                    hit_class=ROBOT.hit_class, evidence=(Signal(name="network", weight=1, seen="fast"),), ruleset="3"
                )
            },
            1,
        ),
        ({third: Classification(hit_class=HitClass.HUMAN)}, 1),
        ({third: Classification(hit_class=HitClass.HUMAN)}, 0),
        ({first: ROBOT, second: PROXIED, third: PROXIED}, 3),
    ]
    for judgements, changes in rounds:
        epoch = log.watermark().epoch
        assert log.classify(judgements) == changes
        assert (log.watermark().epoch > epoch) == bool(changes)


@AGES
def test_what_is_no_hit_or_not_there_is_left_alone(engine: Engine, log: EventLog, *, old: bool) -> None:
    activity = Activity()
    drafts = [*others(activity, 5), *hits(activity, 1)]
    receipts = log.publish(drafts).result()
    if old:
        engine.settle(log)
    epoch = log.watermark().epoch
    places = {receipt.position for receipt in receipts}
    strangers = {0, 1, 2**63 - 1, *(place + by for place in places for by in (-1, 1))} - places
    nothing = dict.fromkeys((*strangers, *(receipt.position for receipt in receipts[:5])), PROXIED)
    assert log.classify(nothing) == 0
    assert log.watermark().epoch == epoch
    assert log.classify(nothing | {receipts[5].position: PROXIED}) == 1
    check(log, bodies(drafts, receipts), {receipts[5].id: PROXIED})


def test_classifications_survive_putting_away_compacting_reopening_and_crashes(engine: Engine, tmp_path: Path) -> None:
    activity = Activity()
    log = engine.open(tmp_path / "0")
    events = activity.events(range(START_MS, START_MS + 60))
    log.import_history(events)
    drafts = activity.drafts(60)
    judgements = activity.judgements(drafts)
    receipts = log.publish(drafts, judgements).result()
    stored = lines(log, Query(sort="asc"))
    judged = by_id(receipts, judgements)
    old_hits = [event.id for event in events if event.type == "hit"]
    judged |= {event_id: VERDICTS[number % 5] for number, event_id in enumerate(old_hits[::2])}
    judge(log, judged)
    epoch = log.watermark().epoch
    engine.settle(log)
    check(log, stored, judged)
    log.compact()
    check(log, stored, judged)
    engine.crash(tmp_path / "0", tmp_path / "1")
    log.close()
    for folder in ("0", "1"):
        with closing(engine.open(tmp_path / folder)) as again:
            check(again, stored, judged)
            assert again.watermark().epoch == epoch


@AGES
def test_an_import_leaves_classifications(engine: Engine, log: EventLog, *, old: bool) -> None:
    """Whether it falls among the hits or brings them again."""
    activity = Activity()
    events = activity.events(START_MS + 10 * number for number in range(80))
    log.import_history(events)
    judged = {event.id: PROXIED for event in events if event.type == "hit"}
    judge(log, judged)
    if old:
        engine.settle(log)
    log.import_history(events)
    check(log, lines(log, Query(sort="asc")), judged)
    more = activity.events(START_MS + 7 * number for number in range(100))
    log.import_history([*events, *more])
    stored = lines(log, Query(sort="asc"))
    assert len(stored) == 180
    check(log, stored, judged)
    if old:
        engine.settle(log)
        check(log, stored, judged)


def test_hits_are_judged_while_more_are_published_and_put_away(engine: Engine, log: EventLog) -> None:
    activity = Activity()
    judged: dict[UUID, Classification] = {}
    stored: list[bytes] = []
    with ThreadPoolExecutor(2) as pool:
        for _ in range(12):
            drafts = activity.drafts(20)
            judgements = activity.judgements(drafts)
            known = dict.fromkeys(list(judged)[::3], ROBOT)
            publishing = pool.submit(lambda some, how: log.publish(some, how).result(), drafts, judgements)
            settling = pool.submit(engine.settle, log)
            judge(log, known)
            settling.result()
            receipts = publishing.result()
            stored += bodies(drafts, receipts)
            judged |= known | by_id(receipts, judgements)
    check(log, stored, judged)


def test_a_reader_of_before_goes_on_while_hits_are_judged(engine: Engine, log: EventLog) -> None:
    """Every event comes once, with one judgement or the other."""
    drafts = hits(Activity(), 90)
    receipts = log.publish(drafts, [PROXIED] * 90).result()
    engine.settle(log)
    chunks = iter(log.scan(SHOWN))
    read = next(chunks)
    assert judge(log, {receipt.id: ROBOT for receipt in receipts}) == 90
    found = (read + b"".join(chunks)).splitlines()
    assert [decode(line).id for line in found] == [receipt.id for receipt in receipts]
    assert all(b'"class":"mpp"' in line or b'"class":"genericrobot"' in line for line in found)


def test_a_classification_stands_behind_a_member_of_its_name(log: EventLog) -> None:
    """A producer may have put one there; of two members with one name the last counts."""
    own = decode_draft(
        b'{"type":"hit","source":{"type":"email","detail":{"activation":{"id":"000PE4","kind":"application",'
        b'"receiver":{"type":"id","value":"C1"},"stamp":{"time":1,"id":"d52055cd-e854-4177-8ef5-b10fd8d568a7",'
        b'"thread":"a3078b19-b379-4bc2-b29a-e8229a9c9332"}},"link":{"type":"open"},"client":{"type":"web"}}},'
        b'"classification":"its own"}'
    )
    [receipt] = log.publish([own], [PROXIED]).result()
    [body] = bodies([own], [receipt])
    assert body.endswith(b'"classification":"its own"}')
    check(log, [body], {receipt.id: PROXIED})
