"""Activations: found by their stamps, remembered, and not asked for again at once where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hitting import OTHER, World, activation, name, opened

from estampe.events import Channel, Draft, EventType, OpenDetail, Source, event_id
from estampe.tracking.recording.activations import Activations, Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from uuid import UUID

    from estampe.log import EventLog


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with opened(tmp_path) as world:
        yield world


class Asked:
    """A log that counts what it is asked."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self.asked = 0

    def find(self, ids: Sequence[UUID]) -> dict[UUID, int]:
        """Find events."""
        self.asked += len(ids)
        return self._log.find(ids)

    def read(self, positions: Iterable[int]) -> dict[int, bytes]:
        """Read events."""
        return self._log.read(positions)


def test_an_activation_is_found_as_it_was_published_and_when(world: World) -> None:
    sent = [world.sent() for _ in range(3)]
    found = Activations().of(world.log, [*map(name, sent), Message(world.customer, 1)])
    (first, *_), events = sent, world.events("activation")
    assert set(found) == set(map(name, sent))
    assert found[name(first)].time_ms == events[0].timestamp
    assert found[name(first)].activation == events[0].source.detail.block


def test_it_is_asked_for_once_while_it_is_remembered(world: World) -> None:
    sent = [world.sent() for _ in range(4)]
    log, activations = Asked(world.log), Activations(most=3)
    for some, asked in ((sent[:3], 3), (sent[1:3], 3), (sent[3:], 4), (sent[1:], 4), (sent[:1], 5)):
        assert len(activations.of(log, list(map(name, some)))) == len(some)  # type: ignore[arg-type]
        assert log.asked == asked


def test_one_that_is_not_there_is_asked_for_again_only_a_second_later(world: World) -> None:
    now_s = [100.0]
    message = world.message()
    log, activations = Asked(world.log), Activations(clock=lambda: now_s[0])
    for later_s, asked in ((0.0, 1), (0.5, 1), (0.6, 2)):
        now_s[0] += later_s
        assert not activations.of(log, [name(message)])  # type: ignore[arg-type]
        assert log.asked == asked
    world.activate(message)
    now_s[0] += 1.1
    assert activations.of(log, [name(message)])  # type: ignore[arg-type]


def test_something_else_that_was_published_with_its_id_is_none(world: World) -> None:
    message = world.message()
    detail = OpenDetail(activation=activation(message).source.detail.block)  # type: ignore[arg-type]
    source = Source(type=Channel.EMAIL, detail=detail)
    world.log.publish([Draft(type="note", id=event_id(message.stamp, EventType.ACTIVATION), source=source)]).result()
    assert not Activations().of(world.log, [name(message)])


def test_customers_do_not_see_those_of_others(world: World) -> None:
    message = world.sent()
    activations = Activations()
    assert activations.of(world.log, [name(message)])
    neighbour = world.customers.number_of(OTHER)
    assert not activations.of(world.logs.of(OTHER), [Message(neighbour, message.stamp.int)])
