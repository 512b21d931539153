"""The promise about what is published: durable, once, byte-exact, isolated."""

from __future__ import annotations

from contextlib import closing
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from activity import CUSTOMER, NEIGHBOUR, Activity, bodies, lines

from estampe.log import EventLog, LogClosed, Query

if TYPE_CHECKING:
    from pathlib import Path

    from engines import Engine

IN_ORDER = Query(sort="asc")


def test_events_come_back_as_the_bytes_that_publication_made(log: EventLog) -> None:
    drafts = Activity().drafts(30)
    receipts = log.publish(drafts).result()
    assert lines(log, IN_ORDER) == bodies(drafts, receipts)


def test_old_events_keep_their_bytes(engine: Engine, log: EventLog) -> None:
    drafts = Activity().drafts(60)
    receipts = log.publish(drafts).result()
    engine.settle(log)
    assert lines(log, IN_ORDER) == bodies(drafts, receipts)


def test_receipts_follow_the_drafts_and_positions_rise(log: EventLog) -> None:
    drafts = Activity().named_drafts(10)
    receipts = [receipt for draft in drafts for receipt in log.publish([draft]).result()]
    assert [receipt.id for receipt in receipts] == [draft.id for draft in drafts]
    assert all(earlier.position < later.position for earlier, later in pairwise(receipts))
    assert not any(receipt.duplicate for receipt in receipts)


def test_a_draft_without_an_id_gets_one_of_its_own(log: EventLog) -> None:
    assert len({receipt.id for receipt in log.publish(Activity().drafts(20)).result()}) == 20


def test_nothing_published_is_answered_with_nothing(log: EventLog) -> None:
    assert log.publish([]).result() == []
    assert lines(log, IN_ORDER) == []


def test_an_id_is_kept_once_within_a_call(log: EventLog) -> None:
    activity = Activity()
    event_id = str(activity.uuid())
    first, again = activity.drafts(2, id=event_id)
    receipts = log.publish([first, again]).result()
    assert [receipt.duplicate for receipt in receipts] == [False, True]
    assert receipts[0].position == receipts[1].position
    assert lines(log, IN_ORDER) == bodies([first], receipts[:1])


@pytest.mark.parametrize("old", [False, True], ids=["new", "old"])
def test_an_id_is_kept_once_across_calls(engine: Engine, log: EventLog, *, old: bool) -> None:
    activity = Activity()
    drafts = activity.named_drafts(40)
    first = log.publish(drafts).result()
    if old:
        engine.settle(log)
    more = activity.named_drafts(1)
    again = log.publish([*reversed(drafts), *more]).result()
    assert [receipt.duplicate for receipt in again] == [True] * 40 + [False]
    assert [receipt.position for receipt in again[:40]] == [receipt.position for receipt in reversed(first)]
    assert lines(log, IN_ORDER) == bodies([*drafts, *more], [*first, again[-1]])


def test_an_id_is_kept_once_when_many_calls_wait_with_it(log: EventLog) -> None:
    [draft] = Activity().named_drafts(1)
    receipts = [future.result()[0] for future in [log.publish([draft]) for _ in range(50)]]
    assert sum(not receipt.duplicate for receipt in receipts) == 1
    assert len({receipt.position for receipt in receipts}) == 1
    assert len(lines(log, IN_ORDER)) == 1


def test_what_was_acknowledged_survives_a_crash(engine: Engine, log: EventLog, tmp_path: Path) -> None:
    drafts = Activity().named_drafts(30)
    first = log.publish(drafts[:20]).result()
    engine.settle(log)
    second = log.publish(drafts[20:]).result()
    engine.crash(tmp_path, tmp_path / "crashed")
    with closing(engine.open(tmp_path / "crashed")) as again:
        assert lines(again, IN_ORDER) == bodies(drafts, [*first, *second])
        assert [receipt.position for receipt in again.publish(drafts).result()] == [
            receipt.position for receipt in [*first, *second]
        ]


def test_what_was_accepted_is_finished_before_closing(engine: Engine, tmp_path: Path) -> None:
    drafts = Activity().drafts(40)
    log = engine.open(tmp_path)
    futures = [log.publish([draft]) for draft in drafts]
    log.close()
    receipts = [receipt for future in futures for receipt in future.result(timeout=0)]
    with closing(engine.open(tmp_path)) as again:
        assert lines(again, IN_ORDER) == bodies(drafts, receipts)


def test_a_closed_log_says_so(engine: Engine, tmp_path: Path) -> None:
    log = engine.open(tmp_path)
    log.publish(Activity().drafts(30)).result()
    chunks = iter(log.scan(Query()))
    next(chunks)
    log.close()
    with pytest.raises(LogClosed):
        log.publish(Activity().drafts(1))
    with pytest.raises(LogClosed):
        log.watermark()
    with pytest.raises(LogClosed):
        list(chunks)
    with pytest.raises(LogClosed):
        lines(log, Query())


def test_customers_do_not_see_each_other(engine: Engine, tmp_path: Path) -> None:
    drafts = Activity().named_drafts(20)
    with closing(engine.open(tmp_path)) as ours, closing(engine.open(tmp_path, NEIGHBOUR)) as theirs:
        our_receipts = ours.publish(drafts).result()
        their_receipts = theirs.publish(drafts).result()
        assert not any(receipt.duplicate for receipt in their_receipts)
        assert lines(ours, IN_ORDER) == bodies(drafts, our_receipts, CUSTOMER)
        assert lines(theirs, IN_ORDER) == bodies(drafts, their_receipts, NEIGHBOUR)
        ours.import_history(Activity(2).events([1_000]))
        assert theirs.watermark().epoch == 1
        assert len(lines(theirs, IN_ORDER)) == 20


def test_events_are_found_by_their_ids_recent_ones_and_old_ones(engine: Engine, log: EventLog) -> None:
    activity = Activity()
    old = log.publish(activity.named_drafts(20)).result()
    engine.settle(log)
    recent = log.publish(activity.named_drafts(20)).result()
    ids = [receipt.id for receipt in (*old, *recent)]
    assert log.find([*ids, activity.uuid()]) == {receipt.id: receipt.position for receipt in (*old, *recent)}
