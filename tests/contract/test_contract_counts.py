"""Counters: always as plain counting would have them."""

from __future__ import annotations

from contextlib import closing
from itertools import combinations, permutations
from typing import TYPE_CHECKING, NamedTuple, get_args
from uuid import UUID

import msgspec
import pytest
from activity import ACTIONS, HASH, UNJUDGED, VERDICTS, Activity, judge, lines, positions
from hypothesis import given, settings
from hypothesis import strategies as st
from queries import NEVER
from tallies import DAY_MS, counted, reached

from estampe.events import decode_draft, encode
from estampe.log import HOUR_MS, Audience, Count, Counting, EventLog, Facet, LogFull, Query, TimestampAhead
from estampe.verdicts import Classification, HitClass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from engines import Engine

    from estampe.events import Draft, Event

FACETS: tuple[Facet, ...] = get_args(Facet)
KINDS: tuple[Facet, ...] = ("channel", "type", "subtype", "trait")
START_MS = 1_600_000_000_000 // DAY_MS * DAY_MS
HOURS = 60
PERIODS = (None, HOUR_MS, 2 * HOUR_MS, DAY_MS)
AGES = pytest.mark.parametrize("old", [False, True], ids=["new", "old"])
EVERYWHERE = [None, *map(str, ACTIONS), NEVER]


