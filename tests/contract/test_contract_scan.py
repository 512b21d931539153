"""Scans: every filter, sort, limit and edge of a window, over new events, old ones, and both."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

import pytest
import zstandard
from activity import ACTIONS, HASH, OTHER_HASH, VARIANTS, Activity, lines, selected
from hypothesis import given, settings
from hypothesis import strategies as st

from estampe.events import encode
from estampe.log import EventLog, Query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engines import Engine

START_MS = 1_600_000_000_000
EVENTS = 240
TYPES = sorted({name for name, _ in VARIANTS})
SUBTYPES = ["open", "redirection", "hard", "soft", "redlisted target", "link", ""]

times = st.none() | st.integers(START_MS - 3, START_MS + EVENTS // 3 + 3)
queries = st.builds(
    Query,
    start_ms=times,
    end_ms=times,
    types=st.just(()) | st.lists(st.sampled_from([*TYPES, "none"]), max_size=3).map(tuple),
    subtypes=st.just(()) | st.lists(st.sampled_from([*SUBTYPES, "none"]), max_size=3).map(tuple),
    channel=st.sampled_from([None, None, "email", "sms", "display"]),
    action=st.sampled_from([None, None, *map(str, ACTIONS), "NONE"]),
    contact=st.sampled_from([None, None, None, "C1", "C2", "C3"]),
    hash=st.sampled_from([None, None, None, HASH, OTHER_HASH, HASH.upper(), "0" * 32]),
    sort=st.sampled_from([None, "asc", "desc"]),
    limit=st.sampled_from([None, None, 0, 1, 7, EVENTS, 10_000]),
)
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
    Query(types=("activation", "hit", "bounce"), action="000PE4", contact="C2", channel="sms"),
    Query(start_ms=START_MS + 10, end_ms=START_MS + 40),
    Query(start_ms=START_MS + 10, end_ms=START_MS + 40, types=("hit",)),
    Query(start_ms=START_MS + 10, end_ms=START_MS + 40, action="000PE5", contact="C2"),
]


class Stored(NamedTuple):
    """A log, and what is in it by position."""

    log: EventLog
    bodies: list[bytes]


@pytest.fixture(scope="module", params=["new", "old", "both"])
def stored(
    request: pytest.FixtureRequest, engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stored]:
    """Three events a millisecond; `both` has old ones, new ones, and new ones before, between and behind the old."""
    events = Activity().events(START_MS + number // 3 for number in range(EVENTS))
    first = events if request.param != "both" else [*events[12:39], *events[69:111]]
    with closing(engine.open(tmp_path_factory.mktemp("scans"))) as log:
        log.import_history(first)
        if request.param != "new":
            engine.settle(log)
        log.import_history(events)
        yield Stored(log, [encode(event) for event in events])


def _check(stored: Stored, query: Query) -> None:
    expected = selected(stored.bodies, query)
    found = lines(stored.log, query)
    if query.sort:
        assert found == expected[: query.limit]
    else:
        assert len(found) == len(expected[: query.limit])
        assert Counter(found) <= Counter(expected)


@given(query=queries)
@settings(max_examples=120, deadline=None)
def test_a_scan_gives_what_is_asked_for(stored: Stored, query: Query) -> None:
    _check(stored, query)


@pytest.mark.parametrize("limit", [None, 5])
@pytest.mark.parametrize("sort", [None, "asc", "desc"])
@pytest.mark.parametrize("single", SINGLE_FILTERS, ids=str)
def test_each_filter_selects(stored: Stored, single: Query, sort: str | None, limit: int | None) -> None:
    query = Query(
        **{**{name: getattr(single, name) for name in single.__struct_fields__}, "sort": sort, "limit": limit}
    )
    assert selected(stored.bodies, query)
    _check(stored, query)


@pytest.mark.parametrize("sort", [None, "asc", "desc"])
@pytest.mark.parametrize("types", [(), ("hit",)], ids=["all", "hits"])
@pytest.mark.parametrize("time_ms", [START_MS - 1, START_MS, START_MS + 13, START_MS + EVENTS // 3 - 1])
def test_a_window_begins_at_its_start_and_ends_before_its_end(
    stored: Stored, time_ms: int, types: tuple[str, ...], sort: str | None
) -> None:
    before = lines(stored.log, Query(end_ms=time_ms, types=types, sort=sort))
    behind = lines(stored.log, Query(start_ms=time_ms, types=types, sort=sort))
    assert Counter(before + behind) == Counter(selected(stored.bodies, Query(types=types)))
    assert all(b'"timestamp":%d,' % time_ms not in body for body in before)
    for start_ms, end_ms in ((time_ms, time_ms + 1), (time_ms, time_ms), (time_ms, time_ms - 5)):
        _check(stored, Query(start_ms=start_ms, end_ms=end_ms, types=types, sort=sort))


@pytest.mark.parametrize("bound_ms", [-(2**63), -1, 0, 2**63 - 1])
def test_bounds_may_lie_anywhere(stored: Stored, bound_ms: int) -> None:
    _check(stored, Query(start_ms=bound_ms, sort="asc"))
    _check(stored, Query(end_ms=bound_ms, sort="desc"))


@given(query=queries)
@settings(max_examples=60, deadline=None)
def test_frames_are_the_same_lines_packed(stored: Stored, query: Query) -> None:
    packed = b"".join(stored.log.scan(query).frames())
    with zstandard.ZstdDecompressor().stream_reader(BytesIO(packed), read_across_frames=True) as reader:
        found = reader.read().splitlines()
    plain = lines(stored.log, query)
    assert found == plain if query.sort else Counter(found) == Counter(plain)


@pytest.mark.parametrize("sort", [None, "asc", "desc"])
@pytest.mark.parametrize("action", [None, "000PE4"])
def test_chunks_are_whole_events_and_never_empty(stored: Stored, sort: str | None, action: str | None) -> None:
    chunks = list(stored.log.scan(Query(sort=sort, action=action)))
    assert len(chunks) > 2
    assert all(chunk.startswith(b'{"type":') and chunk.endswith(b"}\n") for chunk in chunks)


def test_every_frame_opens_by_itself(stored: Stored) -> None:
    for chunk in stored.log.scan(Query()).frames():
        with zstandard.ZstdDecompressor().stream_reader(BytesIO(chunk), read_across_frames=True) as reader:
            assert reader.read().endswith(b"}\n")


@pytest.mark.parametrize("sort", [None, "asc", "desc"])
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
