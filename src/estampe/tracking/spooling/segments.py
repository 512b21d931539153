"""Segments: the files of the spool, each appended to by one thread and read by another.

A segment is a head (a magic text and its UUID), then records: CRC-32, length, visit. A record that a crash tore, or
whose bytes have changed since, is passed over; those after it are found all the same. One that a few visits keep can
be thinned: what is done becomes a hole in the file.
"""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from struct import Struct
from typing import IO, TYPE_CHECKING, NamedTuple
from uuid import UUID, uuid4, uuid5
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

LONGEST_VISIT = 1 << 17
"""Bytes."""

_MAGIC = b"estampe visits 1"
HEAD_BYTES = len(_MAGIC) + 16
"""What a segment has before its first record."""

_RECORD = Struct(">II")  # CRC-32 of the visit, begun with its length, and the length
RECORD_BYTES = _RECORD.size
"""What a record has besides its visit."""

_BLOCK_BYTES = 4_096
"""What a file system gives room by."""

_THIN = ".thin"
"""How the name of a file ends that is being written in place of another."""

_SLICE_BYTES = 2 * LONGEST_VISIT
"""Read at once."""


class Kept(NamedTuple):
    """A visit that is on the disk: its id for ever, itself, and the number of its segment."""

    id: UUID
    visit: bytes
    mark: int


def record(visit: bytes) -> bytes:
    """Return a visit as it stands in a segment."""
    return _RECORD.pack(crc32(visit, len(visit)), len(visit)) + visit


class Segment:
    """A file of the spool.

    Parameters:
        path: the file; its name is its number.
        uuid: of what the ids of its visits are made.
        end: up to where it is durable, bytes.

    Attributes:
        sealed: whether nothing more is appended.
        hole: how many of its bytes take no room.
    """

    def __init__(self, path: Path, uuid: UUID, end: int) -> None:
        self.number = int(path.stem)
        self.end = end
        self.sealed = True
        self.hole = 0
        self._path = path
        self._uuid = uuid
        self._at = HEAD_BYTES
        self._in_hand: dict[UUID, int] = {}  # each with its place
        self._left = sys.maxsize
        self._descriptor = -1

    @classmethod
    def begin(cls, folder: Path, number: int) -> Segment:
        """Make a file to append to, durably.

        Raises:
            OSError: it cannot be.
        """
        segment = cls(folder / f"{number:012}.visits", uuid4(), 0)
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_DSYNC
        segment._descriptor = os.open(segment._path, flags, 0o600)
        segment.sealed = False
        try:
            segment.end = segment.append(_MAGIC + segment._uuid.bytes)
            sync_folder(folder)
        except OSError:
            segment.seal()
            segment.delete()
            raise
        return segment

    @classmethod
    def left(cls, folder: Path) -> Iterator[Segment]:
        """Yield what an earlier process left in a folder, the oldest first; what lacks a head of ours holds nothing.

        Raises:
            OSError: it cannot be read.
        """
        for path in folder.glob(f"[0-9]*{_THIN}"):
            path.unlink()
        for path in sorted(folder.glob("[0-9]*.visits")):
            with path.open("rb") as file:
                head = file.read(HEAD_BYTES)
            if head.startswith(_MAGIC) and len(head) == HEAD_BYTES:
                found = path.stat()
                segment = cls(path, UUID(bytes=head[len(_MAGIC) :]), found.st_size)
                segment.hole = max(0, found.st_size - 512 * found.st_blocks)  # stat(2): of 512 bytes everywhere
                yield segment

    @property
    def unread(self) -> bool:
        """Whether there is more to take."""
        return self._at < self.end

    @property
    def over(self) -> bool:
        """Whether it is of no more use: nothing comes any more, and all that came is done."""
        return self.sealed and not self.unread and not self._in_hand

    @property
    def sparse(self) -> bool:
        """Whether it takes much room for the few visits that keep it."""
        left = len(self._in_hand)
        is_news = 2 * left < self._left
        return self.sealed and not self.unread and is_news and 4 * _BLOCK_BYTES * (left + 1) < self.end - self.hole

    def append(self, records: bytes) -> int:
        """Write records, and return the new `end`, which is for the caller to set.

        They are durable then: `O_DSYNC` spares a second call, `fdatasync`, and a second wait for the interpreter.

        Raises:
            OSError: they are not.
        """
        at, rest = self.end, memoryview(records)
        while rest:
            written = os.pwrite(self._descriptor, rest, at)
            at, rest = at + written, rest[written:]
        return at

    def seal(self) -> None:
        """Append nothing more, and cut off what was written in part."""
        with suppress(OSError):  # then some that were counted as lost may come after a crash: no harm
            os.ftruncate(self._descriptor, self.end)
        with suppress(OSError):
            os.close(self._descriptor)
        self.sealed = True

    def take(self, most: int) -> list[Kept]:
        """Return the next visits, not more than a number, nor than one read brings.

        Raises:
            OSError: it cannot be read.
        """
        found, after = self._read(self._at, most)
        taken = [Kept(uuid5(self._uuid, f"{at}"), visit, self.number) for at, visit in found]
        # First, or another thread might find the segment over.
        self._in_hand |= {kept.id: at for kept, (at, _) in zip(taken, found, strict=True)}
        self._at = after
        return taken

    def count(self) -> int:
        """Return how many visits it holds.

        Raises:
            OSError: it cannot be read.
        """
        at, visits = HEAD_BYTES, 0
        while at < self.end:
            found, at = self._read(at, _SLICE_BYTES)
            visits += len(found)
        return visits

    def done(self, visits: Iterable[UUID]) -> None:
        """Let go of some that were taken, by their ids."""
        for each in visits:
            del self._in_hand[each]

    def thin(self) -> None:
        """Write the file anew with nothing but the visits in hand, each in its place.

        Raises:
            OSError: it cannot be; then it stays as it is.
        """
        self._left = len(self._in_hand)
        path = self._path.with_suffix(_THIN)
        path.touch(0o600)
        with self._path.open("rb") as old, path.open("wb") as new:
            room = _copy(old, new, 0, HEAD_BYTES)
            for at in sorted(self._in_hand.values()):
                old.seek(at)
                _, length = _RECORD.unpack(old.read(RECORD_BYTES))
                room += _copy(old, new, at, RECORD_BYTES + length)
            new.truncate(self.end)
            os.fsync(new.fileno())
        path.replace(self._path)
        sync_folder(path.parent)
        self.hole = max(self.hole, self.end - room)

    def delete(self) -> None:
        """Remove the file.

        Raises:
            OSError: it cannot be removed.
        """
        self._path.unlink(missing_ok=True)

    def _read(self, at: int, most: int) -> tuple[list[tuple[int, bytes]], int]:
        """Return visits from a place on, each with its place, and the place where to read on."""
        end = self.end
        with self._path.open("rb") as file:
            file.seek(at)
            octets = file.read(min(_SLICE_BYTES, end - at))
        last = len(octets) < _SLICE_BYTES
        found, after = _visits(octets, most, last=last)
        return [(at + place, visit) for place, visit in found], end if last and after == len(octets) else at + after


