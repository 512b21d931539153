"""Calls that may be repeated: what was asked under an Idempotency-Key, and what was answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import zstandard
from sqlalchemy import delete, select, update

from estampe.catalog.tables import calls
from estampe.errors import EstampeError

if TYPE_CHECKING:
    from estampe.catalog.store import Catalog


class KeyReused(EstampeError):
    """Another call was made under the same Idempotency-Key."""

    def __init__(self, key: str) -> None:
        super().__init__(f"the Idempotency-Key {key!r} belongs to another call; choose a new one for each call")


class Begun(NamedTuple):
    """A call that has begun: its answer if it was ended before, and whether it is new."""

    answer: bytes | None
    fresh: bool


class Calls:
    """The calls of all customers; thread-safe.

    Parameters:
        catalog: where they are kept.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def begin(self, customer: int, key: str, digest: bytes, now_ms: int) -> Begun:
        """Begin a call, or find that it was begun before.

        Parameters:
            customer: the customer's number.
            key: its Idempotency-Key.
            digest: of what is asked.
            now_ms: the time, Unix milliseconds.

        Raises:
            KeyReused: something else was asked under this key.
        """
        row = {"customer": customer, "key": key, "digest": digest, "created_ms": now_ms}
        this = (calls.c.customer == customer) & (calls.c.key == key)
        with self._catalog.writing() as connection:
            made = self._catalog.insert(calls).values(row).on_conflict_do_nothing().returning(calls.c.key)
            fresh = connection.execute(made).first() is not None
            kept = connection.execute(select(calls.c.digest, calls.c.answer).where(this)).one()
        if kept.digest != digest:
            raise KeyReused(key)
        return Begun(None if kept.answer is None else zstandard.decompress(kept.answer), fresh)

    def end(self, customer: int, key: str, answer: bytes) -> None:
        """Keep the answer of a call, for whoever repeats it."""
        this = (calls.c.customer == customer) & (calls.c.key == key)
        with self._catalog.writing() as connection:
            connection.execute(update(calls).where(this).values(answer=zstandard.compress(answer)))

    def forget(self, before_ms: int) -> None:
        """Forget calls that began before a time, Unix milliseconds."""
        with self._catalog.writing() as connection:
            connection.execute(delete(calls).where(calls.c.created_ms < before_ms))
