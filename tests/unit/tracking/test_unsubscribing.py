"""Unsubscribing: only our own links act, only posting does, and doing so again adds nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from estampe.catalog import Contacts, Lane
from estampe.events import OptoutDetail
from estampe.execution.cases import Cases
from estampe.execution.outcomes import activated
from estampe.tokens import Tokens
from estampe.tracking import NoSuchMessage, Unsubscribing
from outgoing import NOW_MS, Outgoing, outgoing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from estampe.catalog import Contact

TOKENS = Tokens([b"secret"])


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Outgoing]:
    with outgoing(tmp_path) as world:
        yield world


def _unsubscribing(world: Outgoing, url: str = "https://events.example/", tokens: Tokens = TOKENS) -> Unsubscribing:
    return Unsubscribing(
        catalog=world.catalog, customers=world.customers, log_of=world.logs.of, tokens=tokens, public_url=url
    )


def _sent(world: Outgoing) -> tuple[UUID, Contact]:
    (contact,) = world.contacts(1)
    stamp = world.accept(contact)
    held, _ = world.outbox.claim({Lane(world.action_number, "a.example"): 1}, NOW_MS)
    (case,) = Cases(world.catalog, world.customers).of(held)
    world.log.publish(activated(case).drafts).result()
    return stamp, contact


def _token(world: Outgoing, stamp: UUID, customer: int | None = None, tokens: Tokens = TOKENS) -> str:
    number = world.action_number if customer is None else customer
    return _unsubscribing(world, tokens=tokens).address(number, stamp).rpartition("/")[2]


def test_a_link_leads_to_the_public_address(world: Outgoing) -> None:
    address = _unsubscribing(world).address(world.action_number, uuid4())
    assert address.startswith("https://events.example/unsubscribe/")


@pytest.mark.parametrize("url", ["", "http://events.example"])
def test_without_a_public_address_in_https_there_is_no_link(world: Outgoing, url: str) -> None:
    """RFC 8058 section 3.1 asks for https."""
    assert not _unsubscribing(world, url).address(world.action_number, uuid4())


def test_looking_changes_nothing(world: Outgoing) -> None:
    stamp, contact = _sent(world)
    assert _unsubscribing(world).find(_token(world, stamp)).stamp.id == stamp
    assert world.types(stamp) == ["activation"]
    assert Contacts(world.catalog, world.action_number).get(contact.id).redlisted_ms is None


def test_posting_puts_the_contact_on_the_redlist_and_publishes_one_optout(world: Outgoing) -> None:
    stamp, contact = _sent(world)
    for _ in range(2):
        _unsubscribing(world).unsubscribe(_token(world, stamp))
    kept = Contacts(world.catalog, world.action_number).get(contact.id)
    assert (kept.redlisted_ms is not None, kept.redlist_origin) == (True, 4)
    assert world.types(stamp) == ["activation", "optout"]
    detail = world.events(stamp)[1].source.detail
    assert isinstance(detail, OptoutDetail)
    assert (detail.optout.type, detail.activation.recipient) == ("one-click", contact.address)


def test_who_was_deleted_since_is_still_published(world: Outgoing) -> None:
    stamp, contact = _sent(world)
    Contacts(world.catalog, world.action_number).delete(contact.id)
    _unsubscribing(world).unsubscribe(_token(world, stamp))
    assert world.types(stamp) == ["activation", "optout"]


@pytest.mark.parametrize("act", ["find", "unsubscribe"])
def test_what_is_no_link_of_a_sent_message_does_nothing(world: Outgoing, act: str) -> None:
    stamp, _ = _sent(world)
    token = _token(world, stamp)
    unsubscribing = _unsubscribing(world)
    tokens = {
        "never sent": _token(world, uuid4()),
        "another customer": _token(world, stamp, customer=world.action_number + 1),
        "a customer that is none": _token(world, stamp, customer=4_000_000_000),
        "another secret": _token(world, stamp, tokens=Tokens([b"other"])),
        "another purpose": TOKENS.make("return", b"\0" * 20),
        "too short": TOKENS.make("unsubscribe", b"\0"),
        "cut": token[:-1],
        "nothing": "",
    }
    for text in tokens.values():
        with pytest.raises(NoSuchMessage):
            getattr(unsubscribing, act)(text)
    assert world.types(stamp) == ["activation"]
