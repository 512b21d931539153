"""Settling: what bounced says something of its contact."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import structlog

from estampe.catalog import Contacts, Lane
from estampe.events import Verdict
from estampe.execution.cases import Case, Cases
from estampe.execution.orders import Refused
from estampe.execution.outcomes import activated, bounced
from estampe.execution.settling import Settling
from outgoing import NOW_MS, Outgoing, outgoing

if TYPE_CHECKING:
    from pathlib import Path

UNKNOWN = Refused(code=550, enhanced="5.1.1", diagnostic="550 5.1.1 User unknown", mta="mx.a.example")
FULL = Refused(code=552, enhanced="5.2.2", diagnostic="552 5.2.2 Mailbox full", mta="mx.a.example")


def _cases(world: Outgoing, count: int) -> list[Case]:
    for contact in world.contacts(count):
        world.accept(contact)
    held = world.outbox.claim({Lane(world.action_number, "a.example"): count}, NOW_MS)[0]
    return Cases(world.catalog, world.customers).of(held)


async def _end(world: Outgoing, *, marks_dead: bool) -> tuple[list[bool], list[str], list[str]]:
    """Settle a message that was taken and two that bounced; return who is dead, all contacts, and who is weighed."""
    weighed: list[tuple[int, str]] = []
    cases = _cases(world, 3)
    with ThreadPoolExecutor(1) as threads:
        settling = Settling(
            world.catalog,
            world.outbox,
            world.logs.of,
            threads,
            structlog.get_logger(),
            copy_of=lambda _: None,
            marks_dead=marks_dead,
            weigh=lambda *whose: weighed.append(whose),
        )
        for case, outcome in zip(
            cases, (activated(cases[0]), bounced(cases[1], UNKNOWN), bounced(cases[2], FULL)), strict=True
        ):
            await settling.end(case.held, case.customer, outcome)
    contacts = Contacts(world.catalog, world.action_number)
    ids = [case.held.contact for case in cases]
    assert {customer for customer, _ in weighed} == {world.action_number}
    return [contacts.get(each).bounced_ms is not None for each in ids], ids, [contact for _, contact in weighed]


def test_a_contact_is_dead_after_a_hard_bounce_and_weighed_after_a_soft_one(tmp_path: Path) -> None:
    with outgoing(tmp_path) as world:
        dead, ids, weighed = asyncio.run(_end(world, marks_dead=True))
    assert dead == [False, True, False]
    assert weighed == ids[2:]


def test_nobody_is_dead_where_hard_bounces_are_not_to_end_messages(tmp_path: Path) -> None:
    with outgoing(tmp_path) as world:
        dead, ids, weighed = asyncio.run(_end(world, marks_dead=False))
    assert dead == [False, False, False]
    assert weighed == ids[2:]


def test_who_is_unknown_to_whoever_was_asked_for_the_recipient_is_dead_whatever_the_code(
    tmp_path: Path,
) -> None:
    """A code of mailboxes that are disabled may come of a filter, but not before the message was seen."""
    said: dict[str, Any] = {"code": 550, "enhanced": "5.2.1", "diagnostic": "User unknown", "mta": "mx.a.example"}
    with outgoing(tmp_path) as world:
        (case,) = _cases(world, 1)
        refusals = [Refused(**said, command=command) for command in ("RCPT", "DATA", "")]
        verdicts = [bounced(case, refused).verdict for refused in refusals]
    assert verdicts == [Verdict.HARD, Verdict.SOFT, Verdict.SOFT]
