"""Content: what a mail server says after DATA, up to its end, within limits."""

from __future__ import annotations

import re

_LINE_END = b"\r\n"
_END = b"\r\n.\r\n"
_STUFFED = b"\r\n."

_FREE = 256 << 10
"""Bytes of each mail that need no room, so that large mails never keep small ones out."""

_DRAINED = 2
"""How many times the limit is heard, and forgotten, before a mail that does not end is broken off."""

_FALSE_END = re.compile(rb"[\r\n]\.[\r\n]")
"""A dot alone between line ends of which one is no CRLF: some servers take it for an end, others do not."""


class Room:
    """The memory for mails in hand, of all connections.

    Parameters:
        octets: how much, bytes.
    """

    def __init__(self, octets: int) -> None:
        self.free = octets

    def take(self, octets: int) -> bool:
        """Take some; return whether it was there."""
        if octets > self.free:
            return False
        self.free -= octets
        return True

    def give(self, octets: int) -> None:
        """Give back what was taken."""
        self.free += octets


class Content:
    """One mail as it comes (RFC 5321 section 4.5.2); only CRLF.CRLF ends it, whatever other servers take for an end.

    Parameters:
        limit: the largest mail, bytes.
        room: where the memory for it is taken from.
    """

    def __init__(self, limit: int, room: Room) -> None:
        self.too_large = False
        self.no_room = False
        self._limit = limit
        self._room = room
        self._taken = 0
        self._heard = 0
        self._octets = bytearray(_LINE_END)  # the one that ends the command: the first line may be the dot

    @property
    def endless(self) -> bool:
        """Whether so much came that its end need not be awaited."""
        return self._heard > _DRAINED * self._limit

    @property
    def ambiguous(self) -> bool:
        """Whether another server may have taken something in it for the end of a mail."""
        return _FALSE_END.search(self._octets) is not None

    @property
    def mail(self) -> bytes:
        """The mail: dots that were put before others taken away."""
        return bytes(memoryview(self._octets.replace(_STUFFED, _LINE_END))[len(_LINE_END) :])

    def hear(self, piece: bytes) -> bytes | None:
        """Hear some of it; return what follows its end, None where it has not ended."""
        begin = max(0, len(self._octets) - len(_END))
        self._octets += piece
        self._heard += len(piece)
        end = self._octets.find(_END, begin)
        rest = None
        if end >= 0:
            rest = bytes(self._octets[end + len(_END) :])
            self._heard -= len(rest)
            del self._octets[end + len(_LINE_END) :]
        self._weigh()
        return rest

    def drop(self) -> None:
        """Forget it, and give its room back."""
        self._room.give(self._taken)
        self._taken = 0
        self._octets = self._octets[-len(_END) :]

    def _weigh(self) -> None:
        """See that it is not too much; of what is, only as much is kept as is needed to see its end."""
        size = len(self._octets) - len(_LINE_END)
        self.too_large = self.too_large or size > self._limit
        wanted = size - _FREE - self._taken
        if wanted > 0 and not self.too_large and not self.no_room:
            self.no_room = not self._room.take(wanted)
            self._taken += 0 if self.no_room else wanted
        if self.too_large or self.no_room:
            self.drop()
