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
from typing import TYPE_CHECKING, NamedTuple

import zstandard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

SEGMENT_EVENTS = 16_384
FRAME_BYTES = 64 * 1024
LEVEL = 3


class Row(NamedTuple):
    """A recent event with what filters need: interned kind and action, id, keys of its contact, exact bytes."""

    position: int
    kind: int
    action: int
    id: bytes
    contact_key: int
    hash_key: int
    body: bytes


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
    """Rows ready to be sealed, in the order of their places, and what is stored of them.

    `order`: the places by rising position, packed.
    """

    rows: Sequence[Row]
    first: int
    last: int
    frames: Sequence[Frame]
    order: bytes

    def runs(self) -> Iterator[Run]:
        """Yield the runs of equal kind and action, in the order of their places."""
        place = 0
        for (kind, action), rows in groupby(self.rows, lambda row: (row.kind, row.action)):
            length = sum(1 for _ in rows)
            yield Run(kind, action, place, length)
            place += length


def seal(rows: Sequence[Row]) -> Segment:
    """Make a segment of rows that stand in position order (at most 65,536, no other event between them)."""
    placed = sorted(rows, key=lambda row: (row.kind, row.action, row.position))
    positions = [row.position for row in placed]
    order = array("H", sorted(range(len(placed)), key=positions.__getitem__))
    return Segment(
        rows=placed,
        first=rows[0].position,
        last=rows[-1].position,
        frames=list(_frames(placed)),
        order=_compress(order.tobytes()),
    )


def _frames(rows: Sequence[Row]) -> Iterator[Frame]:
    start = size = 0
    for end, row in enumerate(rows, 1):
        size += len(row.body) + 1
        if size >= FRAME_BYTES or end == len(rows):
            yield _frame(start, rows[start:end])
            start, size = end, 0


def _frame(place: int, rows: Sequence[Row]) -> Frame:
    first = min(row.position for row in rows)
    offsets = array("Q", [first, *(row.position - first for row in rows)])
    lines = b"\n".join([row.body for row in rows]) + b"\n"
    return Frame(place, _compress(offsets.tobytes()), _compress(lines))


def _compress(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=LEVEL, write_checksum=True, write_content_size=True).compress(data)


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
    return _own.decompress(packed)


class _Own(threading.local):
    """A decompressor for each thread: making one costs as much as opening a frame."""

    def __init__(self) -> None:
        self.decompress = zstandard.ZstdDecompressor().decompress


_own = _Own()


def pack_places(places: Iterable[int]) -> bytes:
    """Pack places (each below 65,536)."""
    return array("H", places).tobytes()


def open_places(packed: bytes) -> Sequence[int]:
    """Return what `pack_places` packed."""
    return memoryview(packed).cast("H")
