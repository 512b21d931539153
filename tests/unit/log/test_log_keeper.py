"""The keeper seals in the background, and a crash in the middle of it loses and doubles nothing."""

from __future__ import annotations

import logging
import random
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from log_samples import CUSTOMER, bodies, drafts, everything

from estampe.log import LogFull, Query, SqliteEventLog, history, keeper, sqlite

PATIENCE_S = 20.0
KILLS = 5
HERE = Path(__file__).parent


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep forty rows, seal twenty at a time."""
    for module in (keeper, sqlite):
        monkeypatch.setattr(module, "RECENT_EVENTS", 40)
        monkeypatch.setattr(module, "SEGMENT_EVENTS", 20)
    monkeypatch.setattr(history, "SEGMENT_EVENTS", 20)
    monkeypatch.setattr(keeper, "PAUSE_S", 0.01)


def _wait_for_rows(log: SqliteEventLog, most: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while len(log._writer.seen.recent) > most:
        assert time.monotonic() < deadline, "nothing was sealed"
        time.sleep(0.005)


@pytest.mark.usefixtures("eager")
def test_old_rows_are_sealed_and_the_newest_stay_rows(log: SqliteEventLog) -> None:
    expected: list[bytes] = []
    for _ in range(30):
        some = drafts(7)
        expected += bodies(some, log.publish(some).result())
    _wait_for_rows(log, 59)
    assert len(log._writer.seen.recent) >= 40
    assert everything(log) == expected
    findings = log.verify()
    assert findings.faults == ()
    assert findings.sealed == 210 - len(log._writer.seen.recent)


@pytest.mark.usefixtures("eager")
def test_what_fails_is_logged_and_tried_again(
    log: SqliteEventLog, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    seal, failures = log._history.seal_oldest, iter([LogFull("No room.")])

    def failing_once() -> int:
        for failure in failures:
            raise failure
        return seal()

    monkeypatch.setattr(log._history, "seal_oldest", failing_once)
    with caplog.at_level(logging.ERROR):
        log.publish(drafts(100)).result()
        _wait_for_rows(log, 59)
    assert [record.message for record in caplog.records] == ["could not seal or checkpoint; will try again"]


def test_giving_room_back_waits_for_a_checkpoint_that_runs(
    log: SqliteEventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite refuses a second checkpoint at once, whatever the busy timeout."""
    monkeypatch.setattr(keeper, "WAL_BYTES", 0)
    monkeypatch.setattr(keeper, "PAUSE_S", 0)
    for _ in range(5):
        log.publish(drafts(10, padding=100_000)).result()
        log._keeper.wake()
        log.compact()


def test_a_long_reader_does_not_keep_room_from_being_given_back(log: SqliteEventLog) -> None:
    log.publish(drafts(10)).result()
    log._writer.run(lambda connection: connection.set_busy_timeout(1), in_transaction=False)
    with log._reader.snapshot() as connection:
        connection.execute("SELECT * FROM state").fetchall()
        log.compact()


SEALING = """
import pathlib, sys
sys.path.insert(0, sys.argv[1])
from log_samples import CUSTOMER, drafts
from estampe.log import SqliteEventLog, history
history.SEGMENT_EVENTS = 20
log = SqliteEventLog(pathlib.Path(sys.argv[2]), CUSTOMER)
while True:
    receipts = log.publish(drafts(30)).result()
    print(*[receipt.id for receipt in receipts], flush=True)
    while log._history.seal_oldest():
        pass
    log._history.open_small()
"""


def _killed_while_sealing(path: Path, after_s: float) -> list[str]:
    """Return the ids that were acknowledged before the kill."""
    with subprocess.Popen(
        [sys.executable, "-c", SEALING, str(HERE), str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        acknowledged = process.stdout.readline()
        time.sleep(after_s)
        process.kill()
        lines = (acknowledged + process.stdout.read()).splitlines(keepends=True)
    return [event_id for line in lines if line.endswith("\n") for event_id in line.split()]


def test_a_crash_while_sealing_loses_and_doubles_nothing(path: Path) -> None:
    acknowledged: list[str] = []
    for _ in range(KILLS):
        acknowledged += _killed_while_sealing(path, random.uniform(0, 0.1))  # noqa: S311  any moment will do
        with closing(SqliteEventLog(path, CUSTOMER)) as log:
            assert log.verify().faults == ()
            followed = Counter(msgspec.json.decode(body)["id"] for body in everything(log))
            scanned = Counter(msgspec.json.decode(body)["id"] for body in b"".join(log.scan(Query())).splitlines())
        assert followed == scanned
        assert set(followed.values()) == {1}
        assert set(acknowledged) <= followed.keys()
