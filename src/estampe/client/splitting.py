"""Events out of a stream of bytes one by one, wherever the stream is cut into pieces."""

from __future__ import annotations

import json
import re
from typing import Protocol

import msgspec

from estampe.client.failures import IncompleteList, WrongServer

LARGEST = 16 << 20
"""The largest event taken, bytes."""

_BEGINNING = re.compile(rb"\s*(?:\Z|\[\s*(?:\Z|[{\]]))")
_OPENING = re.compile(rb"\s*\[\s*(?=\{)")
_COMMA = re.compile(rb"\s*,\s*(?=\{)")
_CLOSING = re.compile(rb"\s*\]\s*")
_EMPTY = re.compile(rb"\s*\[\s*\]\s*")
_read = json.JSONDecoder(parse_int=bool, parse_float=bool).raw_decode  # only where values end matters


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
    """A JSON array of objects, each read to know its end; what stands within objects is nobody's boundary."""

    def __init__(self, largest: int = LARGEST) -> None:
        self._largest = largest
        self._text = bytearray()
        self._before = _OPENING
        self._try_at = 0

    def feed(self, piece: bytes) -> list[bytes]:
        """Take a piece; return objects that are whole."""
        self._text += piece
        events = self._split() if len(self._text) >= self._try_at else []
        _refuse_large(len(self._text), self._largest)
        return events

    def end(self) -> list[bytes]:
        """Return the last objects of the array, which must be closed."""
        events = self._split()
        if not (_EMPTY if self._before is _OPENING else _CLOSING).fullmatch(self._text):
            raise IncompleteList("the list broke off before its array was closed: ask again")
        return events

    def _split(self) -> list[bytes]:
        """Split off what is whole; where nothing is, try again when there is half as much text more."""
        if self._before is _OPENING and not _BEGINNING.match(self._text):
            raise WrongServer("the answer is no list of events; is this the address of Estampe or of NP6's API?")
        spans = self._whole_objects()
        events = [_line(bytes(self._text[begin:end])) for begin, end in spans]
        if spans:
            self._before = _COMMA
            del self._text[: spans[-1][1]]
        self._try_at = 0 if spans else len(self._text) * 3 // 2
        return events

    def _whole_objects(self) -> list[tuple[int, int]]:
        text = self._text.decode("latin-1")  # so that places are those of bytes
        spans: list[tuple[int, int]] = []
        before, at = self._before, 0
        while found := before.match(self._text, at):
            try:
                _, at = _read(text, found.end())
            except ValueError:
                break
            except RecursionError as exc:
                raise WrongServer("the list holds an event that is nested too deeply") from exc
            spans.append((found.end(), at))
            before = _COMMA
        return spans


def _line(text: bytes) -> bytes:
    return msgspec.json.format(text, indent=-1) if b"\n" in text or b"\r" in text else text


def _refuse_large(size: int, largest: int) -> None:
    if size > largest:
        raise WrongServer(f"the list holds an event of more than {largest} bytes")
