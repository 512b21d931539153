"""After a crash: what is over stays over, what is not is sent, and no execution is missing."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
import structlog

from estampe.catalog import Copies, Lane, Postponed
from estampe.events import EmptyAddress
from estampe.execution.cases import Cases
from estampe.execution.copying import copy_of
from estampe.execution.outcomes import activated, cancelled
from estampe.execution.recovery import Recovery
from estampe.execution.settling import Settling
from outgoing import NOW_MS, Outgoing, body_with, outgoing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor
    from pathlib import Path

    from estampe.catalog import Held


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Outgoing]:
    with outgoing(tmp_path) as world:
        yield world


def _claim(world: Outgoing) -> list[Held]:
    return world.outbox.claim({Lane(world.action_number, "a.example"): 1_000}, NOW_MS)[0]


def _recover(world: Outgoing) -> int:
    threads: Executor = None  # type: ignore[assignment]  # recovery asks in this one
    recovery = Recovery(
        outbox=world.outbox,
        customers=world.customers,
        cases=Cases(world.catalog, world.customers),
        settling=Settling(world.catalog, world.outbox, world.logs.of, threads, structlog.get_logger(), copy_of=copy_of),
        log_of=world.logs.of,
        longest_ms=60_000,
    )
    return recovery.run()


def test_a_message_whose_execution_may_be_missing_gets_it_and_is_sent(world: Outgoing) -> None:
    (contact,) = world.contacts(1)
    stamp = world.accept(contact, release=False)
    assert _recover(world) == 1
    assert world.types(stamp) == ["execution"]
    assert [held.stamp for held in _claim(world)] == [stamp]


def test_an_execution_that_is_there_is_not_published_again(world: Outgoing) -> None:
    (contact,) = world.contacts(1)
    stamp = world.accept(contact, release=False)
    for _ in range(2):
        _recover(world)
    assert world.types(stamp) == ["execution"]


def test_what_was_sent_or_cancelled_is_over_and_the_rest_is_sent(world: Outgoing) -> None:
    stamps = [world.accept(contact) for contact in world.contacts(3)]
    sent, stopped, open_one = Cases(world.catalog, world.customers).of(_claim(world))
    drafts = [*activated(sent).drafts, *cancelled(stopped, EmptyAddress()).drafts]
    world.log.publish(drafts).result()
    assert _recover(world) == 3
    assert [held.stamp for held in _claim(world)] == [open_one.held.stamp]
    assert [world.types(stamp) for stamp in stamps] == [["activation"], ["cancellation"], []]


def test_a_message_that_was_sent_gets_the_copy_that_a_crash_has_kept_from_it(tmp_path: Path) -> None:
    with outgoing(tmp_path, body_with('<a href="MirrorPage">Read it there</a>')) as world:
        for contact in world.contacts(2):
            world.accept(contact)
        sent, stopped = Cases(world.catalog, world.customers).of(_claim(world))
        world.log.publish([*activated(sent).drafts, *cancelled(stopped, EmptyAddress()).drafts]).result()
        _recover(world)
        copies = Copies(world.catalog)
        found = [copies.find(case.held.customer, case.held.contact, case.held.stamp) for case in (sent, stopped)]
    assert found == [copy_of(sent), None]


def test_many_are_recovered_a_page_at_a_time(world: Outgoing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("estampe.execution.recovery._AT_ONCE", 3)
    for contact in world.contacts(8):
        world.accept(contact, release=False)
    assert _recover(world) == 8
    assert len(_claim(world)) == 8
    assert sum(1 for _ in world.log.subscribe(0).next(0)) == 8


def test_an_outbox_in_order_is_left_alone(world: Outgoing) -> None:
    (contact,) = world.contacts(1)
    stamp = world.accept(contact)
    assert _recover(world) == 0
    assert [held.stamp for held in _claim(world)] == [stamp]
    with closing(world.log.subscribe(0)) as news:
        assert not news.next(0)


def test_what_a_clock_that_was_ahead_put_back_does_not_wait_for_it(world: Outgoing) -> None:
    for contact in world.contacts(2):
        world.accept(contact)
    soon, ahead = _claim(world)
    now_ms = time.time_ns() // 1_000_000
    with world.catalog.writing() as connection:
        later = [
            Postponed(seq=held.seq, due_ms=now_ms + wait_ms, attempts=1, reason="")
            for held, wait_ms in ((soon, 30_000), (ahead, 3_600_000))
        ]
        world.outbox.settle(connection, [], later)
    _recover(world)
    held, _ = world.outbox.claim({Lane(world.action_number, "a.example"): 9}, now_ms + 1_000)
    assert [each.stamp for each in held] == [ahead.stamp]
