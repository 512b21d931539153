"""Frames: how the server and its composers write to each other."""

from __future__ import annotations

from enum import IntEnum
from struct import Struct

import msgspec

from estampe.execution.orders import Letter, NoLetter, Order, Rendered

HEADER = Struct(">IB")
"""Before the body of each frame: its length, and its `Kind`. Tasks are JSON, whose numbers are as large as callers
write them; answers are msgpack, which takes bytes as they are."""

Made = Letter | Rendered | NoLetter
"""What comes of an order."""


class Kind(IntEnum):
    """What a task asks for, or what an answer is."""

    READY = 0  # answers no task: a composer is there
    LETTER = 1
    RENDERED = 2
    NO_LETTER = 3


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one message may take: seconds, bytes of memory, bytes when it is made."""

    seconds: float
    memory: int
    message: int


_KINDS: dict[type[Made], Kind] = {Letter: Kind.LETTER, Rendered: Kind.RENDERED, NoLetter: Kind.NO_LETTER}
_encode = msgspec.msgpack.Encoder().encode
_encode_order = msgspec.json.Encoder().encode
_decode_order = msgspec.json.Decoder(Order).decode
_decoders = {kind: msgspec.msgpack.Decoder(made).decode for made, kind in _KINDS.items()}


def ready() -> bytes:
    """Return the frame by which a composer says that it is there."""
    return HEADER.pack(0, Kind.READY)


def task(asked: Kind, order: Order) -> bytes:
    """Return the frame that asks for something to be made of an order.

    Raises:
        RecursionError: its variables are nested too deeply.
    """
    return _frame(asked, _encode_order(order))


def answer(made: Made) -> bytes:
    """Return the frame that answers a task."""
    return _frame(_KINDS[type(made)], _encode(made))


def read_task(body: bytes) -> Order:
    """Read the body of a task."""
    return _decode_order(body)


def read_answer(kind: int, body: bytes) -> Made:
    """Read the body of an answer."""
    return _decoders[Kind(kind)](body)


def _frame(kind: Kind, body: bytes) -> bytes:
    return HEADER.pack(len(body), kind) + body
