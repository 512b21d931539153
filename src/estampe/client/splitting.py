"""Events out of a stream of bytes one by one, wherever the stream is cut into pieces."""

from __future__ import annotations

import re
from typing import Protocol

import msgspec

from estampe.client.failures import IncompleteList, WrongServer

LARGEST = 16 << 20
"""The largest event taken, bytes."""

_BETWEEN = re.compile(rb"\}\s*,\s*(?=\{)")
_CUTS = 16
_raws = msgspec.json.Decoder(list[msgspec.Raw])


class Splitter(Protocol):
    """Takes a list piece by piece and returns the events that are whole."""

    def feed(self, piece: bytes) -> list[bytes]:
        """Take a piece; return events that are whole, each without newlines."""

    def end(self) -> list[bytes]:
        """Return the events that only the end makes whole.

        Raises:
            IncompleteList: this is not the list's end.
        """


class Lines:
    """NDJSON: an event a line."""

    def __init__(self, largest: int = LARGEST) -> None:
        self._largest = largest
        self._rest = bytearray()

    def feed(self, piece: bytes) -> list[bytes]:
        """Take a piece; return the lines that are whole."""
        head, newline, tail = piece.rpartition(b"\n")
        lines = bytes(self._rest + head).split(b"\n") if newline else []
        if newline:
            self._rest.clear()
        self._rest += tail
        _refuse_large(len(self._rest), self._largest)
        return [line for line in lines if line.strip()]

    def end(self) -> list[bytes]:
        """Return nothing: a line that is not ended is not whole."""
        if self._rest.strip():
            raise IncompleteList("the list broke off within an event: ask again")
        return []


class Array:
    """A JSON array of objects.

    A text cut between two objects is a whole array once it is closed, and cut anywhere else it is not: so the
    decoder tells, at its own speed, whether a place that looks like a boundary is one.
    """

    def __init__(self, largest: int = LARGEST) -> None:
        self._largest = largest
        self._text = bytearray()
        self._opened = False
        self._try_at = 0

    def feed(self, piece: bytes) -> list[bytes]:
        """Take a piece; return objects that are whole, save the last one of the array."""
        self._text += piece
        if not self._opened:
            self._open()
        events = self._split() if len(self._text) >= self._try_at else []
        _refuse_large(len(self._text), self._largest)
        return events

    def end(self) -> list[bytes]:
        """Return the last objects of the array, which must be closed."""
        try:
            raws = _raws.decode(b"[" + self._text) if self._opened else None
        except (msgspec.DecodeError, RecursionError):
            raws = None
        if raws is None:
            raise IncompleteList("the list broke off before its array was closed: ask again")
        return [_line(raw) for raw in raws]

    def _open(self) -> None:
        text = self._text.lstrip()
        if text and not text.startswith(b"["):
            raise WrongServer("the answer is no list of events; is this the address of Estampe or of NP6's API?")
        self._text = text[1:]
        self._opened = bool(text)

    def _split(self) -> list[bytes]:
        """Split at the last boundary; where it is hard to find, try again when there is half as much text more."""
        for cut in [*_BETWEEN.finditer(self._text)][: -_CUTS - 1 : -1]:
            try:
                raws = _raws.decode(b"[" + self._text[: cut.start() + 1] + b"]")
            except (msgspec.DecodeError, RecursionError):
                continue
            del self._text[: cut.end()]
            self._try_at = 0
            return [_line(raw) for raw in raws]
        self._try_at = len(self._text) * 3 // 2
        return []


def _line(raw: msgspec.Raw) -> bytes:
    text = bytes(raw)
    return msgspec.json.format(text, indent=-1) if b"\n" in text else text


def _refuse_large(size: int, largest: int) -> None:
    if size > largest:
        raise WrongServer(f"the list holds an event of more than {largest} bytes")
