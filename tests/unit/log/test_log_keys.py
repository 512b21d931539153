"""Keys find places, all of them and no others."""

from __future__ import annotations

from collections import Counter
from hashlib import md5
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from estampe.log.keys import (
    BUCKET_BITS,
    KEY_BITS,
    PLACE_BITS,
    bucket_of,
    contact_key,
    hash_key,
    id_key,
    keys_of,
    pack,
    places_of,
)

keys = st.integers(0, (1 << KEY_BITS) - 1) | st.sampled_from([0, 1, 5, (1 << KEY_BITS) - 1])
places = st.integers(0, (1 << PLACE_BITS) - 1)


@given(st.lists(st.tuples(keys, places), unique=True), keys)
def test_packed_keys_give_their_places(pairs: list[tuple[int, int]], another: int) -> None:
    packed = dict(pack(pairs))
    for key in [another, *(key for key, _ in pairs)]:
        expected = sorted(place for each, place in pairs if each == key)
        assert places_of(key, packed.get(bucket_of(key), b"")) == expected


@given(st.lists(st.tuples(keys, places), unique=True))
def test_packed_keys_come_back(pairs: list[tuple[int, int]]) -> None:
    assert Counter(keys_of(pack(pairs))) == Counter(key for key, _ in pairs)


@given(st.lists(st.tuples(keys, places)))
def test_buckets_rise_and_none_is_empty(pairs: list[tuple[int, int]]) -> None:
    packed = pack(pairs)
    assert [bucket for bucket, _ in packed] == sorted({bucket_of(key) for key, _ in pairs})
    assert all(0 <= bucket < 1 << BUCKET_BITS and entries for bucket, entries in packed)


def test_every_bit_of_an_id_counts() -> None:
    """Ids that rise with time (RFC 9562 version 7) or differ in one bit must not share keys."""
    base = UUID("0190a6f0-0000-7000-8000-000000000000").int
    near = [base ^ 1 << bit for bit in range(128)] + [base + number for number in range(2, 10_000)]
    assert len({id_key(number.to_bytes(16)) for number in near}) == len(set(near))


def test_keys_are_short_and_nothing_has_none() -> None:
    hexadecimal = md5(b"anna", usedforsecurity=False).hexdigest()
    assert 0 < contact_key("0013KDC8") < 1 << KEY_BITS
    assert hash_key(hexadecimal) == int(hexadecimal, 16) >> (128 - KEY_BITS)
    assert contact_key("") == hash_key("") == 0
    assert hash_key("0" * 32) > 0
