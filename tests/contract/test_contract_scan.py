"""Scans: every filter, sort, limit and edge of a window, over new events, old ones, and both."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from activity import HASH, SETS, STAMP_TIMES, lines, unpack
from hypothesis import given, settings
from hypothesis import strategies as st
from queries import changed, named, queries
from stored import EVENTS, START_MS

from estampe.log import Clause, EventLog, Query
from estampe.verdicts import HitClass

if TYPE_CHECKING:
    from stored import Stored

SORTS = (None, "asc", "desc")
HITS = ("hit",)
ROBOTS = (HitClass.MPP, HitClass.GSR, HitClass.GENERIC_ROBOT)
TIMES = st.integers(START_MS - 3, START_MS + EVENTS // 3 + 3)

SINGLE_FILTERS = [
    Query(),
    Query(types=("hit",)),
    Query(types=("hit", "bounce")),
    Query(subtypes=("open", "hard")),
    Query(channel="sms"),
    Query(action="000PE4"),
    Query(action="17"),
    Query(contact="C2"),
    Query(hash=HASH),
    Query(hash=HASH.upper()),
    Query(contact="C2", hash=HASH),
    Query(types=("activation", "hit", "bounce"), action="000PE4", contact="C2", channel="email"),
    Query(start_ms=START_MS + 10, end_ms=START_MS + 40),
    Query(start_ms=START_MS + 10, end_ms=START_MS + 40, types=("hit",)),
    Query(start_ms=START_MS + 10, end_ms=START_MS + 60, action="000PE5", contact="C2"),
    Query(activation_start_ms=STAMP_TIMES[2], activation_end_ms=STAMP_TIMES[3]),
    Query(activation_end_ms=STAMP_TIMES[2], types=HITS),
    Query(activation_start_ms=STAMP_TIMES[2], start_ms=START_MS + 10, end_ms=START_MS + 60),
    Query(set=SETS[1]),
    Query(set=SETS[1], types=HITS, channel="sms"),
    Query(classes=(HitClass.HUMAN,)),
    Query(classes=ROBOTS),
    Query(classes=(HitClass.MPP,), action="000PE4"),
    Query(classes=(HitClass.HUMAN,), subtypes=("open", "form"), contact="C2"),
    Query(clauses=(Clause(types=HITS),)),
    Query(clauses=(Clause(types=HITS, subtypes=("open",), actions=("000PE4", "17")), Clause(types=("bounce",)))),
    Query(clauses=(Clause(channel="sms"), Clause(types=HITS), Clause(subtypes=("open",)))),
    Query(clauses=(Clause(channel="sms"), Clause(actions=("000PE4",))), set=SETS[2], types=HITS),
    Query(annotate=True),
    Query(annotate=True, types=HITS, classes=ROBOTS),
    Query(annotate=True, hash=HASH),
]


@given(query=queries(TIMES))
@settings(max_examples=200, deadline=None)
def test_a_scan_gives_what_is_asked_for(stored: Stored, query: Query) -> None:
    stored.check(query)


@pytest.mark.parametrize("limit", [None, 5])
@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("single", SINGLE_FILTERS, ids=named)
def test_each_filter_selects(stored: Stored, single: Query, sort: str | None, limit: int | None) -> None:
    query = changed(single, sort=sort, limit=limit)
    assert stored.selected(query)
    stored.check(query)


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("types", [(), ("hit",)], ids=["all", "hits"])
@pytest.mark.parametrize("time_ms", [START_MS - 1, START_MS, START_MS + 13, START_MS + EVENTS // 3 - 1])
def test_a_window_begins_at_its_start_and_ends_before_its_end(
    stored: Stored, time_ms: int, types: tuple[str, ...], sort: str | None
) -> None:
    before = lines(stored.log, Query(end_ms=time_ms, types=types, sort=sort))
    behind = lines(stored.log, Query(start_ms=time_ms, types=types, sort=sort))
    assert Counter(before + behind) == Counter(stored.selected(Query(types=types)))
    assert all(b'"timestamp":%d,' % time_ms not in body for body in before)
    for start_ms, end_ms in ((time_ms, time_ms + 1), (time_ms, time_ms), (time_ms, time_ms - 5)):
        stored.check(Query(start_ms=start_ms, end_ms=end_ms, types=types, sort=sort))


@pytest.mark.parametrize("bound_ms", [-(2**63), -1, 0, 2**63 - 1])
def test_bounds_may_lie_anywhere(stored: Stored, bound_ms: int) -> None:
    stored.check(Query(start_ms=bound_ms, sort="asc"))
    stored.check(Query(end_ms=bound_ms, sort="desc"))


@given(query=queries(TIMES))
@settings(max_examples=100, deadline=None)
def test_frames_are_the_same_lines_packed(stored: Stored, query: Query) -> None:
    found = unpack(b"".join(stored.log.scan(query).frames())).splitlines()
    plain = lines(stored.log, query)
    assert found == plain if query.sort else Counter(found) == Counter(plain)


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("action", [None, "000PE4"])
def test_chunks_are_whole_events_and_never_empty(stored: Stored, sort: str | None, action: str | None) -> None:
    chunks = list(stored.log.scan(Query(sort=sort, action=action)))
    assert len(chunks) > 2
    assert all(chunk.startswith(b'{"type":') and chunk.endswith(b"}\n") for chunk in chunks)


def test_every_frame_opens_by_itself(stored: Stored) -> None:
    for chunk in stored.log.scan(Query()).frames():
        assert unpack(chunk).endswith(b"}\n")


@pytest.mark.parametrize("sort", SORTS)
def test_scans_do_not_disturb_each_other(stored: Stored, sort: str | None) -> None:
    expected = lines(stored.log, Query(sort=sort))
    first, second = iter(stored.log.scan(Query(sort=sort))), iter(stored.log.scan(Query(sort=sort)))
    interleaved = list(zip(first, second, strict=True))
    assert b"".join(chunk for chunk, _ in interleaved).splitlines() == expected
    assert b"".join(chunk for _, chunk in interleaved).splitlines() == expected


@pytest.mark.parametrize(
    "query", [Query(), Query(sort="asc", types=("hit",)), Query(sort="desc", contact="C2")], ids=str
)
def test_a_scan_of_an_empty_log_gives_no_chunk(log: EventLog, query: Query) -> None:
    assert list(log.scan(query)) == []
    assert list(log.scan(query).frames()) == []
