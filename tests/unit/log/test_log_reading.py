"""Readers that are slow or stop halfway: writers go on, the WAL stays short, memory stays flat."""

from __future__ import annotations

import time
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from log_samples import bodies, drafts

from estampe.log import Query, SqliteEventLog, keeper, scan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WAL = 256 << 10
PATIENCE_S = 20.0


def _wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


@pytest.fixture
def short_wal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkpoint early and often."""
    monkeypatch.setattr(keeper, "WAL_BYTES", WAL // 4)
    monkeypatch.setattr(keeper, "LONG_WAL_BYTES", WAL)
    monkeypatch.setattr(keeper, "PAUSE_S", 0.005)
    monkeypatch.setattr(scan, "FIRST_CHUNK_BYTES", 1)


@pytest.mark.usefixtures("short_wal", "small_segments")
@pytest.mark.parametrize("sealed", [False, True], ids=["rows", "segments"])
@pytest.mark.parametrize("sort", [None, "asc", "desc"])
def test_a_reader_that_stops_halfway_holds_nobody_up(
    log: SqliteEventLog, path: Path, sort: str | None, *, sealed: bool
) -> None:
    """Nor does it miss anything when it goes on, long after."""
    some = drafts(300)
    expected = bodies(some, log.publish(some).result())
    while sealed and log._history.seal_oldest():
        pass
    chunks = iter(log.scan(Query(sort=sort)))
    read = next(chunks)
    wal = path.with_name(path.name + "-wal")
    for _ in range(8):
        for _ in range(6):
            log.publish(drafts(10, padding=2000)).result()
        _publish_until_the_wal_starts_anew(log, wal)
    read += b"".join(chunks)
    lines = read.splitlines()
    if sort is None:
        assert sorted(lines) == sorted(expected)
    else:
        assert lines == (expected if sort == "asc" else expected[::-1])


def _publish_until_the_wal_starts_anew(log: SqliteEventLog, wal: Path) -> None:
    """Its file does not shrink; that it stops growing shows that it is used anew."""
    deadline = time.monotonic() + PATIENCE_S
    unchanged = 0
    while unchanged < 3:
        assert time.monotonic() < deadline, "the WAL grows for ever"
        before = wal.stat().st_size
        log.publish(drafts(5, padding=2000)).result()
        unchanged = unchanged + 1 if wal.stat().st_size == before else 0
        time.sleep(0.005)


@pytest.mark.parametrize("sealed", [False, True], ids=["rows", "segments"])
@pytest.mark.parametrize("sort", [None, "asc", "desc"])
def test_a_scan_holds_a_chunk_and_a_segment_at_most(
    log: SqliteEventLog, monkeypatch: pytest.MonkeyPatch, sort: str | None, *, sealed: bool
) -> None:
    monkeypatch.setattr("estampe.log.history.SEGMENT_EVENTS", 200)
    monkeypatch.setattr(scan, "CHUNK_BYTES", 64 << 10)
    for _ in range(10):
        log.publish(drafts(200, padding=2000)).result()
    while sealed and log._history.seal_oldest():
        pass
    tracemalloc.start()
    try:
        total = sum(map(len, log.scan(Query(sort=sort))))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert total > 4 << 20
    assert peak < 2 << 20
