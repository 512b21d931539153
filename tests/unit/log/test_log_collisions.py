"""Keys are short: contacts that share one are still told apart."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from log_samples import CUSTOMER

from estampe.demo import Generator
from estampe.events import decode, facets
from estampe.log import Query, SqliteEventLog, entry, scan, segment, selection

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVENTS = 200


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqliteEventLog]:
    """A log in which all contacts have the same key, and each frame holds one event."""
    for module in (entry, selection):
        monkeypatch.setattr(module, "contact_key", lambda contact: 7 if contact else 0)
        monkeypatch.setattr(module, "hash_key", lambda unicity_hash: 9 if unicity_hash else 0)
    monkeypatch.setattr(segment, "FRAME_BYTES", 1)
    monkeypatch.setattr(scan, "FIRST_ROWS", 5)
    with closing(SqliteEventLog(tmp_path / "028.db", CUSTOMER)) as log:
        log.import_history(map(decode, Generator(1, CUSTOMER.name).events(EVENTS, 1_600_000_000_000, 1)))
        yield log


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize("sort", [None, "asc", "desc"])
def test_contacts_that_share_a_key_are_told_apart(log: SqliteEventLog, sort: str | None, *, sealed: bool) -> None:
    everything = b"".join(log.scan(Query(sort="asc"))).splitlines()
    contact = facets(decode(everything[-1])).contact
    expected = [line for line in everything if facets(decode(line)).contact == contact]
    if sealed:
        assert log._history.seal_oldest() == EVENTS
    query = Query(contact=contact, sort=sort)
    assert sorted(b"".join(log.scan(query)).splitlines()) == sorted(expected)
    assert len(b"".join(log.scan(Query(contact=contact, limit=1))).splitlines()) == 1
