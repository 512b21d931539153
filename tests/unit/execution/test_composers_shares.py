"""Parties share what makes messages by time: whoever brings slow work, or much of it, holds up nobody else."""

from __future__ import annotations

from collections import Counter
from itertools import repeat

from hypothesis import given
from hypothesis import strategies as st

from estampe.execution.composing.shares import Shares


def test_work_of_one_party_keeps_its_order() -> None:
    shares: Shares[int] = Shares()
    for number in range(5):
        shares.put("a", number)
    shares.put_back("a", -1)
    assert list(shares.drain()) == [-1, 0, 1, 2, 3, 4]
    assert not shares


def test_a_few_pieces_do_not_wait_for_many() -> None:
    shares: Shares[int] = Shares()
    for number in range(100):
        shares.put("many", number)
    shares.charge(shares.take(), 1)
    shares.put("few", 0)
    assert {shares.take().party for _ in range(2)} >= {"few"}


def test_slow_work_has_as_much_time_as_fast_work_not_as_many_turns() -> None:
    shares: Shares[None] = Shares()
    pace = {"slow": 2.0, "fast": 0.001}
    for party in pace:
        for _ in repeat(None, 10_000):
            shares.put(party, None)
    had: Counter[str] = Counter()
    for _ in range(6_000):
        turn = shares.take()
        had[str(turn.party)] += 1
        shares.charge(turn, pace[str(turn.party)])
    assert had["slow"] <= 6_000 * 0.001 / 2.0 + 2


def test_time_that_was_not_used_is_not_saved_up() -> None:
    shares: Shares[None] = Shares()
    for _ in range(200):
        shares.put("busy", None)
    for _ in range(100):
        shares.charge(shares.take(), 1.0)
    for _ in range(100):
        shares.put("late", None)
    had: Counter[object] = Counter()
    for _ in range(20):
        turn = shares.take()
        had[turn.party] += 1
        shares.charge(turn, 1.0)
    assert had["busy"] >= 9


def test_what_waits_is_counted() -> None:
    shares: Shares[None] = Shares()
    assert shares.waiting("a") == 0
    shares.put("a", None)
    assert shares.waiting("a") == 1


def test_parties_without_work_are_forgotten_in_time() -> None:
    shares: Shares[None] = Shares()
    for party in range(5_000):
        shares.put(party, None)
        shares.charge(shares.take(), 0.5)
    assert len(shares._shares) <= 1_025


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 10)), max_size=50))
def test_all_work_comes_out_once(work: list[tuple[str, float]]) -> None:
    shares: Shares[int] = Shares()
    for number, (party, _) in enumerate(work):
        shares.put(party, number)
    out = []
    while shares:
        turn = shares.take()
        out.append(turn.work)
        shares.charge(turn, work[turn.work][1])
    assert sorted(out) == list(range(len(work)))
    for party in "abc":
        assert [number for number in out if work[number][0] == party] == sorted(
            number for number in out if work[number][0] == party
        )
