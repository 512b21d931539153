"""Short keys that find an event in a sealed segment: 48 bits of its id, its contact, its contact's hash.

A key only says where to look; whoever follows one compares the event that is there.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

KEY_BITS = 48
PLACE_BITS = 16
BUCKET_BITS = 7

_ODD = 0x9E3779B97F4A7C15F39CC0605CEDC835
_ALL_128 = (1 << 128) - 1


def id_key(event_id: bytes) -> int:
    """Return the key of an event id (16 bytes): every bit of it counts, whatever the uuid's version."""
    return (int.from_bytes(event_id) * _ODD & _ALL_128) >> (128 - KEY_BITS)


def contact_key(contact: str) -> int:
    """Return the key of a contact's id; 0 for none."""
    return _text_key(b"contact", contact)


def hash_key(unicity_hash: str) -> int:
    """Return the key of a contact's unicity hash; 0 for none."""
    return _text_key(b"hash", unicity_hash)


def _text_key(kind: bytes, text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=KEY_BITS // 8, person=kind).digest()) if text else 0


def bucket_of(key: int) -> int:
    """Return which of the 2**BUCKET_BITS buckets of a segment holds a key."""
    return key >> (KEY_BITS - BUCKET_BITS)


def pack(keys: Iterable[tuple[int, int]]) -> Iterator[tuple[int, bytes]]:
    """Yield (bucket, entries) for (key, place) pairs; entries are sorted 64-bit words of key and place."""
    buckets: dict[int, list[int]] = {}
    for key, place in keys:
        buckets.setdefault(key >> (KEY_BITS - BUCKET_BITS), []).append(key << PLACE_BITS | place)
    for bucket, words in sorted(buckets.items()):
        yield bucket, array("Q", sorted(words)).tobytes()


def places_of(key: int, entries: bytes) -> list[int]:
    """Return the places that a bucket's entries give for a key, rising."""
    words = memoryview(entries).cast("Q")
    start = bisect_left(words, key << PLACE_BITS)
    end = bisect_left(words, (key + 1) << PLACE_BITS, start)
    return [word & ((1 << PLACE_BITS) - 1) for word in words[start:end]]


def keys_in(entries: bytes) -> Iterator[int]:
    """Yield the keys of a bucket's entries."""
    return (word >> PLACE_BITS for word in memoryview(entries).cast("Q"))
