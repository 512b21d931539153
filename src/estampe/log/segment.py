"""Sealed segments: some sixteen thousand neighbouring events as zstd frames of about 64 KiB.

Inside a segment events stand by kind, action and position, not by position alone. So a list of one type or
one action opens only frames that hold little else, and similar events compress better. `order` brings the
whole back in position order. A frame holds lines (compact JSON, each ended by a newline), so whole frames can
be sent to a client that reads zstd.
"""

from __future__ import annotations

import threading
from array import array
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

import zstandard

from estampe.log.keys import pack_activations, pack_contacts, pack_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from estampe.log.keys import Packed

SEGMENT_EVENTS = 16_384
SEGMENT_BYTES = 64 << 20
"""What a segment holds at most, unless its one event is larger: all of it is in memory while it is sealed or sorted."""

FRAME_BYTES = 64 * 1024
LEVEL = 3

MOST_BYTES = 1 << 30
"""No frame is larger, however large its one event may be."""


class Row(NamedTuple):
    """A recent event with what filters need: interned kind and action, id, keys (see `keys.py`), exact bytes."""

    position: int
    kind: int
    action: int
    id: bytes
    contact_key: int
    hash_key: int
    set_key: int
    activation_ms: int
    body: bytes

    @property
    def facets(self) -> tuple[Any, ...]:
        """All but the body, as the table of facets has it."""
        return self[:-1]


class Run(NamedTuple):
    """Neighbouring places of a segment whose events share kind and action."""

    kind: int
    action: int
    place: int
    length: int


class Frame(NamedTuple):
    """Lines in one zstd frame: the first one's place in the segment, their positions (packed), themselves."""

    place: int
    positions: bytes
    lines: bytes


class Segment(NamedTuple):
    """Neighbouring events ready to be sealed.

    `ids`: their ids, in the order of their places. `order`: the places by rising position, packed.
    `runs`: the runs of equal kind and action. `id_keys`, `contact_keys`, `activation_keys`: see `keys.pack`.
    """

    first: int
    last: int
    ids: Sequence[bytes]
    frames: Sequence[Frame]
    order: bytes
    runs: Sequence[Run]
    id_keys: Packed
    contact_keys: Packed
    activation_keys: Packed


def seal(rows: Sequence[Row]) -> Segment:
    """Make a segment of rows in the order of their places: by kind, action and position.

    They are at most 65,536, and no other event lies between them.
    """
    positions, kinds, actions, ids, contact_keys, hash_keys, set_keys, activations_ms, bodies = zip(*rows, strict=True)
    order = array("H", sorted(range(len(rows)), key=positions.__getitem__))
    return Segment(
        first=positions[order[0]],
        last=positions[order[-1]],
        ids=ids,
        frames=list(_frames(positions, bodies)),
        order=_compress(order.tobytes()),
        runs=list(_runs(kinds, actions)),
        id_keys=pack_ids(ids),
        contact_keys=pack_contacts(contact_keys, hash_keys, set_keys),
        activation_keys=pack_activations(activations_ms),
    )


def _runs(kinds: Sequence[int], actions: Sequence[int]) -> Iterator[Run]:
    place = 0
    for (kind, action), run in groupby(zip(kinds, actions, strict=True)):
        length = sum(1 for _ in run)
        yield Run(kind, action, place, length)
        place += length


def _frames(positions: Sequence[int], bodies: Sequence[bytes]) -> Iterator[Frame]:
    start = size = 0
    for end, body in enumerate(bodies, 1):
        size += len(body) + 1
        if size >= FRAME_BYTES or end == len(bodies):
            yield _frame(start, positions[start:end], bodies[start:end])
            start, size = end, 0


def _frame(place: int, positions: Sequence[int], bodies: Sequence[bytes]) -> Frame:
    first = min(positions)
    offsets = array("Q", [first, *[position - first for position in positions]])
    return Frame(place, _compress(offsets.tobytes()), _compress(b"\n".join(bodies) + b"\n"))


def _compress(data: bytes) -> bytes:
    return _own.compress(data)


def open_positions(packed: bytes) -> list[int]:
    """Return the positions of a frame's lines, in their order."""
    first, *offsets = memoryview(decompress(packed)).cast("Q")
    return [first + offset for offset in offsets]


def open_order(packed: bytes) -> Sequence[int]:
    """Return a segment's places by rising position."""
    return memoryview(decompress(packed)).cast("H")


def open_lines(packed: bytes) -> list[bytes]:
    """Return a frame's events, in the order of their places."""
    return decompress(packed).split(b"\n")[:-1]


def decompress(packed: bytes) -> bytes:
    """Open one zstd frame.

    Raises:
        zstandard.ZstdError: its bytes or their checksum are wrong.
    """
    # zstandard believes the size in the header: it takes a frame of none for empty, and makes room for any other.
    if not 0 < zstandard.frame_content_size(packed) <= MOST_BYTES:
        raise zstandard.ZstdError("the size in the header is wrong")
    return _own.decompress(packed)


class _Own(threading.local):
    """A compressor and a decompressor for each thread: making one costs as much as opening a frame."""

    def __init__(self) -> None:
        self.compress = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True, write_content_size=True).compress
        self.decompress = zstandard.ZstdDecompressor().decompress


_own = _Own()


def pack_places(places: Iterable[int]) -> bytes:
    """Pack places (each below 65,536)."""
    return array("H", places).tobytes()


def open_places(packed: bytes) -> Sequence[int]:
    """Return what `pack_places` packed."""
    return memoryview(packed).cast("H")
