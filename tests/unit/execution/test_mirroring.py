"""Mirrors: a message as it was sent, whatever became since of its action and its contact's fields."""

from __future__ import annotations

import asyncio
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID, uuid4

import msgspec
import pytest

from estampe.catalog import Actions, Contacts, Copies, Copy
from estampe.execution import mirroring
from estampe.execution.composing.composers import NoComposer
from estampe.execution.copying import Brought
from estampe.execution.mirroring import Mirroring
from estampe.execution.orders import NoLetter, Order, Rendered
from outgoing import Outgoing, body_with, outgoing

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator
    from pathlib import Path

STAMP = UUID("40e7f10f-9f96-4891-a340-bccc49b13155")


class _Links(NamedTuple):
    unsubscribe: str
    variables: dict[str, str]
    seal: bytes


def _links(customer: int, action: str, contact: str, stamp: UUID, *, pixel: bool = True) -> _Links:
    name = f"{customer}/{action}/{contact}/{stamp}"
    return _Links("", {"mirror": f"https://mail.example/{name}"}, f"{name} {pixel}".encode())


class _Composers:
    """Renders by filling in, as soon as it may."""

    def __init__(self, made: NoLetter | None = None) -> None:
        self.orders: list[Order] = []
        self.parties: set[Hashable] = set()
        self.may = asyncio.Event()
        self.may.set()
        self._made = made

    async def preview(self, order: Order, party: Hashable = None) -> Rendered | NoLetter:
        self.orders.append(order)
        self.parties.add(party)
        await self.may.wait()
        template = order.template
        return self._made or Rendered(subject=template.subject, html=template.html, text=template.text)


class _World:
    """A message that was sent."""

    def __init__(self, outgoing: Outgoing, composers: _Composers) -> None:
        self.outgoing = outgoing
        self.customer = outgoing.action_number
        (self.contact,) = outgoing.contacts(1)
        self.composers = composers
        self.mirroring = Mirroring(outgoing.catalog, _links, composers)  # type: ignore[arg-type]  # a fake
        self._keep({"Email": "then@a.example"}, {"order": 1, "season": "data"}, {"season": "spring"})

    def _keep(self, values: dict[str, Any], data: dict[str, Any], own: dict[str, Any]) -> None:
        assert self.outgoing.action.content is not None
        brought = msgspec.json.encode(Brought(values=values, data=msgspec.Raw(msgspec.json.encode(data)), own=own))
        copy = Copy(self.customer, self.contact.id, STAMP, self.outgoing.action.content, brought)
        with self.outgoing.catalog.writing() as connection:
            Copies(self.outgoing.catalog).keep(connection, [copy], 0)

    async def page(self, **other: Any) -> str | None:
        asked = {
            "customer": self.customer,
            "action": self.outgoing.action.id,
            "contact": self.contact.id,
            "stamp": STAMP,
        }
        return await self.mirroring.page(**asked | other)


@contextmanager
def _world(folder: Path, html: str | None = "<p>Hello</p>", made: NoLetter | None = None) -> Iterator[_World]:
    with outgoing(folder, body_with(html, "<Hello>")) as opened:  # type: ignore[arg-type]  # None: no HTML
        world = _World(opened, _Composers(made))
        with closing(world.mirroring):
            yield world


def test_a_page_is_made_of_what_was_and_has_the_links_of_its_message_but_for_the_pixel(tmp_path: Path) -> None:
    with _world(tmp_path) as world:
        Contacts(world.outgoing.catalog, world.customer).update(world.contact.id, {"Email": "now@a.example"})
        Actions(world.outgoing.catalog, world.customer).delete(world.outgoing.action.id)
        assert asyncio.run(world.page()) == "<p>Hello</p>"
    (order,) = world.composers.orders
    links = _links(world.customer, world.outgoing.action.id, world.contact.id, STAMP, pixel=False)
    assert order.seal == links.seal
    assert order.variables == {
        "Email": "then@a.example",
        "order": 1,
        "season": "spring",
        "contact": {"Email": "then@a.example"},
        "data": {"order": 1, "season": "data"},
        "links": links.variables,
    }


def test_a_message_that_has_a_text_alone_is_a_page_too(tmp_path: Path) -> None:
    with _world(tmp_path, html=None) as world:
        page = asyncio.run(world.page())
    assert page is not None
    assert '<pre style="white-space: pre-wrap">&lt;Hello&gt;</pre>' in page
    assert "<title>Hello" in page


def test_there_is_no_page_without_a_copy_of_just_that_message(tmp_path: Path) -> None:
    with _world(tmp_path) as world:
        for other in ({"stamp": uuid4()}, {"contact": "0000000Z"}, {"action": "00000Z"}, {"customer": 999}):
            assert asyncio.run(world.page(**other)) is None
    assert world.composers.orders == []


def test_what_cannot_be_rendered_any_more_has_no_page(tmp_path: Path) -> None:
    with _world(tmp_path, made=NoLetter(message="it takes longer than 2 s")) as world:
        assert asyncio.run(world.page()) is None


def test_only_so_many_are_made_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirroring, "AT_ONCE", 3)
    monkeypatch.setattr(mirroring, "AT_ONCE_OF_CUSTOMER", 2)

    async def crowd(world: _World) -> None:
        composers = world.composers
        composers.may.clear()
        readers = [asyncio.ensure_future(world.page()) for _ in range(2)]
        await asyncio.sleep(0)  # they begin
        with pytest.raises(NoComposer, match="try again later"):
            await world.page()
        composers.may.set()
        assert await asyncio.gather(*readers, world.page(customer=999)) == ["<p>Hello</p>", "<p>Hello</p>", None]
        assert await world.page() == "<p>Hello</p>"
        assert len(composers.parties) == 1

    with _world(tmp_path) as world:
        asyncio.run(crowd(world))
