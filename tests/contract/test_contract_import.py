"""Imports: events with ids and times of their own, in any order, as often as one likes."""

from __future__ import annotations

from contextlib import closing
from random import Random
from typing import TYPE_CHECKING

import msgspec
import pytest
from activity import Activity, bodies, lines
from hypothesis import given, settings
from hypothesis import strategies as st

from estampe.events import Customer, encode
from estampe.log import EventLog, ForeignEvent, Query, TimestampAhead

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from engines import Engine

    from estampe.events import Event

IN_ORDER = Query(sort="asc")
START_MS = 1_600_000_000_000


def _in_order(*batches: Sequence[Event]) -> list[bytes]:
    """Return what a log must hold after these imports."""
    first: dict[object, Event] = {}
    for event in (event for batch in batches for event in batch):
        first.setdefault(event.id, event)
    # Within one call, of two events with one id the earlier in time is kept; the suite does not make such.
    return [encode(event) for event in sorted(first.values(), key=lambda event: event.timestamp)]


def test_events_keep_ids_times_and_bytes_in_the_order_of_time(log: EventLog) -> None:
    events = Activity().events(START_MS + number * 10 for number in range(100))
    shuffled = Random(1).sample(events, len(events))  # noqa: S311  an order, no secret
    assert log.import_history(shuffled) == (100, 0)
    assert lines(log, IN_ORDER) == [encode(event) for event in events]


def test_ties_keep_the_order_given(log: EventLog) -> None:
    events = Activity().events([START_MS, START_MS + 1, START_MS, START_MS, START_MS + 1])
    log.import_history(events)
    assert lines(log, IN_ORDER) == [encode(events[number]) for number in (0, 2, 3, 1, 4)]


def test_an_imported_id_is_known(engine: Engine, log: EventLog) -> None:
    activity = Activity()
    [draft] = activity.named_drafts(1)
    assert draft.id
    log.import_history([activity.event(START_MS, draft.id)])
    assert log.publish([draft]).result()[0].timestamp_ms == START_MS
    engine.settle(log)
    [again] = log.publish([draft]).result()
    assert (again.timestamp_ms, again.duplicate) == (START_MS, True)


def test_a_published_id_is_left_alone(engine: Engine, log: EventLog) -> None:
    activity = Activity()
    drafts = activity.named_drafts(40)
    receipts = log.publish(drafts).result()
    events = [activity.event(START_MS, draft.id) for draft in drafts]
    assert log.import_history(events) == (0, 40)
    engine.settle(log)
    assert log.import_history(events) == (0, 40)
    assert lines(log, IN_ORDER) == bodies(drafts, receipts)


def test_an_id_twice_in_one_import_is_kept_once(log: EventLog) -> None:
    event = Activity().event(START_MS)
    assert log.import_history([event, event, event]) == (1, 2)
    assert lines(log, IN_ORDER) == [encode(event)]


def test_imported_and_published_events_stand_together(engine: Engine, log: EventLog) -> None:
    activity = Activity()
    drafts = activity.drafts(30)
    receipts = log.publish(drafts).result()
    published = bodies(drafts, receipts)
    beside = activity.event(receipts[0].timestamp_ms)
    past = activity.events(range(START_MS, START_MS + 30))
    engine.settle(log)
    log.import_history([beside, *past])
    assert lines(log, IN_ORDER) == [*map(encode, past), *published, encode(beside)]


def test_an_event_joins_a_crowded_millisecond_behind_all_that_is_there(engine: Engine, log: EventLog) -> None:
    """So crowded that what was put away of it is in several pieces."""
    activity = Activity()
    drafts = activity.drafts(100)
    receipts = log.publish(drafts).result()
    engine.settle(log)
    beside = activity.events([receipts[0].timestamp_ms] * 2)
    log.import_history(beside)
    assert lines(log, IN_ORDER) == [*bodies(drafts, receipts), *map(encode, beside)]
    assert log.verify().faults == ()


@pytest.mark.parametrize("settled", [False, True], ids=["new", "old"])
def test_an_import_may_be_repeated(engine: Engine, log: EventLog, *, settled: bool) -> None:
    events = Activity().events(range(START_MS, START_MS + 100))
    assert log.import_history(events[:60]) == (60, 0)
    if settled:
        engine.settle(log)
    assert log.import_history(events) == (40, 60)
    assert log.import_history(reversed(events)) == (0, 100)
    assert lines(log, IN_ORDER) == [encode(event) for event in events]


def test_an_import_that_is_interrupted_may_be_repeated(log: EventLog) -> None:
    events = Activity().events(range(START_MS, START_MS + 50))

    def torn() -> Iterator[Event]:
        yield from events[:30]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        log.import_history(torn())
    log.import_history(events)
    assert lines(log, IN_ORDER) == [encode(event) for event in events]


def test_the_epoch_changes_when_something_was_added_and_only_then(log: EventLog) -> None:
    events = Activity().events(range(START_MS, START_MS + 5))
    epochs = [log.watermark().epoch]
    for batch in (events[:3], events[:3], [], events):
        log.import_history(batch)
        epochs.append(log.watermark().epoch)
    assert epochs[0] < epochs[1] == epochs[2] == epochs[3] < epochs[4]


@pytest.mark.parametrize("later_ms", [0, 1, 3_600_000])
def test_a_time_at_or_after_the_watermark_is_refused(log: EventLog, later_ms: int) -> None:
    activity = Activity()
    past = activity.event(START_MS)
    # The watermark goes on until the import looks at it; an hour is far enough, a millisecond need not be.
    ahead = activity.event(log.watermark().complete_until_ms + 3_600_000 + later_ms)
    with pytest.raises(TimestampAhead, match=str(ahead.id)):
        log.import_history([past, ahead])
    assert lines(log, IN_ORDER) == []
    assert log.watermark().epoch == 1


def test_an_event_of_another_customer_stops_an_import_before_it_began(log: EventLog) -> None:
    activity = Activity()
    foreign = msgspec.structs.replace(activity.event(START_MS + 1), identity=Customer(agency="ELSE", customer="001"))
    with pytest.raises(ForeignEvent, match="ELSE/001"):
        log.import_history([activity.event(START_MS), foreign])
    assert lines(log, IN_ORDER) == []


def test_an_import_tells_how_far_it_is(log: EventLog) -> None:
    reports: list[tuple[str, int, int | None]] = []
    log.import_history(Activity().events(range(START_MS, START_MS + 10)), lambda *report: reports.append(report))
    assert reports[-1][1:] == (10, 10)


@given(
    times=st.lists(st.lists(st.integers(0, 60), max_size=40), min_size=1, max_size=4),
    settled=st.lists(st.booleans(), min_size=4, max_size=4),
    repeated=st.integers(0, 10),
)
@settings(max_examples=40, deadline=None)
def test_imports_among_each_other_end_in_one_order(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory, times: list[list[int]], settled: list[bool], repeated: int
) -> None:
    """Later ones fall before, between, into and behind what is there, new or put away."""
    activity = Activity()
    batches = [activity.events(START_MS + time_ms for time_ms in some) for some in times]
    batches[-1] += batches[0][:repeated]
    with closing(engine.open(tmp_path_factory.mktemp("imports"))) as log:
        for batch, settle in zip(batches, settled, strict=False):
            log.import_history(batch)
            if settle:
                engine.settle(log)
        assert lines(log, IN_ORDER) == _in_order(*batches)
        assert log.verify().faults == ()
