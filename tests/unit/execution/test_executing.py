"""Execution as one thing: it goes on whatever its parts meet, and ends when it is told to."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING

from estampe.catalog import Copies, Copy
from estampe.execution.cases import Cases
from estampe.execution.copying import copy_of
from estampe.execution.executing import Execution
from estampe.execution.launching import Launching
from estampe.instants import clock_ms
from estampe.settings import Settings
from estampe.tokens import Tokens
from estampe.tracking.linking.linking import Linking
from estampe.tracking.linking.links import PATH, Links
from outgoing import NOW_MS, body_with, outgoing

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
            weigh=lambda _customer, _contact: None,
            count=lambda _: None,
        )
        with closing(execution):
            asyncio.run(wait())
    assert goes_on.is_set()


def test_a_message_that_was_sent_is_shown_again_with_its_links_and_without_its_pixel(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, public_url="https://mail.example", composers=1)
    linking = Linking(Links({1: bytes(32)}, f"https://mail.example{PATH}"), settings)
    html = '<p>{{ Email }}</p><a href="https://shop.example" tracking="Enabled">Shop</a><a href="MirrorPage">Page</a>'

    async def show(execution: Execution, copy: Copy) -> str | None:
        async with execution.running():
            return await execution.mirror(copy.customer, world.action.id, copy.contact, copy.stamp)

    with outgoing(tmp_path, body_with(html)) as world:
        (contact,) = world.contacts(1)
        world.accept(contact)
        held = world.outbox.claim(world.outbox.lanes(), NOW_MS)[0]
        copy = copy_of(*Cases(world.catalog, world.customers).of(held))
        assert copy is not None
        with world.catalog.writing() as connection:
            Copies(world.catalog).keep(connection, [copy], clock_ms())
        execution = Execution(
            catalog=world.catalog,
            customers=world.customers,
            log_of=world.logs.of,
            tokens=Tokens([bytes(32)]),
            links=linking.of,
            composer="estampe.composer",
            settings=settings,
            weigh=lambda _customer, _contact: None,
            count=lambda _: None,
        )
        with closing(execution):
            page = asyncio.run(show(execution, copy))
    assert page is not None
    assert f"<p>{contact.address}</p>" in page
    assert page.count(f'<a href="https://mail.example{PATH}') == 2
    assert "<img" not in page
