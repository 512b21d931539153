"""Room: how many bytes of bodies are held at once, so that half-sent ones cannot fill the memory."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from estampe.http.problems import RETRY, Kind, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from estampe.settings import Settings


class Room:
    """The room for bodies, from their first byte to the answer.

    Parameters:
        settings: `bodies_limit` and `bodies_per_key`; there is always room for one body of `body_limit`.
    """

    def __init__(self, settings: Settings) -> None:
        self._limit = max(settings.bodies_limit, settings.body_limit)
        self._per_key = max(settings.bodies_per_key, settings.body_limit)
        self._held = 0
        self._by_key: Counter[str] = Counter()

    @contextmanager
    def taken(self, key_id: str) -> Iterator[Callable[[int], None]]:
        """Give a function that takes room for more bytes of a key's body; all is given back at the end.

        Raises:
            Problem: there is no more room, in all or for this key.
        """
        mine = 0

        def take(size: int) -> None:
            nonlocal mine
            self._refuse_too_much(key_id, size)
            mine += size
            self._held += size
            self._by_key[key_id] += size

        try:
            yield take
        finally:
            self._held -= mine
            self._by_key[key_id] -= mine
            if not self._by_key[key_id]:
                del self._by_key[key_id]

    def _refuse_too_much(self, key_id: str, size: int) -> None:
        if self._held + size > self._limit:
            detail = f"All {self._limit} bytes of room for bodies are taken; try again."
            raise Problem(Kind.NO_ROOM, detail, headers=[RETRY])
        if self._by_key[key_id] + size > self._per_key:
            detail = f"This key's bodies take {self._per_key} bytes of room already; let one end first."
            raise Problem(Kind.TOO_MANY_BODIES, detail, headers=[RETRY])
