"""Short keys that find an event in a sealed segment: 48 bits of its id, its contact, its contact's hash.

A key only says where to look; whoever follows one compares the event that is there.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from hashlib import blake2b
from itertools import chain, count, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

KEY_BITS = 48
PLACE_BITS = 16
BUCKET_BITS = 7

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


def pack_contacts(contact_keys: Iterable[int], hash_keys: Iterable[int]) -> Packed:
    """Pack the keys of contacts that are given in the order of their places; 0 is none."""
    return pack(pair for keys in (contact_keys, hash_keys) for pair in zip(keys, count(), strict=False) if pair[0])


def places_of(key: int, entries: bytes) -> list[int]:
    """Return the places that a bucket's entries give for a key, rising."""
    words = memoryview(entries).cast("Q")
    start = bisect_left(words, key << PLACE_BITS)
    end = bisect_left(words, (key + 1) << PLACE_BITS, start)
    return [word & ((1 << PLACE_BITS) - 1) for word in words[start:end]]


def keys_in(entries: bytes) -> Iterator[int]:
    """Yield the keys of a bucket's entries."""
    return (word >> PLACE_BITS for word in memoryview(entries).cast("Q"))


def keys_of(packed: Packed) -> Iterator[int]:
    """Yield the keys of all buckets."""
    return chain.from_iterable(keys_in(entries) for _, entries in packed)
