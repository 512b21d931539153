"""The writer: many share a commit, few wait in memory, and who fails, fails alone or all together."""

from __future__ import annotations

import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import apsw
import pytest
from log_samples import CUSTOMER, bodies, drafts, everything

from estampe.log import LogBusy, LogError, SqliteEventLog, sql, sqlite, writer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def _held_up(log: SqliteEventLog) -> Iterator[None]:
    """Keep the writer busy with something else meanwhile."""
    begun, done = threading.Event(), threading.Event()

    def wait(_: apsw.Connection) -> None:
        begun.set()
        done.wait()

    thread = threading.Thread(target=log._writer.run, args=(wait,))
    thread.start()
    begun.wait()
    try:
        yield
    finally:
        done.set()
        thread.join()


def test_publications_that_wait_share_a_commit(path: Path) -> None:
    commits: list[float] = []
    with closing(SqliteEventLog(path, CUSTOMER, observe_commit=commits.append)) as log:
        with _held_up(log):
            futures = [log.publish(drafts(1)) for _ in range(50)]
        times_ms = {receipt.timestamp_ms for future in futures for receipt in future.result()}
    assert len(times_ms) == len(commits) == 1
    assert commits[0] > 0


def test_a_group_has_its_limit(log: SqliteEventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "GROUP_EVENTS", 10)
    with _held_up(log):
        futures = [log.publish(drafts(4)) for _ in range(6)]
    assert len({future.result()[0].timestamp_ms for future in futures}) == 2


def test_too_many_that_wait_are_told_to_come_back(log: SqliteEventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "QUEUE_EVENTS", 10)
    with _held_up(log):
        accepted = [log.publish(drafts(6)) for _ in range(2)]
        with pytest.raises(LogBusy, match="12 events wait"):
            log.publish(drafts(1))
    assert [len(future.result()) for future in accepted] == [6, 6]
    assert len(log.publish(drafts(1)).result()) == 1


def test_a_publication_taken_back_in_time_is_not_kept(log: SqliteEventLog) -> None:
    some = drafts(2)
    with _held_up(log):
        taken_back, kept = log.publish(some[:1]), log.publish(some[1:])
        assert taken_back.cancel()
    receipts = kept.result()
    assert everything(log) == bodies(some[1:], receipts)


def test_a_commit_that_fails_is_told_to_all_and_leaves_nothing(
    log: SqliteEventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = drafts(3)
    with monkeypatch.context() as broken:
        broken.setattr(sql, "ADD_FACETS", "NO SUCH STATEMENT")
        with _held_up(log):
            futures = [log.publish([draft]) for draft in some]
        for future in futures:
            with pytest.raises(LogError, match=str(log.path)):
                future.result()
    assert everything(log) == []
    receipts = log.publish(some).result()
    assert not any(receipt.duplicate for receipt in receipts)
    assert everything(log) == bodies(some, receipts)


def test_a_call_larger_than_a_milliseconds_positions_is_refused(
    log: SqliteEventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "MOST_DRAFTS", 2)
    with pytest.raises(LogError, match="3 drafts are too many"):
        log.publish(drafts(3))
    assert len(log.publish(drafts(2)).result()) == 2


def test_names_that_could_not_be_read_again_keep_their_numbers(
    log: SqliteEventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rollback on a bad disk may leave none in memory; they are in the file."""
    some = drafts(10)
    log.publish(some).result()
    with monkeypatch.context() as broken:
        broken.setattr(sql, "KINDS", "UNREADABLE")
        with pytest.raises(apsw.Error):
            log._writer.names.reload()
    log.publish(drafts(10)).result()
    assert log.verify().faults == ()
