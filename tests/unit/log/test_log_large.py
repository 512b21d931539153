"""Large events: what is in memory at a time is bounded by bytes, not by how many events there are."""

from __future__ import annotations

from functools import partial

import pytest
from log_samples import bodies, drafts, everything

from estampe.log import Query, SqliteEventLog, history, scan, sql, store, subscription

LARGE = 100_000
CHUNK = 150_000


@pytest.fixture(autouse=True)
def small_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold little at a time."""
    monkeypatch.setattr(scan, "CHUNK_BYTES", CHUNK)
    monkeypatch.setattr(subscription, "MOST_BYTES", CHUNK)
    monkeypatch.setattr(history, "SEGMENT_BYTES", 4 * LARGE)


@pytest.fixture
def expected(log: SqliteEventLog) -> list[bytes]:
    """Small events, then large ones, one of them larger than a chunk and a segment, then small ones."""
    some = [*drafts(400), *drafts(12, padding=LARGE), *drafts(1, padding=6 * LARGE), *drafts(100)]
    return bodies(some, log.publish(some).result())


def _segments(log: SqliteEventLog) -> list[int]:
    with log._reader.snapshot() as connection:
        return [events for _, _, _, events, *_ in store.rows(connection, sql.ALL_SEGMENTS)]


@pytest.mark.parametrize("sealed", [False, True], ids=["rows", "segments"])
@pytest.mark.parametrize("sort", ["asc", "desc"])
@pytest.mark.parametrize("limit", [None, 408])
def test_chunks_stay_small(
    log: SqliteEventLog, expected: list[bytes], sort: str, limit: int | None, *, sealed: bool
) -> None:
    if sealed:
        log.compact()
    chunks = list(log.scan(Query(sort=sort, limit=limit)))
    ordered = expected if sort == "asc" else expected[::-1]
    assert b"".join(chunks).splitlines() == ordered[:limit]
    assert max(len(chunk) - max(map(len, chunk.splitlines())) for chunk in chunks) < 3 * CHUNK


def test_followers_get_small_batches(log: SqliteEventLog, expected: list[bytes]) -> None:
    for _ in range(2):
        batches = list(iter(partial(log.subscribe(0).next, 0), ()))
        assert [placed.body for batch in batches for placed in batch] == expected
        assert max(sum(len(placed.body) for placed in batch[:-1]) for batch in batches) < CHUNK
        log.compact()


def test_segments_stay_small_and_an_event_may_be_larger(log: SqliteEventLog, expected: list[bytes]) -> None:
    for _ in range(2):
        log.compact()
        assert len(_segments(log)) > 3
        assert sum(_segments(log)) == len(expected)
        assert everything(log) == expected
        assert log.verify().faults == ()


def test_events_that_are_opened_again_are_not_written_anew(
    log: SqliteEventLog, expected: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    log.compact()
    monkeypatch.setattr("estampe.log.entry.encode", lambda _: b"another encoding")
    log._history.open_small()
    assert _segments(log) == []
    assert everything(log) == expected
