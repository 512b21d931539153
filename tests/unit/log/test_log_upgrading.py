"""A log that an older version wrote is brought to today's format when it is opened for writing."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import apsw
import pytest
from log_samples import CUSTOMER, PAST_MS, drafts, everything

from estampe.log import Counting, OlderLog, Query, SqliteEventLog, SqliteLogReader, path_of

if TYPE_CHECKING:
    from pathlib import Path

TO_THE_FIRST = """
DROP TABLE activation_keys; DROP TABLE verdicts; DROP TABLE classifications;
DROP TABLE counts; DROP TABLE reactors; DROP TABLE audiences;
ALTER TABLE facets DROP COLUMN set_key; ALTER TABLE facets DROP COLUMN activation_ms;
PRAGMA user_version = 1;
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Return a file of the first format, half of its events sealed."""
    path = path_of(tmp_path, CUSTOMER)
    with closing(SqliteEventLog(path, CUSTOMER)) as log:
        log.publish(drafts(300)).result()
        log._history.seal_oldest()
        log.publish(drafts(300)).result()
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute(TO_THE_FIRST)
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
