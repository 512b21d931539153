"""Health: a relay that fails is left alone for longer and longer, and tried by one message at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from estampe.execution.relaying import health
from estampe.execution.relaying.health import Health

if TYPE_CHECKING:
    from collections.abc import Callable


class Clock:
    """Time that goes on when told."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(health, "_now_s", made)
    return made


def test_a_relay_is_left_alone_for_longer_each_time(clock: Clock) -> None:
    relay = Health("mx.example:25")
    for most_s in (1, 2, 4, 8, 16, 32, 60, 60, 60):
        relay.failed("no answer")
        assert most_s * 0.75 <= relay.wait_s <= most_s
        assert not relay.due
        clock.now_s += relay.wait_s
        assert relay.due
    relay.worked()
    assert relay.up
    relay.failed("no answer")
    assert relay.wait_s <= 1


def test_what_fails_together_counts_once(clock: Clock) -> None:
    relay = Health("mx.example:25")
    for number in range(20):
        relay.failed(f"no answer {number}")
    clock.now_s += 1
    relay.failed("no answer")
    assert relay.wait_s <= 2


@pytest.mark.parametrize("outcome", [Health.worked, lambda relay: relay.failed("no answer"), lambda _: None])
def test_one_message_tries_a_relay(clock: Clock, outcome: Callable[[Health], None]) -> None:
    """And whoever waits hears when it has, however it ends."""

    async def work() -> None:
        relay = Health("mx.example:25")
        relay.failed("no answer")
        clock.now_s += 1
        with relay.tried():
            assert not relay.due
            trial = relay.trial
            outcome(relay)
        assert trial is not None
        await asyncio.wait_for(trial, 1)
        assert relay.trial is None

    asyncio.run(work())
