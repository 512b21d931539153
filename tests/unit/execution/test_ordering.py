"""Orders: what a message is made of, from the contact, the action and the call."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec
import pytest

from estampe.catalog import Contacts, Lane, Message
from estampe.execution.cases import Cases, Own
from estampe.execution.composing.envelopes import Returns
from estampe.execution.composing.keyring import open_keyring
from estampe.execution.ordering import Ordering, variables
from estampe.settings import Settings
from estampe.tokens import Tokens
from estampe.tracking.linking.linking import MessageLinks
from outgoing import CUSTOMER, NOW_MS, Outgoing, outgoing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from uuid import UUID

    from estampe.execution.orders import Order

TOKENS = Tokens([b"secret"])


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Outgoing]:
    with outgoing(tmp_path) as world:
        yield world


def _links(customer: int, action: str, contact: str, stamp: UUID, *, pixel: bool = True) -> MessageLinks:
    return MessageLinks(f"https://x/{customer}/{action}/{contact}/{stamp}", {"mirror": "https://m"}, b"%d" % pixel)


def _order(world: Outgoing, values: dict[str, Any], own: Own | None = None, data: str = "") -> Order:
    contact = Contacts(world.catalog, world.action_number).create(values)
    stamp = uuid4()
    recipient = msgspec.json.encode(contact.footprint).decode()
    assert world.action.content is not None
    message = Message(
        stamp=stamp,
        action=world.action.id,
        contact=contact.id,
        domain="a.example",
        content=world.action.content,
        execution=(
            f'{{"id":"{world.action.id}","kind":"message","recipient":{recipient},{data}'
            f'"stamp":{{"time":1,"id":"{stamp}","thread":"{uuid4()}"}}}}'
        ).encode(),
        own=msgspec.json.encode(own) if own else None,
    )
    world.outbox.release(world.outbox.add(CUSTOMER, [message], NOW_MS))
    held, _ = world.outbox.claim({Lane(world.action_number, "a.example"): 1}, NOW_MS)
    settings = Settings(data=world.logs.data, mail_domain="mail.example")
    returns = Returns(TOKENS, "returns.example")
    ordering = Ordering(settings, open_keyring(settings), returns, _links)
    (case,) = Cases(world.catalog, world.customers).of(held)
    return ordering.order(case, NOW_MS)


def test_an_order_has_all_that_a_message_needs(world: Outgoing) -> None:
    order = _order(world, {"Email": "reader@a.example"})
    assert (order.to, order.sender.address, order.sender.label) == ("reader@a.example", "news@a.example", "News")
    assert order.message_id == f"{order.stamp}@mail.example"
    contact = order.variables["contact"]
    assert contact == {"Email": "reader@a.example"}
    assert re.fullmatch(rf"https://x/{world.action_number}/{world.action.id}/\w{{8}}/{order.stamp}", order.unsubscribe)
    assert (order.variables["links"], order.seal) == ({"mirror": "https://m"}, b"1")
    assert Returns(TOKENS, "").read(order.return_path) == (world.action_number, order.stamp)
    assert order.template.subject == "Hello {{ Email }}"
    assert (order.as_is, order.bulk, order.signing) == ((), False, None)


def test_a_field_without_a_value_is_null_and_one_that_nobody_knows_is_not_there(world: Outgoing) -> None:
    _order(world, {"Email": "ann@a.example", "First name": "Ann"})
    named = _order(world, {"Email": "bob@a.example"}).variables
    assert named["First name"] is None
    assert named["contact"] == {"Email": "bob@a.example", "First name": None}
    assert "Last name" not in named


def test_what_the_call_brings_is_sent_as_it_is_in_place_of_the_actions(world: Outgoing) -> None:
    own = Own(subject="{{ raw }}", text="{{ raw }}", headers={"X-Shop": "1"})
    order = _order(world, {"Email": "reader@a.example"}, own)
    assert (order.template.subject, order.template.html, order.template.text) == ("{{ raw }}", None, "{{ raw }}")
    assert set(order.as_is) == {"subject", "html", "text"}
    assert order.headers == {"X-Shop": "1"}


def test_later_names_win() -> None:
    named = variables({"a": 1, "b": 1, "c": 1}, {"b": 2, "c": 2}, {"c": 3})
    assert (named["a"], named["b"], named["c"]) == (1, 2, 3)
    assert named["links"] == {"unsubscribe": "#", "mirror": "#"}
    assert (named["contact"], named["data"]) == ({"a": 1, "b": 1, "c": 1}, {"b": 2, "c": 2})


@pytest.mark.parametrize("data", [None, 3, [1], "text"])
def test_data_that_is_no_object_is_named_as_a_whole(data: object) -> None:
    assert variables({}, data, {})["data"] == data
