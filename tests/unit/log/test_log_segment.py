"""Segments: what is sealed comes back, in both orders, and damage shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from estampe.log import segment
from estampe.log.keys import NO_ACTIVATION, activated_places, activation_bucket, bucket_of, id_key, places_of
from estampe.log.port import LAST_MS
from estampe.log.segment import Row, open_lines, open_order, open_places, open_positions, pack_places, seal

if TYPE_CHECKING:
    from estampe.log.keys import Packed

lines = st.binary(min_size=1, max_size=50).map(lambda line: line.replace(b"\n", b"n"))
keys = st.sampled_from([0, 1, 7, (1 << 48) - 1])


@st.composite
def rows(draw: st.DrawFn) -> list[Row]:
    """Return rows as they are sealed: by kind, action and position."""
    numbers = draw(st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=60, unique=True))
    made = [
        Row(
            position,
            draw(st.integers(1, 3)),
            draw(st.integers(1, 3)),
            number.to_bytes(16),
            draw(keys),
            draw(keys),
            draw(keys),
            draw(st.sampled_from([NO_ACTIVATION, 0, 5, 1 << 22, LAST_MS])),
            draw(lines),
        )
        for number, position in enumerate(numbers)
    ]
    return sorted(made, key=lambda row: (row.kind, row.action, row.position))


@pytest.fixture(autouse=True, scope="module")
def small_frames() -> object:
    """A few events a frame."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(segment, "FRAME_BYTES", 120)
        yield


@given(rows())
def test_frames_hold_the_events_and_their_positions(given_rows: list[Row]) -> None:
    frames = seal(given_rows).frames
    assert [line for frame in frames for line in open_lines(frame.lines)] == [row.body for row in given_rows]
    assert [each for frame in frames for each in open_positions(frame.positions)] == [row[0] for row in given_rows]
    assert [frame.place for frame in frames] == [
        sum(len(open_lines(earlier.lines)) for earlier in frames[:number]) for number in range(len(frames))
    ]


@given(rows())
def test_the_order_is_that_of_positions(given_rows: list[Row]) -> None:
    sealed = seal(given_rows)
    ordered = [given_rows[place].position for place in open_order(sealed.order)]
    assert ordered == sorted(row.position for row in given_rows)
    assert (sealed.first, sealed.last) == (ordered[0], ordered[-1])


@given(rows())
def test_runs_name_each_place_once(given_rows: list[Row]) -> None:
    told = [(run.kind, run.action) for run in seal(given_rows).runs for _ in range(run.length)]
    assert told == [(row.kind, row.action) for row in given_rows]
    assert len({(run.kind, run.action) for run in seal(given_rows).runs}) == len(seal(given_rows).runs)


@given(rows())
def test_ids_and_contacts_are_found(given_rows: list[Row]) -> None:
    sealed = seal(given_rows)
    assert list(sealed.ids) == [row.id for row in given_rows]
    for place, row in enumerate(given_rows):
        assert place in _places(sealed.id_keys, id_key(row.id))
        for key in filter(None, (row.contact_key, row.hash_key, row.set_key)):
            assert place in _places(sealed.contact_keys, key)
    assert _places(sealed.contact_keys, 0) == []


@given(rows(), st.integers(-1, 1 << 23), st.integers(-1, 1 << 23))
def test_events_are_found_by_the_time_of_their_activation(given_rows: list[Row], low_ms: int, high_ms: int) -> None:
    buckets = dict(seal(given_rows).activation_keys)
    low_ms, high_ms = max(low_ms, 0), max(high_ms, 0)
    found = [
        place
        for bucket, entries in buckets.items()
        if activation_bucket(low_ms) <= bucket <= activation_bucket(max(high_ms - 1, 0))
        for place in activated_places(low_ms, high_ms, entries)
    ]
    assert sorted(found) == [place for place, row in enumerate(given_rows) if low_ms <= row.activation_ms < high_ms]


def _places(packed: Packed, key: int) -> list[int]:
    return places_of(key, dict(packed).get(bucket_of(key), b""))


@given(st.lists(st.integers(0, 65_535)))
def test_packed_places_come_back(places: list[int]) -> None:
    assert list(open_places(pack_places(places))) == places


@given(rows(), st.data())
def test_a_flipped_bit_shows(given_rows: list[Row], data: st.DataObject) -> None:
    frame = bytearray(seal(given_rows).frames[0].lines)
    clean = open_lines(bytes(frame))
    header = st.integers(0, 14 * 8 - 1)  # RFC 8878, section 3.1.1.1: at most so long
    bit = data.draw(header | st.integers(0, len(frame) * 8 - 1)) % (len(frame) * 8)
    frame[bit // 8] ^= 1 << bit % 8
    try:
        opened = open_lines(bytes(frame))
    except zstandard.ZstdError:
        return
    assert opened == clean  # a bit that means nothing, such as a reserved one
