"""Optouts: who asks is on the redlist at once, and the message has one optout, however often they ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hitting import World, opened, visit

from estampe.catalog import Contacts, Origin, Redlist
from estampe.tracking.linking.links import LinkKind, Part

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

UNSUBSCRIBE = LinkKind.UNSUBSCRIBE


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with opened(tmp_path) as world:
        yield world


def _origin(world: World, contact: str) -> Origin | None:
    kept = Contacts(world.catalog, world.customer).get(contact)
    return None if kept.redlist_origin is None else Origin(kept.redlist_origin)


@pytest.mark.parametrize(("one_click", "kind"), [(True, "one-click"), (False, "link")])
def test_asking_puts_the_contact_on_the_redlist_and_publishes_an_optout(
    world: World, *, one_click: bool, kind: str
) -> None:
    contact = world.contact()
    message = world.sent(contact.id)
    world.record(visit(message, UNSUBSCRIBE, part=Part.HEADER, one_click=one_click))
    assert _origin(world, contact.id) is Origin.UNSUBSCRIBE_LIST
    hit, optout = world.events("hit", "optout")
    detail: Any = optout.source.detail
    assert (detail.optout.type, detail.optout.client) == (kind, hit.source.detail.client)  # type: ignore[union-attr]
    assert detail.activation.stamp.id == message.stamp


def test_asking_again_adds_hits_and_no_optout(world: World) -> None:
    contact = world.contact()
    message = world.sent(contact.id)
    world.record(visit(message, UNSUBSCRIBE), visit(message, UNSUBSCRIBE))
    world.record(visit(message, UNSUBSCRIBE))
    assert [len(world.events(kind)) for kind in ("hit", "optout")] == [3, 1]


def test_who_came_back_can_ask_again_by_the_same_link(world: World) -> None:
    contact = world.contact()
    message = world.sent(contact.id)
    world.record(visit(message, UNSUBSCRIBE))
    Redlist(world.catalog, world.customer).remove(contact.id)
    world.record(visit(message, UNSUBSCRIBE))
    assert _origin(world, contact.id) is Origin.UNSUBSCRIBE_LIST


def test_who_was_deleted_since_is_still_published(world: World) -> None:
    contact = world.contact()
    message = world.sent(contact.id)
    Contacts(world.catalog, world.customer).delete(contact.id)
    world.record(visit(message, UNSUBSCRIBE))
    assert len(world.events("optout")) == 1


def test_a_wish_counts_before_its_message_is_activated(world: World) -> None:
    contact = world.contact()
    recorded = world.record(visit(world.message(contact.id), UNSUBSCRIBE))
    assert len(recorded.early) == 1
    assert _origin(world, contact.id) is Origin.UNSUBSCRIBE_LIST
    assert not world.events("optout")


def test_no_other_link_unsubscribes(world: World) -> None:
    contact = world.contact()
    message = world.sent(contact.id)
    world.record(*(visit(message, kind, target="https://a.example/") for kind in LinkKind if kind is not UNSUBSCRIBE))
    assert _origin(world, contact.id) is None
    assert not world.events("optout")
