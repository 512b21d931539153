"""Scans stay exact while what they read is sealed."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import msgspec
import pytest

from estampe.catalog import parse_customer
from estampe.demo import Generator
from estampe.events import decode
from estampe.log import Query, SqliteEventLog, scan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CUSTOMER = parse_customer("DEMO/028")
EVENTS = 300


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteEventLog]:
    with closing(SqliteEventLog(tmp_path / "028.db", CUSTOMER)) as log:
        log.import_history(map(decode, Generator(1, CUSTOMER.name).events(EVENTS, 1_600_000_000_000, 1)))
        yield log


@pytest.mark.parametrize(
    "query",
    [
        Query(),
        Query(sort="asc"),
        Query(sort="desc"),
        Query(sort="asc", limit=EVENTS - 1),
        Query(sort="asc", types=("activation", "hit")),
        Query(sort="desc", types=("activation", "hit")),
    ],
    ids=str,
)
def test_rows_sealed_in_the_middle_of_a_scan_are_read_once(
    log: SqliteEventLog, monkeypatch: pytest.MonkeyPatch, query: Query
) -> None:
    monkeypatch.setattr(scan, "FIRST_CHUNK_BYTES", 1)
    expected = b"".join(log.scan(query))
    chunks = iter(log.scan(query))
    begun = next(chunks)
    assert 0 < begun.count(b"\n") < EVENTS / 2
    assert log._history.seal_oldest() == EVENTS
    read = begun + b"".join(chunks)
    if query.sort is None:
        assert sorted(read.splitlines()) == sorted(expected.splitlines())
    else:
        assert read == expected
    assert len({msgspec.json.decode(line)["id"] for line in read.splitlines()}) == read.count(b"\n")
