"""Calls that may be repeated: what was asked under an Idempotency-Key, and what was answered."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import zstandard
from sqlalchemy import delete, select, update

from estampe.catalog.tables import calls
from estampe.errors import EstampeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estampe.catalog.store import Catalog


class KeyReused(EstampeError):
    """Another call was made under the same Idempotency-Key."""

    def __init__(self, key: str) -> None:
        super().__init__(f"the Idempotency-Key {key!r} belongs to another call; choose a new one for each call")


class CallRunning(EstampeError):
    """The same call is being answered at this moment."""

    def __init__(self, key: str) -> None:
        super().__init__(f"the call with the Idempotency-Key {key!r} is running; repeat it a little later")


class Begun(NamedTuple):
    """A call that has begun: when it did so first, Unix milliseconds, and its answer if it was ended before."""

    time_ms: int
    answer: bytes | None


class Calls:
    """The calls of all customers; thread-safe.

    Parameters:
        catalog: where they are kept.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._running: set[tuple[int, str]] = set()
        self._lock = threading.Lock()

    @contextmanager
    def running(self, customer: int, key: str, digest: bytes, now_ms: int) -> Iterator[Begun]:
        """Run a call, and say what is known of it.

        Without an answer it is new, or a crash broke it off: do all of it, so that what was done is not done again.

        Parameters:
            customer: the customer's number.
            key: its Idempotency-Key.
            digest: of what is asked.
            now_ms: the time, Unix milliseconds.

        Raises:
            KeyReused: something else was asked under this key.
            CallRunning: it is running already.
        """
        with self._lock:
            if (customer, key) in self._running:
                raise CallRunning(key)
            self._running.add((customer, key))
        try:
            yield self._begin(customer, key, digest, now_ms)
        finally:
            self._running.discard((customer, key))

    def end(self, customer: int, key: str, answer: bytes) -> None:
        """Keep the answer of a call, for whoever repeats it."""
        this = (calls.c.customer == customer) & (calls.c.key == key)
        with self._catalog.writing() as connection:
            connection.execute(update(calls).where(this).values(answer=zstandard.compress(answer)))

    def forget(self, before_ms: int) -> None:
        """Forget calls that began before a time, Unix milliseconds."""
        with self._catalog.writing() as connection:
            connection.execute(delete(calls).where(calls.c.created_ms < before_ms))

    def _begin(self, customer: int, key: str, digest: bytes, now_ms: int) -> Begun:
        row = {"customer": customer, "key": key, "digest": digest, "created_ms": now_ms}
        this = (calls.c.customer == customer) & (calls.c.key == key)
        with self._catalog.writing() as connection:
            connection.execute(self._catalog.insert(calls).values(row).on_conflict_do_nothing())
            kept = connection.execute(select(calls.c.digest, calls.c.created_ms, calls.c.answer).where(this)).one()
        if kept.digest != digest:
            raise KeyReused(key)
        return Begun(kept.created_ms, None if kept.answer is None else zstandard.decompress(kept.answer))