_OTHER = re.compile(rb"[^\0]").search

_LEADING_ZEROS = 7
"""A record's checksum may be zero, and so is the first byte of its length, at least."""


def _visits(octets: bytes, most: int, *, last: bool) -> tuple[list[tuple[int, bytes]], int]:
    """Return whole visits with their places, and the place where to read on; `last`: no bytes follow these."""
    found: list[tuple[int, bytes]] = []
    at = 0
    while len(found) < most:
        if len(octets) - at < RECORD_BYTES:
            return found, len(octets) if last else at
        checksum, length = _RECORD.unpack_from(octets, at)
        begin = at + RECORD_BYTES
        visit = octets[begin : begin + length] if length <= LONGEST_VISIT else b""
        if len(visit) < length <= LONGEST_VISIT and not last:
            return found, at
        if visit and len(visit) == length and crc32(visit, length) == checksum:
            found.append((at, visit))
            at = begin + length
        else:
            at = max(at + 1, _hole_end(octets, at) - _LEADING_ZEROS)
    return found, at


def _hole_end(octets: bytes, at: int) -> int:
    """Return where bytes that are zero end, if they begin at a place."""
    found = _OTHER(octets, at)
    return found.start() if found else len(octets)


def _copy(old: IO[bytes], new: IO[bytes], at: int, length: int) -> int:
    """Copy bytes to the same place; return how much room they take at most."""
    old.seek(at)
    new.seek(at)
    new.write(old.read(length))
    new.flush()
    return (length // _BLOCK_BYTES + 2) * _BLOCK_BYTES


def sync_folder(folder: Path) -> None:
    """Make durable which files a folder has.

    Raises:
        OSError: it cannot be.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
