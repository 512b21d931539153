"""Content codings undone piece by piece, in bounded memory whatever the pieces hold."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Protocol

import zstandard

from estampe.client.failures import IncompleteList, WrongServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ACCEPTED = "zstd, gzip"

_SLICE = 1_024
"""So many bytes are expanded at once: to a million times as many it would not be safe."""


class _Frame(Protocol):
    """Expands one frame or member."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


_FRAMES: dict[str, Callable[[], _Frame]] = {
    "gzip": lambda: zlib.decompressobj(16 + zlib.MAX_WBITS),
    "x-gzip": lambda: zlib.decompressobj(16 + zlib.MAX_WBITS),  # its old name (RFC 9110, section 8.4.1.3)
    "zstd": lambda: zstandard.ZstdDecompressor().decompressobj(),
}


class Coding:
    """Undoes one coding of a body: frames or members laid end to end, wherever they are cut.

    Parameters:
        name: as Content-Encoding has it; empty where there is none.

    Raises:
        WrongServer: a coding that was not asked for.
    """

    def __init__(self, name: str) -> None:
        coding = name.lower()
        if coding not in {"", "identity", *_FRAMES}:
            raise WrongServer(f"the answer has the content coding {name!r}, which was not asked for")
        self._new = _FRAMES.get(coding)
        self._frame: _Frame | None = None

    def decode(self, raw: bytes) -> Iterator[bytes]:
        """Yield what bytes stand for, in pieces.

        Raises:
            IncompleteList: they are damaged.
        """
        if self._new is None:
            yield raw
            return
        for at in range(0, len(raw), _SLICE):
            yield from self._expand(self._new, raw[at : at + _SLICE])

    def end(self) -> None:
        """Check that the last frame was whole.

        Raises:
            IncompleteList: it was not.
        """
        if self._frame is not None and not self._frame.eof:
            raise IncompleteList("the compressed answer broke off: ask again")

    def _expand(self, new: Callable[[], _Frame], coded: bytes) -> Iterator[bytes]:
        while coded:
            if self._frame is None or self._frame.eof:
                self._frame = new()
            try:
                yield self._frame.decompress(coded)
            except (zlib.error, zstandard.ZstdError) as exc:
                raise IncompleteList(f"the compressed answer is damaged: {exc}") from exc
            coded = self._frame.unused_data
