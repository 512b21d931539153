"""The promise about time: a window that ends at or before the watermark never changes."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from activity import Activity, lines
from engines import Wall

from estampe.log import EventLog, Query

if TYPE_CHECKING:
    from pathlib import Path

    from engines import Engine

PUBLISHERS, CALLS, DRAFTS, POLLERS = 16, 12, 4, 4


def test_the_watermark_is_behind_what_was_acknowledged(log: EventLog) -> None:
    [receipt] = log.publish(Activity().drafts(1)).result()
    assert log.watermark().complete_until_ms > receipt.timestamp_ms


def test_a_scan_tells_the_watermark_it_was_made_under(log: EventLog) -> None:
    before = log.watermark()
    scan = log.scan(Query())
    assert before.complete_until_ms <= scan.watermark.complete_until_ms <= log.watermark().complete_until_ms
    assert scan.watermark.epoch == before.epoch


@pytest.mark.parametrize("sort", [None, "asc", "desc"])
def test_a_scan_gives_nothing_after_its_watermark(log: EventLog, sort: str | None) -> None:
    log.publish(Activity().drafts(10)).result()
    scan = log.scan(Query(sort=sort))
    log.publish(Activity(2).drafts(10)).result()
    assert len(b"".join(scan).splitlines()) == 10


def test_new_events_come_at_or_after_every_watermark(log: EventLog) -> None:
    activity = Activity()
    for _ in range(50):
        announced_ms = log.watermark().complete_until_ms
        [receipt] = log.publish(activity.drafts(1)).result()
        assert receipt.timestamp_ms >= announced_ms


def test_an_idle_log_is_final_up_to_now(log: EventLog) -> None:
    first_ms = log.watermark().complete_until_ms
    threading.Event().wait(0.02)
    assert log.watermark().complete_until_ms > first_ms


@pytest.mark.parametrize("ahead_s", [-3600, 3600], ids=["back", "forward"])
def test_positions_and_the_watermark_grow_when_the_clock_is_set(engine: Engine, tmp_path: Path, ahead_s: float) -> None:
    wall = Wall()
    with closing(engine.open(tmp_path, wall=wall)) as log:
        [before] = log.publish(Activity().drafts(1)).result()
        announced_ms = log.watermark().complete_until_ms
        wall.ahead_s = ahead_s
        receipts = [receipt for draft in Activity(2).drafts(3) for receipt in log.publish([draft]).result()]
        assert announced_ms <= receipts[0].timestamp_ms
        assert before.position < receipts[0].position < receipts[1].position < receipts[2].position
        assert log.watermark().complete_until_ms > receipts[-1].timestamp_ms


@pytest.mark.parametrize("crash", [False, True], ids=["closed", "crashed"])
def test_a_log_opened_with_its_clock_set_back_breaks_no_window(engine: Engine, tmp_path: Path, *, crash: bool) -> None:
    wall = Wall()
    log = engine.open(tmp_path, wall=wall)
    log.publish(Activity().drafts(5)).result()
    announced_ms = log.watermark().complete_until_ms
    window = lines(log, Query(end_ms=announced_ms, sort="asc"))
    folder = tmp_path
    if crash:
        folder = tmp_path / "crashed"
        engine.crash(tmp_path, folder)
    log.close()
    wall.ahead_s = -3600
    with closing(engine.open(folder, wall=wall)) as again:
        assert again.watermark().complete_until_ms >= announced_ms
        [receipt] = again.publish(Activity(2).drafts(1)).result()
        assert receipt.timestamp_ms >= announced_ms
        assert lines(again, Query(end_ms=announced_ms, sort="asc")) == window


def test_pollers_see_each_event_once_while_many_publish(engine: Engine, log: EventLog) -> None:
    """Each takes the watermark of one read as the start of the next, with old events put away meanwhile."""
    with ThreadPoolExecutor(PUBLISHERS + POLLERS + 1) as pool:
        publishing = [pool.submit(_publish, log, seed) for seed in range(PUBLISHERS)]
        done = threading.Event()
        putting_away = pool.submit(_put_away, engine, log, done)
        polling = [pool.submit(_poll, log, done) for _ in range(POLLERS)]
        for publisher in publishing:
            publisher.result()
        done.set()
        putting_away.result()
        seen = [poller.result() for poller in polling]
    everything = Counter(lines(log, Query()))
    assert sum(everything.values()) == PUBLISHERS * CALLS * DRAFTS
    assert all(each == everything for each in seen)


def _publish(log: EventLog, seed: int) -> None:
    activity = Activity(seed)
    for _ in range(CALLS):
        log.publish(activity.drafts(DRAFTS)).result()


def _put_away(engine: Engine, log: EventLog, done: threading.Event) -> None:
    while not done.wait(0.01):
        engine.settle(log)


def _poll(log: EventLog, done: threading.Event) -> Counter[bytes]:
    seen: Counter[bytes] = Counter()
    start_ms = 0
    last = False
    while not last:
        last = done.is_set()
        scan = log.scan(Query(start_ms=start_ms))
        seen.update(b"".join(scan).splitlines())
        start_ms = scan.watermark.complete_until_ms
    return seen
