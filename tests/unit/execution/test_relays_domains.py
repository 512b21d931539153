"""Limits by domain: never more at once, never more a second in the long run, and nothing is remembered for ever."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from estampe.execution.relaying import domains
from estampe.execution.relaying.domains import Domains, Limit

if TYPE_CHECKING:
    import pytest


class Clock:
    """Time that goes on when told."""

    def __init__(self) -> None:
        self.now_s = 1_000_000.0

    def __call__(self) -> float:
        return self.now_s


def send(limited: Domains, domain: str, count: int) -> None:
    """Send messages that are delivered at once."""
    for _ in range(count):
        with limited.sending(domain):
            pass


def test_no_more_are_under_way_than_allowed() -> None:
    limited = Domains(Limit(3, 0), {"gmail.com": Limit(1, 0)})
    with ExitStack() as stack:
        stack.enter_context(limited.sending("gmail.com"))
        stack.enter_context(limited.sending("orange.fr"))
        assert limited.under_way == 2
        assert [limited.room(domain) for domain in ("gmail.com", "orange.fr", "free.fr")] == [0, 2, 3]
        stack.enter_context(limited.sending("gmail.com"))
        assert limited.room("gmail.com") == 0
    assert limited.under_way == 0
    assert limited.room("gmail.com") == 1


def test_room_comes_back_with_time() -> None:
    clock = Clock()
    limited = Domains(Limit(100, 5), {"slow.example": Limit(100, 0.1)}, clock)
    assert [limited.room("a.example"), limited.room("slow.example")] == [5, 1]
    send(limited, "a.example", 5)
    send(limited, "slow.example", 1)
    assert [limited.room("a.example"), limited.room("slow.example")] == [0, 0]
    clock.now_s += 0.4
    assert [limited.room("a.example"), limited.room("slow.example")] == [2, 0]
    clock.now_s += 9.6
    assert [limited.room("a.example"), limited.room("slow.example")] == [5, 1]


@given(st.floats(0.01, 1_000), st.lists(st.tuples(st.floats(0, 10), st.integers(0, 50)), min_size=1, max_size=50))
def test_a_rate_is_kept_and_can_be_used_up(rate: float, turns: list[tuple[float, int]]) -> None:
    """At any time: a second's worth and what time has brought since, and not a message less if all room is taken."""
    clock = Clock()
    limited = Domains(Limit(10_000, rate), {}, clock)
    start_s, sent = clock.now_s, 0
    for wait_s, wanted in turns:
        clock.now_s += wait_s
        count = min(wanted, limited.room("a.example"))
        send(limited, "a.example", count)
        sent += count
        assert sent <= max(1.0, rate) + rate * (clock.now_s - start_s) + 0.001
    clock.now_s += max(1.0, rate) / rate
    assert limited.room("a.example") == int(max(1.0, rate) + 1e-6)


def test_domains_that_owe_nothing_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domains, "_KEPT", 10)
    clock = Clock()
    limited = Domains(Limit(10, 1), {}, clock)
    for number in range(100):
        clock.now_s += 1
        send(limited, f"{number}.example", 1)
    assert len(limited._paid_s) <= 10
