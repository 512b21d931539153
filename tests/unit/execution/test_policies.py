"""Policies: what stops a message, and which of several reasons is the one that is told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
import pytest

from estampe.catalog import Contact, Frozen, Held, Mail
from estampe.catalog.contents import ActionType
from estampe.events import Customer, hash_of
from estampe.execution.cases import Bar, Case
from estampe.execution.orders import Letter, NoLetter
from estampe.execution.policies import policies

if TYPE_CHECKING:
    from estampe.events import Cancellation

CUSTOMER = Customer(agency="DEMO", customer="028")
STAMP = UUID("d52055cd-e854-4177-8ef5-b10fd8d568a7")
RULE = UUID("a67562eb-c56c-476d-aa0b-dd1d6977fb77")
LETTER = Letter(sender="b@a.example", recipient="reader@a.example", message=b"")

REASONS = (
    "excluded target",
    "empty address",
    "redlisted target",
    "bounced target",
    "blacklisted target",
    "marketing pressure",
    "user defined policy",
)


def _contact(**members: Any) -> Contact:
    address = members.pop("address", "reader@a.example")
    return Contact(
        id="00000001",
        unicity="reader@a.example",
        hash=hash_of("reader@a.example"),
        address=address,
        values={},
        created_ms=0,
        modified_ms=0,
        **members,
    )


def _case(contact: Contact | None, *bars: Bar, pressure: bool = True) -> Case:
    held = Held(
        seq=1,
        customer=1,
        stamp=STAMP,
        action="000001",
        contact="00000001",
        domain="a.example",
        attempts=0,
        accepted_ms=0,
        content=1,
        execution=b"{}",
        own=None,
    )
    body = {"settings": {"mp": {"use": pressure}}}
    frozen = Frozen(id=1, customer=1, action="000001", type=ActionType.MAIL_MESSAGE, body=body, mail=Mail())
    return Case(held=held, customer=CUSTOMER, frozen=frozen, contact=contact, fields=(), barred=frozenset(bars))


class _World:
    """What composing and the rules of pressure say."""

    def __init__(self, *, pressed: bool = False, reserved: bool = True, rendered: bool = True) -> None:
        self.asked: list[str] = []
        self._pressed = pressed
        self._reserved = reserved
        self._rendered = rendered

    async def compose(self, _case: Case) -> Letter | NoLetter:
        self.asked.append("composed")
        return LETTER if self._rendered else NoLetter(message="'name' is not defined")

    async def exceeded(self, _case: Case) -> UUID | None:
        self.asked.append("asked")
        return RULE if self._pressed else None

    async def reserved(self, _case: Case) -> UUID | None:
        self.asked.append("reserved")
        return None if self._reserved else RULE

    def judge(self, case: Case) -> Cancellation | None:
        async def run() -> Cancellation | None:
            for policy in policies(self.compose, self.exceeded, self.reserved):
                if cancellation := await policy.cancellation(case):
                    return cancellation
            return None

        return asyncio.run(run())


def test_a_message_that_nothing_speaks_against_has_its_letter() -> None:
    world, case = _World(), _case(_contact())
    assert world.judge(case) is None
    assert case.letter is LETTER
    assert world.asked == ["asked", "composed", "reserved"]


@pytest.mark.parametrize("first", range(len(REASONS)))
def test_of_several_reasons_the_first_is_told(first: int) -> None:
    """Each policy is asked in its order: with all reasons from one on, that one is told."""
    reasons = set(REASONS[first:])
    contact = _contact(
        address="" if "empty address" in reasons else "reader@a.example",
        redlisted_ms=1 if "redlisted target" in reasons else None,
        bounced_ms=1 if "bounced target" in reasons else None,
    )
    bars: list[Bar] = ["excluded"] if "excluded target" in reasons else []
    bars += ["blacklisted"] if "blacklisted target" in reasons else []
    world = _World(pressed="marketing pressure" in reasons, rendered=False)
    cancellation = world.judge(_case(contact, *bars))
    assert cancellation is not None
    assert cancellation.type == REASONS[first]


def test_a_contact_that_was_deleted_has_no_address() -> None:
    cancellation = _World().judge(_case(None))
    assert cancellation is not None
    assert cancellation.type == "empty address"


def test_pressure_names_its_rule_also_when_it_shows_only_at_the_end() -> None:
    world = _World(reserved=False)
    cancellation = world.judge(_case(_contact()))
    assert msgspec.to_builtins(cancellation) == {"type": "marketing pressure", "rule": str(RULE)}
    assert world.asked == ["asked", "composed", "reserved"]


def test_a_message_that_cannot_be_composed_is_not_counted() -> None:
    world = _World(rendered=False)
    cancellation = world.judge(_case(_contact()))
    assert msgspec.to_builtins(cancellation) == {
        "type": "user defined policy",
        "value": {"type": "render", "message": "'name' is not defined"},
    }
    assert "reserved" not in world.asked


def test_an_action_without_pressure_asks_no_rule() -> None:
    world = _World(pressed=True, reserved=False)
    assert world.judge(_case(_contact(), pressure=False)) is None
    assert world.asked == ["composed"]
