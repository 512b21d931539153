"""Short keys that find an event in a sealed segment: 48 bits of its id, its contact, its contact's hash, its set.

A key only says where to look; whoever follows one compares the event that is there. The time of an event's
activation is a key too, and exact: the whole time fits.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from hashlib import blake2b
from itertools import chain, count, pairwise
from typing import TYPE_CHECKING

from estampe.log.port import LAST_MS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from uuid import UUID

KEY_BITS = 48
PLACE_BITS = 16
BUCKET_BITS = 7
ACTIVATION_BUCKET_BITS = 22
"""Activations of about 70 minutes share a bucket."""

NO_ACTIVATION = -1

Packed = list[tuple[int, bytes]]
"""Buckets of a segment, each with its entries."""

_BUCKET_SHIFT = KEY_BITS + PLACE_BITS - BUCKET_BITS
_ODD = 0x9E3779B97F4A7C15F39CC0605CEDC835
_ALL_128 = (1 << 128) - 1


def id_key(event_id: bytes) -> int:
    """Return the key of an event id (16 bytes): every bit of it counts, whatever the uuid's version."""
    return (int.from_bytes(event_id) * _ODD & _ALL_128) >> (128 - KEY_BITS)


def contact_key(contact: str) -> int:
    """Return the key of a contact's id; 0 for none."""
    return int.from_bytes(blake2b(contact.encode(), digest_size=KEY_BITS // 8).digest()) or 1 if contact else 0


def hash_key(unicity_hash: str) -> int:
    """Return the key of a contact's unicity hash, lower-case hex; 0 for none."""
    return int(unicity_hash[: KEY_BITS // 4], 16) or 1 if unicity_hash else 0


def set_key(set_id: UUID | None) -> int:
    """Return the key of the set that a message was executed in; 0 for none."""
    return 0 if set_id is None else id_key(set_id.bytes) or 1


def activation_key(time_ms: int | None) -> int:
    """Return the key of an activation's time, which is that time or, beyond it, LAST_MS; NO_ACTIVATION for none."""
    return NO_ACTIVATION if time_ms is None else min(time_ms, LAST_MS)


def bucket_of(key: int) -> int:
    """Return which of the 2**BUCKET_BITS buckets of a segment holds a key."""
    return key >> (KEY_BITS - BUCKET_BITS)


def pack(keys: Iterable[tuple[int, int]]) -> Packed:
    """Return (bucket, entries) for (key, place) pairs; entries are sorted 64-bit words of key and place."""
    words = array("Q", sorted([key << PLACE_BITS | place for key, place in keys]))
    bounds = [bisect_left(words, bucket << _BUCKET_SHIFT) for bucket in range((1 << BUCKET_BITS) + 1)]
    return [(bucket, words[start:end].tobytes()) for bucket, (start, end) in enumerate(pairwise(bounds)) if start < end]


def pack_ids(ids: Iterable[bytes]) -> Packed:
    """Pack the keys of ids (16 bytes each) that are given in the order of their places."""
    return pack(zip(map(id_key, ids), count(), strict=False))


def pack_contacts(*columns: Iterable[int]) -> Packed:
    """Pack columns of keys (of contacts, hashes, sets) that are given in the order of their places; 0 is none."""
    return pack(pair for keys in columns for pair in zip(keys, count(), strict=False) if pair[0])


def pack_activations(times_ms: Iterable[int]) -> Packed:
    """Pack the times of activations that are given in the order of their places; see `activation_bucket`."""
    pairs = zip(times_ms, count(), strict=False)
    words = array("Q", sorted([time_ms << PLACE_BITS | place for time_ms, place in pairs if time_ms != NO_ACTIVATION]))
    return list(_by_activation(words))


def _by_activation(words: array[int]) -> Iterator[tuple[int, bytes]]:
    shift = PLACE_BITS + ACTIVATION_BUCKET_BITS
    start = 0
    while start < len(words):
        bucket = words[start] >> shift
        end = bisect_left(words, (bucket + 1) << shift, start)
        yield bucket, words[start:end].tobytes()
        start = end


def activation_bucket(time_ms: int) -> int:
    """Return which bucket of a segment holds an activation's time."""
    return time_ms >> ACTIVATION_BUCKET_BITS


def activated_places(low_ms: int, high_ms: int, entries: bytes) -> Iterable[int]:
    """Return the places that a bucket's entries give for activations from a time to before another."""
    words = memoryview(entries).cast("Q")
    start = bisect_left(words, low_ms << PLACE_BITS)
    end = bisect_left(words, high_ms << PLACE_BITS, start)
    return _places(words[start:end])


def _places(words: Iterable[int]) -> list[int]:
    return [word & ((1 << PLACE_BITS) - 1) for word in words]


def places_of(key: int, entries: bytes) -> list[int]:
    """Return the places that a bucket's entries give for a key, rising."""
    words = memoryview(entries).cast("Q")
    start = bisect_left(words, key << PLACE_BITS)
    end = bisect_left(words, (key + 1) << PLACE_BITS, start)
    return _places(words[start:end])


def keys_in(entries: bytes) -> Iterator[int]:
    """Yield the keys of a bucket's entries."""
    return (word >> PLACE_BITS for word in memoryview(entries).cast("Q"))


def keys_of(packed: Packed) -> Iterator[int]:
    """Yield the keys of all buckets."""
    return chain.from_iterable(keys_in(entries) for _, entries in packed)
