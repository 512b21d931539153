"""Subscriptions: every event after a position, in order, old and new."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from activity import Activity, bodies

from estampe.log import EventLog, LogClosed

if TYPE_CHECKING:
    from pathlib import Path

    from engines import Engine

    from estampe.log import Placed, Receipt, Subscription

LONG_S = 20.0


def _take(follower: Subscription, count: int) -> list[Placed]:
    taken: list[Placed] = []
    while len(taken) < count:
        batch = follower.next(LONG_S)
        assert batch, "nothing came"
        taken += batch
    return taken


@pytest.fixture(params=["new", "old", "both"])
def told(request: pytest.FixtureRequest, engine: Engine, log: EventLog) -> tuple[list[Receipt], list[bytes]]:
    """What a log with a hundred events answered, and their bytes."""
    drafts = Activity().drafts(100)
    receipts = log.publish(drafts[:60]).result()
    if request.param != "new":
        engine.settle(log)
    receipts += log.publish(drafts[60:]).result()
    if request.param == "old":
        engine.settle(log)
    return receipts, bodies(drafts, receipts)


@pytest.mark.parametrize("after", [-1, 0, 1, 23, 59, 60, 98, 99])
def test_it_gives_what_follows_a_position(log: EventLog, told: tuple[list[Receipt], list[bytes]], after: int) -> None:
    receipts, stored = told
    with closing(log.subscribe(receipts[after].position if after >= 0 else 0)) as follower:
        taken = _take(follower, 99 - after)
        assert follower.next(0) == ()
    assert [placed.body for placed in taken] == stored[after + 1 :]
    assert [placed.position for placed in taken] == [receipt.position for receipt in receipts[after + 1 :]]


def test_nothing_comes_from_an_idle_log(log: EventLog) -> None:
    with closing(log.subscribe(0)) as follower:
        assert follower.next(0) == ()
        assert follower.next(0.01) == ()


def test_what_is_published_wakes_who_waits(log: EventLog) -> None:
    with closing(log.subscribe(0)) as follower, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(follower.next, LONG_S)
        [receipt] = log.publish(Activity().drafts(1)).result()
        assert [placed.position for placed in waiting.result()] == [receipt.position]


def test_it_follows_on_while_events_are_published_and_put_away(engine: Engine, log: EventLog) -> None:
    activity = Activity()
    drafts = activity.drafts(120)
    with closing(log.subscribe(0)) as follower, ThreadPoolExecutor(1) as pool:
        following = pool.submit(_take, follower, 120)
        receipts: list[Receipt] = []
        for start in range(0, 120, 3):
            receipts += log.publish(drafts[start : start + 3]).result()
            if start % 7 == 0:
                engine.settle(log)
        taken = following.result()
    assert all(earlier.position < later.position for earlier, later in pairwise(taken))
    assert [placed.body for placed in taken] == bodies(drafts, receipts)


def test_followers_do_not_share_their_place(log: EventLog) -> None:
    log.publish(Activity().drafts(5)).result()
    with closing(log.subscribe(0)) as first, closing(log.subscribe(0)) as second:
        assert _take(first, 5) == _take(second, 5)


def test_it_ends_with_the_log(engine: Engine, tmp_path: Path) -> None:
    log = engine.open(tmp_path)
    follower = log.subscribe(0)
    log.close()
    with pytest.raises(LogClosed):
        follower.next(LONG_S)