def past(count: int) -> list[int]:
    """Return times over some days, each on the edge of an hour, or a millisecond before or behind it, or within it."""
    edges = [START_MS + number * HOURS // count * HOUR_MS for number in range(count)]
    return [edge + (0, -1, 1, 1_234_567)[number % 4] for number, edge in enumerate(edges)]


class Counted(NamedTuple):
    """A log, what is in it, and how its hits are judged."""

    log: EventLog
    stored: list[bytes]
    judged: Mapping[UUID, Classification]


def check(log: EventLog, stored: Sequence[bytes], judged: Mapping[UUID, Classification] = UNJUDGED) -> None:
    """See that a log counts as plain counting does, and finds so itself."""
    for counting in (
        Counting(),
        Counting(by=FACETS, period_ms=HOUR_MS),
        Counting(by=KINDS, action="000PE4", period_ms=DAY_MS),
        Counting(by=("trait", "action"), start_ms=START_MS + 7 * HOUR_MS, end_ms=START_MS + 31 * HOUR_MS),
    ):
        assert list(log.counts(counting)) == counted(stored, counting, judged)
    for action in map(str, ACTIONS):
        assert log.audience(action) == reached(stored, action, judged)
    assert log.recount() == (len(stored), ())
    assert log.verify().faults == ()


@pytest.fixture(scope="module")
def history(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counted]:
    """Events of some days, half of them put away, and hits judged of both halves."""
    activity = Activity()
    events = activity.events(past(400))
    hits = [event.id for event in events if event.type == "hit"]
    judged = {event_id: VERDICTS[number % 5] for number, event_id in enumerate(hits) if number % 3}
    with closing(engine.open(tmp_path_factory.mktemp("counts"))) as log:
        log.import_history(events[:200])
        engine.settle(log)
        log.import_history(events[200:])
        judge(log, judged)
        yield Counted(log, [encode(event) for event in sorted(events, key=lambda event: event.timestamp)], judged)


hours = st.none() | st.integers(-2, HOURS + 2).map(lambda hour: START_MS + hour * HOUR_MS)


@given(
    counting=st.builds(
        Counting,
        start_ms=hours,
        end_ms=hours,
        action=st.sampled_from(EVERYWHERE),
        period_ms=st.sampled_from(PERIODS),
        by=st.lists(st.sampled_from(FACETS), max_size=5, unique=True).map(tuple),
        limit=st.sampled_from([None, None, 0, 1, 20]),
    )
)
@settings(max_examples=200, deadline=None)
def test_counts_are_those_of_plain_counting(history: Counted, counting: Counting) -> None:
    assert list(history.log.counts(counting)) == counted(history.stored, counting, history.judged)


@pytest.mark.parametrize("period_ms", PERIODS)
@pytest.mark.parametrize(
    "by", [by for size in range(6) for by in combinations(FACETS, size)], ids=lambda by: "-".join(by) or "none"
)
def test_each_combination_of_facets_is_counted(history: Counted, by: tuple[Facet, ...], period_ms: int | None) -> None:
    counting = Counting(by=by, period_ms=period_ms)
    found = list(history.log.counts(counting))
    assert found == counted(history.stored, counting, history.judged)
    assert sum(count.events for count in found) == len(history.stored)


def test_facets_come_in_the_order_asked(history: Counted) -> None:
    for by in permutations(FACETS, 3):
        counting = Counting(by=by)
        assert list(history.log.counts(counting)) == counted(history.stored, counting, history.judged)


def test_a_window_is_of_whole_hours_and_ends_before_its_end(history: Counted) -> None:
    for hour in range(HOURS):
        counting = Counting(start_ms=START_MS + hour * HOUR_MS, end_ms=START_MS + (hour + 1) * HOUR_MS, by=("type",))
        assert list(history.log.counts(counting)) == counted(history.stored, counting, history.judged)


@pytest.mark.parametrize("start_ms", [START_MS, 0, -HOUR_MS, None])
@pytest.mark.parametrize("end_ms", [START_MS, START_MS + HOUR_MS, (2**63 - 1) // HOUR_MS * HOUR_MS, None])
def test_bounds_may_lie_anywhere(history: Counted, start_ms: int | None, end_ms: int | None) -> None:
    counting = Counting(start_ms=start_ms, end_ms=end_ms)
    assert list(history.log.counts(counting)) == counted(history.stored, counting, history.judged)


def test_audiences_are_those_of_plain_counting(history: Counted) -> None:
    for action in map(str, ACTIONS):
        found = history.log.audience(action)
        assert found == reached(history.stored, action, history.judged)
        assert found.reactive > found.openers > 0
        assert found.clickers > found.effective > 0


def test_an_action_that_never_occurred_reached_nobody(history: Counted) -> None:
    assert history.log.audience(NEVER) == (0, 0, 0, 0)
    assert list(history.log.counts(Counting(action=NEVER, by=("type",)))) == []


def test_an_empty_log_counts_nothing(log: EventLog) -> None:
    assert list(log.counts(Counting(by=("type",), period_ms=HOUR_MS))) == []
    assert list(log.counts(Counting())) == []
    assert log.audience("000PE4") == Audience(0, 0, 0, 0)
    assert log.recount() == (0, ())


def test_each_publication_is_counted_at_once(log: EventLog) -> None:
    activity = Activity()
    for times in (1, 2, 3):
        log.publish(activity.drafts(40)).result()
        assert list(log.counts(Counting())) == [Count(0, (), times * 40)]


@AGES
def test_traits_are_classes_subjects_and_domains(engine: Engine, log: EventLog, *, old: bool) -> None:
    activity = Activity()
    drafts = activity.named_drafts(200)
    judgements = activity.judgements(drafts)
    receipts = log.publish(drafts, judgements).result()
    judged = {receipt.id: judgement for receipt, judgement in zip(receipts, judgements, strict=True) if judgement}
    if old:
        engine.settle(log)
    stored = lines(log, Query(sort="asc"))
    traits = {count.facets for count in log.counts(Counting(by=("type", "trait")))}
    assert {("hit", each.value) for each in HitClass} < traits
    assert {("bounce", "address"), ("bounce", "mailbox"), ("bounce", "human"), ("complaint", "aol.com")} < traits
    assert ("activation", "") in traits
    check(log, stored, judged)


@AGES
def test_duplicates_are_not_counted_again(engine: Engine, log: EventLog, *, old: bool) -> None:
    activity = Activity()
    drafts = activity.named_drafts(60)
    log.publish([*drafts, *drafts[:20]]).result()
    if old:
        engine.settle(log)
    log.publish(drafts, [VERDICTS[2]] * 60).result()
    check(log, lines(log, Query(sort="asc")))
    assert list(log.counts(Counting())) == [Count(0, (), 60)]


@AGES
def test_imported_events_are_counted_once(engine: Engine, log: EventLog, *, old: bool) -> None:
    activity = Activity()
    events = activity.events(past(120))
    log.import_history(events[::2])
    if old:
        engine.settle(log)
    log.import_history(events)
    log.import_history(events)
    check(log, [encode(event) for event in events])


def test_an_import_that_is_refused_counts_nothing(log: EventLog) -> None:
    activity = Activity()
    ahead = activity.event(log.watermark().complete_until_ms + HOUR_MS)
    with pytest.raises(TimestampAhead):
        log.import_history([activity.event(START_MS), ahead])
    check(log, [])


def test_an_import_that_is_interrupted_counts_what_it_added(log: EventLog) -> None:
    activity = Activity()
    events = activity.events(past(60))

    def torn() -> Iterator[Event]:
        yield from events[:30]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        log.import_history(torn())
    check(log, lines(log, Query(sort="asc")))


@AGES
def test_hits_that_are_judged_anew_are_counted_anew(engine: Engine, log: EventLog, *, old: bool) -> None:
    activity = Activity()
    events = activity.events(past(150))
    log.import_history(events)
    if old:
        engine.settle(log)
    stored = [encode(event) for event in events]
    hits = [event.id for event in events if event.type == "hit"]
    judged: dict[UUID, Classification] = {}
    for hit_class in (HitClass.MPP, HitClass.HUMAN, HitClass.GSR, HitClass.HUMAN):
        anew = {event_id: Classification(hit_class=hit_class) for event_id in hits[hit_class == HitClass.GSR :: 2]}
        judge(log, anew)
        judged |= anew
        check(log, stored, judged)
    judge(log, dict.fromkeys(hits, Classification(hit_class=HitClass.MPP)))
    check(log, stored, dict.fromkeys(hits, Classification(hit_class=HitClass.MPP)))
    assert {log.audience(action) for action in map(str, ACTIONS)} == {Audience(0, 0, 0, 0)}


def test_counters_survive_compacting_reopening_and_crashes(engine: Engine, tmp_path: Path) -> None:
    activity = Activity()
    log = engine.open(tmp_path / "0")
    log.import_history(activity.events(past(100)))
    drafts = activity.drafts(60)
    judgements = activity.judgements(drafts)
    receipts = log.publish(drafts, judgements).result()
    judged = {receipt.id: judgement for receipt, judgement in zip(receipts, judgements, strict=True) if judgement}
    stored = lines(log, Query(sort="asc"))
    check(log, stored, judged)
    log.compact()
    check(log, stored, judged)
    engine.crash(tmp_path / "0", tmp_path / "1")
    log.close()
    for folder in ("0", "1"):
        with closing(engine.open(tmp_path / folder)) as again:
            check(again, stored, judged)


def _hit(contact: dict[str, str | list[str]], kind: str, event_type: str = "hit") -> Draft:
    stamp = {"time": 1, "id": UUID(int=1), "thread": UUID(int=2)}
    activation = {"id": "000PE4", "kind": "message", "receiver": contact, "stamp": stamp, "recipient": ""}
    detail = {"activation": activation, "link": {"type": kind, "destination": ""}, "client": {"type": "web"}}
    return decode_draft(msgspec.json.encode({"type": event_type, "source": {"type": "email", "detail": detail}}))


def _footprint(name: str) -> dict[str, str | list[str]]:
    return {"type": "footprint", "id": name, "unicity": "anna@atelier.example", "hash": HASH}


BY_ID: dict[str, str | list[str]] = {"type": "id", "value": "C1"}
BY_HASH: dict[str, str | list[str]] = {"type": "hash", "value": HASH.upper()}
BY_UNICITY: dict[str, str | list[str]] = {"type": "unicity", "value": ["anna@atelier.example"]}


@pytest.mark.parametrize(
    ("drafts", "audience"),
    [
        ([_hit(BY_ID, "open")], Audience(1, 1, 0, 0)),
        ([_hit(BY_ID, "open"), _hit(BY_ID, "open"), _hit(_footprint("C1"), "open")], Audience(1, 1, 0, 0)),
        ([_hit(BY_ID, "mirror")], Audience(1, 0, 1, 0)),
        ([_hit(BY_ID, "unsubscribe")], Audience(1, 0, 1, 0)),
        ([_hit(BY_ID, "a kind of tomorrow")], Audience(1, 0, 1, 0)),
        ([_hit(BY_ID, "redirection")], Audience(1, 0, 1, 1)),
        ([_hit(BY_ID, "form")], Audience(1, 0, 1, 1)),
        ([_hit(BY_ID, kind) for kind in ("open", "mirror", "form", "redirection")], Audience(1, 1, 1, 1)),
        ([_hit(BY_ID, "open"), _hit(_footprint("C2"), "form")], Audience(2, 1, 1, 1)),
        ([_hit(_footprint("C1"), "open"), _hit(_footprint("C2"), "open")], Audience(2, 2, 0, 0)),
        ([_hit(BY_HASH, "open"), _hit({"type": "hash", "value": HASH}, "open")], Audience(1, 1, 0, 0)),
        (
            [_hit(BY_HASH, "open"), _hit(BY_UNICITY, "form")],
            Audience(1, 1, 1, 1),
        ),
        ([_hit({"type": "unicity", "value": ["anna", "FR"]}, "open")], Audience(0, 0, 0, 0)),
        ([_hit({"type": "card", "number": "1"}, "open")], Audience(0, 0, 0, 0)),
        ([_hit(BY_ID, "open", "a type of tomorrow")], Audience(0, 0, 0, 0)),
    ],
)
def test_a_contact_counts_once_by_its_id_or_else_its_hash(
    log: EventLog, drafts: list[Draft], audience: Audience
) -> None:
    for draft in drafts:
        log.publish([draft]).result()
    assert log.audience("000PE4") == audience
    check(log, lines(log, Query(sort="asc")))


def test_a_contact_stays_in_the_audience_while_one_of_its_hits_is_human(log: EventLog) -> None:
    drafts = [_hit(BY_ID, "open"), _hit(BY_ID, "open"), _hit(BY_ID, "form")]
    first, second, third = (receipt.position for receipt in log.publish(drafts).result())
    robot, human = Classification(hit_class=HitClass.MPP), Classification(hit_class=HitClass.HUMAN)
    for judgements, audience in (
        ({first: robot}, Audience(1, 1, 1, 1)),
        ({second: robot}, Audience(1, 0, 1, 1)),
        ({third: robot}, Audience(0, 0, 0, 0)),
        ({first: human, third: human}, Audience(1, 1, 1, 1)),
        ({third: robot}, Audience(1, 1, 0, 0)),
    ):
        log.classify(judgements)
        assert log.audience("000PE4") == audience
        assert log.recount().differences == ()


def test_recount_tells_how_far_it_is(log: EventLog) -> None:
    log.publish(Activity().drafts(40)).result()
    reports: list[tuple[str, int, int | None]] = []
    assert log.recount(lambda *report: reports.append(report)).events == 40
    assert reports[-1][1:] == (40, 40)


def test_recount_mends_what_counters_had_wrong(engine: Engine, log: EventLog) -> None:
    activity = Activity()
    events = activity.events(past(120))
    log.import_history(events)
    judged = {event.id: VERDICTS[2] for event in events[::3] if event.type == "hit"}
    judge(log, judged)
    stored = [encode(event) for event in events]
    engine.miscount(log)
    assert list(log.counts(Counting())) != counted(stored, Counting(), judged)
    assert log.verify().faults
    recount = log.recount()
    assert recount.events == 120
    assert recount.differences
    check(log, stored, judged)


def test_a_publication_that_found_no_room_is_not_counted(engine: Engine, log: EventLog) -> None:
    activity = Activity()
    log.publish(activity.drafts(60)).result()
    drafts = activity.named_drafts(600)
    judgements = activity.judgements(drafts)
    with engine.fill_up(log):
        with pytest.raises(LogFull):
            log.publish(drafts, judgements).result()
        with pytest.raises(LogFull):
            log.import_history(activity.events(past(600)))
    check(log, lines(log, Query(sort="asc")))
    assert len(positions(log)) == 60
    receipts = log.publish(drafts, judgements).result()
    judged = {receipt.id: judgement for receipt, judgement in zip(receipts, judgements, strict=True) if judgement}
    check(log, lines(log, Query(sort="asc")), judged)
