"""A log that an older version wrote is brought to today's format when it is opened for writing."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from log_samples import CUSTOMER, PAST_MS, drafts, everything, to_the_first_format

from estampe.log import Counting, OlderLog, Query, SqliteEventLog, SqliteLogReader, path_of, store

if TYPE_CHECKING:
    from pathlib import Path

    import apsw


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Return a file of the first format, half of its events sealed."""
    path = path_of(tmp_path, CUSTOMER)
    with closing(SqliteEventLog(path, CUSTOMER)) as log:
        log.publish(drafts(300)).result()
        log._history.seal_oldest()
        log.publish(drafts(300)).result()
    to_the_first_format(path)
    return path


def test_an_old_log_is_read_only_after_it_was_opened_for_writing(old: Path) -> None:
    with pytest.raises(OlderLog, match="run `estampe serve`"):
        SqliteLogReader(old, CUSTOMER)
    with closing(SqliteEventLog(old, CUSTOMER)):
        pass
    with closing(SqliteLogReader(old, CUSTOMER)) as log:
        assert len(everything(log)) == 600


def test_all_that_is_new_is_made_of_the_old_events(old: Path) -> None:
    with closing(SqliteEventLog(old, CUSTOMER)) as log:
        assert log.verify().faults == ()
        log.publish(drafts(10)).result()
        assert log.verify().faults == ()
        assert sum(count.events for count in log.counts(Counting())) == 610
        activated = Query(activation_start_ms=PAST_MS, activation_end_ms=PAST_MS + 1, sort="asc")
        assert b"".join(log.scan(activated)).splitlines() == everything(log)


def test_an_upgrade_that_fails_leaves_the_log_as_it_was(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("estampe.log.sql.COUNTERS", "CREATE TABLE counts (a); NONSENSE")
        with pytest.raises(Exception, match="NONSENSE"):
            SqliteEventLog(old, CUSTOMER)
    with closing(SqliteEventLog(old, CUSTOMER)) as log:
        assert log.verify().faults == ()


def test_a_reader_that_takes_long_does_not_stop_an_upgrade(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = store.connect

    def impatient(path: Path, *, writing: bool = True, making: bool = False) -> apsw.Connection:
        connection = usual(path, writing=writing, making=making)
        connection.set_busy_timeout(1)
        return connection

    monkeypatch.setattr(store, "connect", impatient)
    with closing(usual(old, writing=False)) as reader:
        reader.execute("BEGIN")
        before = store.rows(reader, "SELECT * FROM facets")
        with closing(SqliteEventLog(old, CUSTOMER)) as log:
            assert log.verify().faults == ()
        assert store.rows(reader, "SELECT * FROM facets") == before
