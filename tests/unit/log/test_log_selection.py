"""Selecting takes as little as the answer needs, however many clauses and names there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from log_samples import drafts

from estampe.log import Clause, Query, scan
from estampe.log.port import LAST_MS
from estampe.log.selection import Wanted, select

if TYPE_CHECKING:
    from estampe.log import SqliteEventLog


def _wanted(log: SqliteEventLog, query: Query) -> tuple[Wanted, ...] | None:
    with log._reader.snapshot() as connection:
        return select(connection, query, LAST_MS).wanted


def test_clauses_that_differ_by_their_actions_only_are_looked_for_as_one(log: SqliteEventLog) -> None:
    log.publish(drafts(100)).result()
    clauses = tuple(Clause(types=("hit",), actions=(f"A{number}",)) for number in range(1000))
    together = Clause(types=("hit",), actions=("A0", "A1", "A2"))
    assert _wanted(log, Query(clauses=clauses)) == _wanted(log, Query(clauses=(together,)))
    any_action = (*clauses, Clause(types=("hit",)))
    assert _wanted(log, Query(clauses=any_action)) == _wanted(log, Query(types=("hit",)))


@pytest.mark.parametrize("sort", ["asc", "desc"])
def test_a_short_list_of_a_contact_reads_no_more_events_than_it_gives(
    log: SqliteEventLog, monkeypatch: pytest.MonkeyPatch, sort: Any
) -> None:
    log.publish(drafts(300)).result()
    log._history.seal_oldest()
    read: list[bytes] = []
    usual = scan.read_event
    monkeypatch.setattr(scan, "read_event", lambda body: read.append(body) or usual(body))
    found = b"".join(log.scan(Query(contact="C3", sort=sort, limit=2)))
    assert read == found.splitlines()
    assert len(read) == 2
