"""Forgetting: what nobody will ask for any more goes, and nothing else."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog

from estampe.catalog import Calls, Copies, Copy
from estampe.execution.forgetting import Forgetting
from estampe.instants import clock_ms
from estampe.settings import Settings
from outgoing import Outgoing, outgoing

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

_DAY_MS = 86_400_000


def _copies(world: Outgoing, sent_ms: int, count: int) -> list[Copy]:
    (contact,) = world.contacts(1)
    assert world.action.content is not None
    made = [Copy(world.action_number, contact.id, uuid4(), world.action.content, b"{}") for _ in range(count)]
    with world.catalog.writing() as connection:
        Copies(world.catalog).keep(connection, made, sent_ms)
    return made


def _are_kept(world: Outgoing, copies: list[Copy]) -> set[bool]:
    repository = Copies(world.catalog)
    return {repository.find(copy.customer, copy.contact, copy.stamp) is not None for copy in copies}


async def _forget(world: Outgoing, settings: Settings) -> None:
    with ThreadPoolExecutor(1) as threads:
        forgetting = Forgetting(
            catalog=world.catalog,
            customers=world.customers,
            calls=Calls(world.catalog),
            settings=settings,
            waiting_ms=0,
            threads=threads,
            journal=structlog.get_logger(),
        )
        with suppress(TimeoutError):
            await asyncio.wait_for(forgetting.run(), 0.2)


def test_copies_are_forgotten_after_their_days_however_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("estampe.catalog.copies._AT_ONCE", 2)
    with outgoing(tmp_path) as world:
        old = _copies(world, clock_ms() - 31 * _DAY_MS, 5)
        new = _copies(world, clock_ms() - 29 * _DAY_MS, 5)
        asyncio.run(_forget(world, Settings(copy_days=30)))
        assert (_are_kept(world, old), _are_kept(world, new)) == ({False}, {True})
