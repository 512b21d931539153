"""Execution as one thing: it goes on whatever its parts meet, and ends when it is told to."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING

from estampe.execution.executing import Execution
from estampe.execution.launching import Launching
from estampe.settings import Settings
from estampe.tokens import Tokens
from estampe.tracking.linking import Linking
from estampe.tracking.links import PATH, Links
from outgoing import outgoing

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_work_that_a_fault_has_ended_begins_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("estampe.execution.executing._AGAIN_S", 0.001)
    faults = [ZeroDivisionError(), ZeroDivisionError()]
    goes_on = asyncio.Event()

    async def run(_: Launching) -> None:
        if faults:
            raise faults.pop()
        goes_on.set()

    async def wait() -> None:
        async with asyncio.timeout(10), execution.running():
            await goes_on.wait()

    monkeypatch.setattr(Launching, "run", run)
    with outgoing(tmp_path) as world:
        execution = Execution(
            catalog=world.catalog,
            customers=world.customers,
            log_of=world.logs.of,
            tokens=Tokens([bytes(32)]),
            links=Linking(Links({1: bytes(32)}, PATH), Settings()).of,
            composer="estampe.composer",
            settings=Settings(data=tmp_path),
            count=lambda _: None,
        )
        with closing(execution):
            asyncio.run(wait())
    assert goes_on.is_set()
