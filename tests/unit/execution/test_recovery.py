"""After a crash: what is over stays over, what is not is sent, and no execution is missing."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from estampe.catalog import Lane, Postponed
from estampe.events import EmptyAddress
from estampe.execution.cases import Cases
from estampe.execution.outcomes import activated, cancelled
from estampe.execution.recovery import Recovery
from outgoing import NOW_MS, Outgoing, outgoing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from estampe.catalog import Held


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Outgoing]:
    with outgoing(tmp_path) as world:
        yield world


def _claim(world: Outgoing) -> list[Held]:
    return world.outbox.claim({Lane(world.action_number, "a.example"): 1_000}, NOW_MS)[0]


def _recover(world: Outgoing) -> int:
    return Recovery(world.outbox, world.customers, world.logs.of, 60_000).run()


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
