"""Scans by activation, set, clause and class, and hits with their classification."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

import msgspec
import pytest
from activity import JUDGEMENTS, SETS, STAMP_TIMES, Activity, bodies, lines, selected, unpack
from queries import NEVER, changed, named

from estampe.events import decode, facets
from estampe.log import Clause, EventLog, Query
from estampe.verdicts import HitClass

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    from engines import Engine
    from stored import Stored

    from estampe.verdicts import Classification

SORTS = (None, "asc", "desc")
HITS = ("hit",)


@pytest.mark.parametrize("time_ms", STAMP_TIMES)
@pytest.mark.parametrize("sort", SORTS)
def test_an_activation_window_begins_at_its_start_and_ends_before_its_end(
    stored: Stored, time_ms: int, sort: str | None
) -> None:
    begun = lines(stored.log, Query(activation_start_ms=time_ms, sort=sort))
    over = lines(stored.log, Query(activation_end_ms=time_ms, sort=sort))
    activated = [body for body in stored.bodies if facets(decode(body)).activation_time_ms is not None]
    assert Counter(begun + over) == Counter(activated)
    assert any(facets(decode(body)).activation_time_ms == time_ms for body in begun)
    assert not any(facets(decode(body)).activation_time_ms == time_ms for body in over)


@pytest.mark.parametrize("before_ms", [0, 1])
@pytest.mark.parametrize("behind_ms", [0, 1])
@pytest.mark.parametrize("time_ms", STAMP_TIMES[1:-1])
def test_an_activation_window_is_exact_to_the_millisecond(
    stored: Stored, time_ms: int, before_ms: int, behind_ms: int
) -> None:
    query = Query(activation_start_ms=time_ms - before_ms, activation_end_ms=time_ms + behind_ms)
    stored.check(query)
    found = {facets(decode(body)).activation_time_ms for body in lines(stored.log, query)}
    assert (time_ms in found) == bool(behind_ms)


@pytest.mark.parametrize("bound_ms", [-(2**63), -1, 2**63 - 1])
def test_bounds_of_activation_may_lie_anywhere(stored: Stored, bound_ms: int) -> None:
    stored.check(Query(activation_start_ms=bound_ms, sort="asc"))
    stored.check(Query(activation_end_ms=bound_ms, sort="desc"))


@pytest.mark.parametrize("kind", ["execution", "cancellation", "creation"])
def test_an_event_without_an_activation_is_of_no_activation_window(stored: Stored, kind: str) -> None:
    assert lines(stored.log, Query(types=(kind,)))
    assert lines(stored.log, Query(types=(kind,), activation_start_ms=-(2**63))) == []
    assert lines(stored.log, Query(types=(kind,), activation_end_ms=2**63 - 1)) == []


@pytest.mark.parametrize("sort", SORTS)
def test_clauses_that_overlap_give_each_event_once(stored: Stored, sort: str | None) -> None:
    clauses = (Clause(), Clause(types=HITS), Clause(types=("hit", "bounce")), Clause(subtypes=("open",)), Clause())
    found = lines(stored.log, Query(clauses=clauses, sort=sort))
    assert Counter(found) == Counter(stored.bodies)


@pytest.mark.parametrize(
    "clause",
    [
        Clause(channel="display"),
        Clause(types=(NEVER,)),
        Clause(subtypes=(NEVER,)),
        Clause(actions=(NEVER,)),
        Clause(types=(NEVER, "hit"), subtypes=("hard",)),
        Clause(types=HITS, actions=(NEVER,)),
    ],
    ids=named,
)
def test_a_clause_of_what_never_happened_adds_nothing(stored: Stored, clause: Clause) -> None:
    assert lines(stored.log, Query(clauses=(clause,))) == []
    for others in ((clause, Clause(types=HITS)), (Clause(types=HITS), clause), (clause, clause)):
        stored.check(Query(clauses=others, sort="asc"))


def test_a_thousand_clauses_may_be_asked(stored: Stored) -> None:
    clauses = [Clause(types=HITS, actions=(f"{number:06}", "000PE4")) for number in range(1_000)]
    stored.check(Query(clauses=tuple(clauses), sort="asc"))


@pytest.mark.parametrize("hit_class", HitClass)
def test_classes_select_hits_alone(stored: Stored, hit_class: HitClass) -> None:
    found = lines(stored.log, Query(classes=(hit_class,)))
    assert found
    assert {decode(body).type for body in found} == {"hit"}


def test_all_classes_together_are_all_hits(stored: Stored) -> None:
    found = lines(stored.log, Query(classes=tuple(HitClass), sort="asc"))
    assert found == lines(stored.log, Query(types=HITS, sort="asc"))
    assert lines(stored.log, Query(classes=tuple(HitClass), types=("bounce",))) == []


def test_annotated_hits_end_with_their_classification_and_the_rest_stays_as_it_is(stored: Stored) -> None:
    plain, annotated = (lines(stored.log, Query(sort="asc", annotate=annotate)) for annotate in (False, True))
    shown: set[Classification | None] = set()
    for body, shown_body in zip(plain, annotated, strict=True):
        event = decode(body)
        if event.type != "hit":
            assert shown_body == body
            continue
        head, _, tail = shown_body.rpartition(b',"classification":')
        assert head + b"}" == body
        assert tail == msgspec.json.encode(stored.judged.get(event.id)) + b"}"
        shown.add(stored.judged.get(event.id))
    assert shown == set(JUDGEMENTS)


@pytest.mark.parametrize("sort", SORTS)
def test_chunks_of_annotated_hits_are_whole_events(stored: Stored, sort: str | None) -> None:
    for types in ((), HITS):
        chunks = list(stored.log.scan(Query(sort=sort, types=types, annotate=True)))
        assert all(chunk.startswith(b'{"type":') and chunk.endswith(b"}\n") for chunk in chunks)


CHANGING = [
    Query(),
    Query(annotate=True),
    Query(types=HITS, annotate=True),
    Query(classes=(HitClass.HUMAN,)),
    Query(classes=(HitClass.MPP, HitClass.GSR), annotate=True),
    Query(activation_start_ms=STAMP_TIMES[2], activation_end_ms=STAMP_TIMES[4]),
    Query(set=SETS[1]),
    Query(clauses=(Clause(types=HITS, subtypes=("open",)), Clause(channel="sms"))),
    Query(hash="0" * 32),
]


@pytest.mark.parametrize("framed", [False, True], ids=["chunks", "frames"])
@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("query", CHANGING, ids=named)
def test_a_scan_is_right_while_its_events_are_put_away(
    engine: Engine, tmp_path: Path, query: Query, sort: str | None, *, framed: bool
) -> None:
    activity = Activity()
    drafts = activity.drafts(150)
    judgements = activity.judgements(drafts)
    with closing(engine.open(tmp_path)) as log:
        receipts = log.publish(drafts[:60], judgements[:60]).result()
        engine.settle(log)
        receipts += log.publish(drafts[60:], judgements[60:]).result()
        judged = {receipt.id: judgement for receipt, judgement in zip(receipts, judgements, strict=True) if judgement}
        _check_while_settling(engine, log, changed(query, sort=sort), bodies(drafts, receipts), judged, framed=framed)


def _check_while_settling(  # noqa: PLR0913  a whole case
    engine: Engine,
    log: EventLog,
    query: Query,
    stored: list[bytes],
    judged: dict[UUID, Classification],
    *,
    framed: bool,
) -> None:
    scan = log.scan(query)
    chunks = iter(scan.frames() if framed else scan)
    read = [chunk for chunk in (next(chunks, b""),) if chunk]
    engine.settle(log)
    read += chunks
    found = (unpack(b"".join(read)) if framed else b"".join(read)).splitlines()
    expected = selected(stored, query, judged)
    assert found == expected if query.sort else Counter(found) == Counter(expected)
