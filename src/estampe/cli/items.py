"""Files of JSON objects, an array or one a line, plain, `.gz` or `.zst`; streamed, their text kept."""

from __future__ import annotations

import gzip
import io
import os
import stat
import sys
import zlib
from codecs import getincrementaldecoder
from contextlib import contextmanager
from json import JSONDecodeError, JSONDecoder
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import zstandard

from estampe.errors import EstampeError

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 1 << 20
LARGEST = 16 << 20
"""The largest object, in characters."""

# Numbers are only passed over, so they stay text: no limit on digits.
_scan = JSONDecoder(parse_int=str, parse_float=str).raw_decode


class UnreadableFile(EstampeError):
    """A file is not what its name or its beginning promises."""


class Source:
    """A file that is read once; `-` is standard input, `.gz` and `.zst` are decompressed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._file = _opened(name)
        self.size = _size(self._file)

    @property
    def done(self) -> int:
        """How many bytes of the file are read, before decompression."""
        if self.size is None:
            return 0
        return self.size if self._file.closed else self._file.tell()

    @contextmanager
    def opened(self) -> Iterator[io.BufferedReader]:
        """Give the file's bytes, and close it.

        Raises:
            UnreadableFile: it is damaged, or no such file.
        """
        try:
            yield self._plain()
        except (OSError, EOFError, zlib.error, zstandard.ZstdError, UnicodeDecodeError) as exc:
            raise UnreadableFile(f"{self.name} cannot be read: {exc}") from exc
        finally:
            if self.name != "-":
                self._file.close()

    def _plain(self) -> io.BufferedReader:
        if self.name.endswith(".gz"):
            return cast("io.BufferedReader", gzip.GzipFile(fileobj=self._file))
        if self.name.endswith(".zst"):
            frames = zstandard.ZstdDecompressor().stream_reader(self._file, read_across_frames=True)
            return io.BufferedReader(cast("io.RawIOBase", frames))
        return cast("io.BufferedReader", self._file)


class Items:
    """The JSON objects of a file, as `Source` names it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._source = Source(name)
        self.size = self._source.size

    @property
    def done(self) -> int:
        """How many bytes of the file are read, before decompression."""
        return self._source.done

    def __iter__(self) -> Iterator[bytes]:
        """Yield each object's text, once.

        Raises:
            UnreadableFile: it is no such file, damaged, or cut short.
        """
        with self._source.opened() as stream:
            yield from objects(stream, self.name)


def objects(stream: io.BufferedReader, name: str) -> Iterator[bytes]:
    """Yield the text of each JSON object: of an array, or one after another.

    Raises:
        UnreadableFile: there is something else, or it is cut short.
    """
    yield from _Objects(stream, name)


def _opened(name: str) -> BinaryIO:
    if name != "-":
        try:
            return Path(name).open("rb")
        except OSError as exc:
            raise UnreadableFile(f"{name} cannot be read: {exc.strerror}") from exc
    if sys.stdin is None:
        raise UnreadableFile("standard input is closed")
    return cast("BinaryIO", sys.stdin.buffer)


def _size(file: BinaryIO) -> int | None:
    """Return a file's size, None for a pipe and the like."""
    try:
        status = os.fstat(file.fileno())
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


class _Objects:
    """Finds where each object of a text ends, and yields it as it stands."""

    def __init__(self, stream: io.BufferedReader, name: str) -> None:
        self._stream = stream
        self._name = name
        self._decoder = getincrementaldecoder("utf-8-sig")()
        self._buffer = ""
        self._at = 0
        self._index = 0

    def __iter__(self) -> Iterator[bytes]:
        if self._next_mark() == "[":
            yield from self._array()
        else:
            while self._next_mark():
                yield self._object()

    def _array(self) -> Iterator[bytes]:
        self._at += 1
        if self._next_mark() != "]":
            yield self._object()
            while self._next_mark() == ",":
                self._at += 1
                yield self._object()
        if self._next_mark() != "]":
            raise self._fault("the array is cut short or lacks a comma")
        self._at += 1
        if self._next_mark():
            raise self._fault("something follows the array")

    def _object(self) -> bytes:
        if self._next_mark() != "{":
            raise self._fault("a JSON object should stand here")
        end = self._end()
        text = self._buffer[self._at : end]
        self._at, self._index = end, self._index + 1
        return text.encode()

    def _end(self) -> int:
        while True:
            try:
                return _scan(self._buffer, self._at)[1]
            except JSONDecodeError as exc:
                fault = exc.msg
            except RecursionError:
                raise self._fault("it is nested too deeply") from None
            if len(self._buffer) - self._at > LARGEST or not self._read():
                raise self._fault(f"it is not whole JSON: {fault}")

    def _next_mark(self) -> str:
        """Go to the next character that is no white space; empty at the end."""
        while True:
            while self._buffer[self._at : self._at + 1].isspace():
                self._at += 1
            if self._at < len(self._buffer) or not self._read():
                return self._buffer[self._at : self._at + 1]

    def _read(self) -> bool:
        more = self._stream.read1(CHUNK)
        self._buffer = self._buffer[self._at :] + self._decoder.decode(more, final=not more)
        self._at = 0
        return bool(more)

    def _fault(self, what: str) -> UnreadableFile:
        return UnreadableFile(f"{self._name}[{self._index}]: {what}")
