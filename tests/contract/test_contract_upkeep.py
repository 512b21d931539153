"""Verify, compact, close and open again: nothing in a log changes."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from activity import Activity, lines

from estampe.log import EventLog, Query

if TYPE_CHECKING:
    from pathlib import Path

    from engines import Engine

    from estampe.log import Placed

START_MS = 1_600_000_000_000
IN_ORDER = Query(sort="asc")


@pytest.fixture(autouse=True)
def filled(engine: Engine, log: EventLog) -> None:
    """Old and new events, imported and published."""
    activity = Activity()
    log.import_history(activity.events(range(START_MS, START_MS + 60)))
    log.publish(activity.drafts(40)).result()
    engine.settle(log)
    log.import_history(activity.events(range(START_MS + 25, START_MS + 90, 7)))
    log.publish(activity.drafts(30)).result()


def _everything(log: EventLog) -> list[Placed]:
    with closing(log.subscribe(0)) as follower:
        return [placed for batch in iter(lambda: follower.next(0), ()) for placed in batch]


def test_a_sound_log_has_no_faults(log: EventLog) -> None:
    findings = log.verify()
    assert findings.faults == ()
    assert findings.events == 140
    assert 0 <= findings.sealed <= findings.events
    assert findings.bytes_on_disk > 0


def test_verify_tells_how_far_it_is(log: EventLog) -> None:
    reports: list[tuple[str, int, int | None]] = []
    log.verify(lambda *report: reports.append(report))
    assert reports[-1][1:] == (140, 140)


def test_compact_keeps_every_byte_and_place(log: EventLog) -> None:
    before = _everything(log)
    epoch = log.watermark().epoch
    log.compact()
    assert _everything(log) == before
    assert lines(log, IN_ORDER) == [placed.body for placed in before]
    assert log.watermark().epoch == epoch
    assert log.verify().faults == ()


def test_compact_twice_is_as_good_as_once(log: EventLog) -> None:
    log.compact()
    once = _everything(log)
    log.compact()
    assert _everything(log) == once


def test_a_log_goes_on_after_compact(log: EventLog) -> None:
    log.compact()
    before = lines(log, IN_ORDER)
    log.publish(Activity(2).drafts(5)).result()
    log.import_history(Activity(3).events([START_MS + 10]))
    assert len(lines(log, IN_ORDER)) == len(before) + 6
    assert set(before) < set(lines(log, IN_ORDER))


def test_a_log_opened_again_has_everything(engine: Engine, log: EventLog, tmp_path: Path) -> None:
    before, watermark = _everything(log), log.watermark()
    log.close()
    with closing(engine.open(tmp_path)) as again:
        assert _everything(again) == before
        assert again.watermark().epoch == watermark.epoch
        assert again.watermark().complete_until_ms >= watermark.complete_until_ms
        assert again.verify().faults == ()


def test_closing_twice_does_no_harm(log: EventLog) -> None:
    log.close()
    log.close()
