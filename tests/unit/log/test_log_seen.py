"""Which ids a log has is known exactly, whatever its filters guess."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from log_samples import CUSTOMER, PAST_MS, bodies, drafts, events, everything

from estampe.log import LogError, SqliteEventLog, seen, sql, store

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("small_segments")
FILTERS = "SELECT count(*) FROM filters"


@pytest.fixture(autouse=True, params=[1e-4, 0.5], ids=["good", "bad"])
def small_filters(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Filters of fifty ids, once such as are wrong half the time."""
    monkeypatch.setattr(seen, "FILTER_IDS", 50)
    monkeypatch.setattr(seen, "FALSE_POSITIVES", request.param)


def _seal(log: SqliteEventLog) -> None:
    while log._history.seal_oldest():
        pass


def _stored_filters(log: SqliteEventLog) -> int:
    with log._reader.snapshot() as connection:
        return int(store.value(connection, FILTERS))


def test_sealed_ids_are_known_and_others_are_not(log: SqliteEventLog) -> None:
    some = drafts(160)
    receipts = log.publish(some).result()
    _seal(log)
    assert log._writer.seen.recent == {}
    assert [log._writer.seen.position_of(receipt.id.bytes) for receipt in receipts] == [
        receipt.position for receipt in receipts
    ]
    assert not any(log._writer.seen.position_of(uuid4().bytes) for _ in range(200))


def test_filters_are_stored_when_full_and_read_again(path: Path) -> None:
    some = drafts(160)
    with closing(SqliteEventLog(path, CUSTOMER)) as log:
        receipts = log.publish(some).result()
        _seal(log)
        stored = _stored_filters(log)
        assert stored == 2
    for _ in range(2):
        with closing(SqliteEventLog(path, CUSTOMER)) as log:
            assert len(log._writer.seen._full) == stored
            assert log._writer.seen._held == 160 - 2 * 60
            assert log.publish(some).result() == [receipt._replace(duplicate=True) for receipt in receipts]
            assert not any(receipt.duplicate for receipt in log.publish(drafts(1)).result())


@pytest.mark.parametrize("failing", range(1, 9))
def test_sealing_that_failed_leaves_no_gap_between_filters(
    path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    """Even if it was just then that a filter was full."""
    some = drafts(160)
    with closing(SqliteEventLog(path, CUSTOMER)) as log:
        receipts = log.publish(some).result()
        for _ in range(1, failing):
            log._history.seal_oldest()
        with monkeypatch.context() as broken:
            broken.setattr(sql, "DROP_ROWS", ("NO SUCH STATEMENT",))
            with pytest.raises(LogError):
                log._history.seal_oldest()
        _seal(log)
        assert log.publish(some).result() == [receipt._replace(duplicate=True) for receipt in receipts]
    with closing(SqliteEventLog(path, CUSTOMER)) as log:
        assert log.publish(some).result() == [receipt._replace(duplicate=True) for receipt in receipts]


def test_ids_of_segments_that_are_opened_and_sealed_anew_stay_known(log: SqliteEventLog) -> None:
    some = drafts(90)
    receipts = log.publish(some).result()
    _seal(log)
    log.import_history(events([receipts[0].timestamp_ms, PAST_MS]))
    assert len(everything(log)) == 92
    for _ in range(2):
        again = log.publish(some).result()
        assert [receipt.position for receipt in again] == [receipt.position for receipt in receipts]
        log.compact()
    assert len(everything(log)) == 92


def test_ids_that_share_a_key_are_told_apart(log: SqliteEventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("seen", "sealed", "keys"):
        monkeypatch.setattr(f"estampe.log.{module}.id_key", lambda event_id: event_id[0] & 1)
    some = drafts(70)
    receipts = log.publish(some).result()
    _seal(log)
    assert log.publish(some).result() == [receipt._replace(duplicate=True) for receipt in receipts]
    assert not any(receipt.duplicate for receipt in log.publish(drafts(30)).result())
    assert everything(log)[:70] == bodies(some, receipts)


def test_filters_made_for_another_number_of_ids_are_read_too(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    some = drafts(160)
    with closing(SqliteEventLog(path, CUSTOMER)) as log:
        receipts = log.publish(some).result()
        _seal(log)
    monkeypatch.setattr(seen, "FILTER_IDS", 1_000)
    with closing(SqliteEventLog(path, CUSTOMER)) as log:
        assert log.publish(some).result() == [receipt._replace(duplicate=True) for receipt in receipts]
