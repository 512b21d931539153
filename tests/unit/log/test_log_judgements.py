"""What is judged of hits is kept in short transactions, and nothing of it is left over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from log_samples import drafts

from estampe.log import Counting, Query, sqlite, store
from estampe.verdicts import Classification, HitClass, Signal

if TYPE_CHECKING:
    from estampe.log import SqliteEventLog

GSR = Classification(hit_class=HitClass.GSR, evidence=(Signal(name="network", weight=1, seen="first"),))
MPP = Classification(hit_class=HitClass.MPP, evidence=(Signal(name="network", weight=1, seen="second"),))


def _mixed(log: SqliteEventLog) -> tuple[list[int], int]:
    """Publish events, some of them sealed; return their positions, and those of none, and how many are hits."""
    some = drafts(200)
    receipts = log.publish(some[:100]).result()
    log._history.seal_oldest()
    receipts += log.publish(some[100:]).result()
    positions = [receipt.position for receipt in receipts]
    nowhere = [0, positions[0] - 1, positions[50] + 1000, positions[-1] + 1]
    return positions + nowhere, sum(draft.type == "hit" for draft in some)


@pytest.mark.parametrize("at_once", [1, 7, 10_000])
def test_hits_are_judged_wherever_they_are(log: SqliteEventLog, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(sqlite, "JUDGED_AT_ONCE", at_once)
    positions, hits = _mixed(log)
    assert log.classify(dict.fromkeys(positions, GSR)) == hits
    assert log.classify(dict.fromkeys(positions, GSR)) == 0
    assert sum(chunk.count(b"\n") for chunk in log.scan(Query(classes=(HitClass.GSR,)))) == hits
    assert [count.events for count in log.counts(Counting(by=("trait",))) if count.facets == ("gsr",)] == [hits]
    assert log.verify().faults == ()


@pytest.mark.usefixtures("small_segments")
def test_hits_of_many_segments_are_judged_at_once(log: SqliteEventLog) -> None:
    some = drafts(150)
    positions = [receipt.position for receipt in log.publish(some).result()]
    for _ in range(5):
        log._history.seal_oldest()
    judged = positions[10:130]
    assert log.classify(dict.fromkeys(judged, MPP)) == sum(draft.type == "hit" for draft in some[10:130])
    assert log.verify().faults == ()


def test_compacting_drops_what_is_said_of_no_hit_any_more(log: SqliteEventLog) -> None:
    positions, hits = _mixed(log)
    assert hits
    for judgement in (GSR, MPP):
        log.classify(dict.fromkeys(positions, judgement))
    log.compact()
    with log._reader.snapshot() as connection:
        assert [said for (said,) in store.rows(connection, "SELECT json FROM verdicts") if "first" in said] == []
    assert sum(chunk.count(b"second") for chunk in log.scan(Query(annotate=True))) == hits
    assert log.verify().faults == ()
