"""Launching: whole segments get their message once each, also when it is broken off in the middle."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from estampe.catalog import Actions, Backlog, Launches, Segments, frozen_content
from estampe.catalog.contents import ActionType
from estampe.execution import launching
from estampe.execution.accepting import Acceptance
from estampe.execution.launching import Launching
from estampe.log import LogFull, Query
from outgoing import BODY, CUSTOMER, Outgoing, outgoing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from estampe.catalog import Contact
    from estampe.events import Customer


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Outgoing]:
    with outgoing(tmp_path) as world:
        yield world


@pytest.fixture
def work(world: Outgoing, monkeypatch: pytest.MonkeyPatch) -> Iterator[Launching]:
    monkeypatch.setattr(launching, "_AT_ONCE", 4)
    acceptance = Acceptance(world.catalog, world.customers, world.outbox, world.logs.of)
    with ThreadPoolExecutor(1) as threads:
        yield Launching(Launches(world.catalog), world.customers, acceptance, threads, structlog.get_logger())


def _segment(world: Outgoing, name: str, contacts: list[Contact]) -> int:
    segments = Segments(world.catalog, world.action_number)
    segment = segments.create(name=name)
    segments.add_all(segment.id, [contact.id for contact in contacts])
    return segment.id


def _campaign(world: Outgoing, *selected: int, start: str | None = None, test: int | None = None) -> str:
    scheduler = {"type": "scheduled" if start else "asap", "startDate": start, "segments": {"selected": selected}}
    actions = Actions(world.catalog, world.action_number)
    action = actions.create(ActionType.MAIL_CAMPAIGN, "Campaign", BODY | {"scheduler": scheduler})
    actions.validate(action.id, for_test=True, test_segments=[test] if test else [])
    if not test:
        actions.validate(action.id, for_test=False)
    return action.id


def _executed(world: Outgoing, action: str) -> list[str]:
    events = world.log.scan(Query(types=("execution",), action=action, sort="asc"))
    return [line.decode() for chunk in events for line in chunk.splitlines()]


def _run(work: Launching) -> int:
    """Do all steps; return how many there were."""
    steps = 0
    while work.step():
        steps += 1
    return steps


def test_each_contact_of_the_selected_segments_is_executed_once(world: Outgoing, work: Launching) -> None:
    contacts = world.contacts(10)
    action = _campaign(world, _segment(world, "first", contacts[:7]), _segment(world, "second", contacts[5:]))
    assert _run(work) == 4
    executed = _executed(world, action)
    assert len(executed) == 10
    assert all(any(contact.id in line for line in executed) for contact in contacts)
    assert len({line.partition('"set":"')[2][:36] for line in executed}) == 1


def test_what_was_done_before_a_crash_is_not_done_again(
    world: Outgoing, work: Launching, monkeypatch: pytest.MonkeyPatch
) -> None:
    action = _campaign(world, _segment(world, "all", world.contacts(10)))
    with monkeypatch.context() as broken:
        broken.setattr(Launches, "advance", lambda *_: None)
        for _ in range(3):
            work.step()
    assert len(_executed(world, action)) == 4
    _run(work)
    assert len(_executed(world, action)) == 10
    assert sum(each.messages for each in Backlog(world.catalog, world.customers).summary(CUSTOMER)) == 10


def test_a_campaign_that_cannot_go_on_holds_up_no_other(
    world: Outgoing, work: Launching, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, free = (_campaign(world, _segment(world, name, world.contacts(5))) for name in ("first", "second"))
    take = Acceptance.accept_content

    def refuse(acceptance: Acceptance, customer: Customer, content: int, items: Any) -> Any:
        if frozen_content(world.catalog, content).action == stuck:
            raise LogFull("no room")
        return take(acceptance, customer, content, items)

    monkeypatch.setattr(Acceptance, "accept_content", refuse)
    assert _run(work) == 3
    assert (len(_executed(world, stuck)), len(_executed(world, free))) == (0, 5)
    monkeypatch.undo()
    _run(work)
    assert len(_executed(world, stuck)) == 5


def test_a_campaign_waits_for_its_date(world: Outgoing, work: Launching) -> None:
    action = _campaign(world, _segment(world, "all", world.contacts(2)), start="2100-01-01T00:00:00Z")
    assert _run(work) == 0
    assert _executed(world, action) == []


def test_a_test_goes_to_the_test_segments_only(world: Outgoing, work: Launching) -> None:
    everybody, testers = world.contacts(3), world.contacts(1)
    action = _campaign(world, _segment(world, "all", everybody), test=_segment(world, "testers", testers))
    _run(work)
    (line,) = _executed(world, action)
    assert testers[0].id in line


def test_a_validation_that_is_taken_back_launches_nothing(world: Outgoing, work: Launching) -> None:
    action = _campaign(world, _segment(world, "all", world.contacts(3)))
    Actions(world.catalog, world.action_number).unvalidate(action)
    assert _run(work) == 0
    assert _executed(world, action) == []


def test_a_message_that_is_triggered_launches_nothing(world: Outgoing, work: Launching) -> None:
    segments = {"selected": [_segment(world, "all", world.contacts(3))]}
    actions = Actions(world.catalog, world.action_number)
    action = actions.create(ActionType.MAIL_MESSAGE, "Welcome", BODY | {"scheduler": {"segments": segments}})
    for for_test in (True, False):
        actions.validate(action.id, for_test=for_test)
    assert _run(work) == 0
