"""From the log's lines to the body of an answer; blocking generators, to be read in a thread."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import zstandard

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from estampe.http.negotiation import Coding, Form
    from estampe.log import Scan

_FAST = 1
"""The compression level: of zstd and gzip the quickest, since a list is compressed while it is sent."""

_EMPTY_FRAME = zstandard.ZstdCompressor().compress(b"")


def body_of(scan: Scan, form: Form, coding: Coding) -> Generator[bytes]:
    """Yield the body of a list in the form and coding that were chosen; no part is empty."""
    if form == "application/x-ndjson" and coding == "zstd":
        return _frames(scan.frames())
    lines = iter(scan)
    body = _array(lines) if form == "application/json" else _plain(lines)
    match coding:
        case "zstd":
            return _zstd(body)
        case "gzip":
            return _gzip(body)
        case _:
            return body


def _plain(chunks: Iterable[bytes]) -> Generator[bytes]:
    yield from chunks


def _array(chunks: Iterator[bytes]) -> Generator[bytes]:
    """Yield an array; all but the first chunk wait for the next one, since only the last ends without a comma."""
    first = next(chunks, None)
    if first is None:
        yield b"[]"
        return
    yield b"[" + _commas(first)[:-1]
    held = b","
    for chunk in chunks:
        yield held
        held = _commas(chunk)
    yield held[:-1] + b"]"


def _commas(lines: bytes) -> bytes:
    return lines.replace(b"\n", b",")


def _frames(frames: Iterable[bytes]) -> Generator[bytes]:
    none = True
    for frame in frames:
        none = False
        yield frame
    if none:
        yield _EMPTY_FRAME


def _zstd(parts: Iterable[bytes]) -> Generator[bytes]:
    compressor = zstandard.ZstdCompressor(level=_FAST).compressobj()
    for part in parts:
        yield compressor.compress(part) + compressor.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    yield compressor.flush()


def _gzip(parts: Iterable[bytes]) -> Generator[bytes]:
    compressor = zlib.compressobj(_FAST, wbits=31)
    for part in parts:
        yield compressor.compress(part) + compressor.flush(zlib.Z_SYNC_FLUSH)
    yield compressor.flush()
