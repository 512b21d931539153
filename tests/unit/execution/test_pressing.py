"""Pressing: rules are asked for many messages together, and not for each where there are none."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from estampe.catalog import Lane, Pressure
from estampe.execution import pressing
from estampe.execution.cases import Cases
from estampe.execution.pressing import Pressing
from outgoing import NOW_MS, Outgoing, outgoing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from uuid import UUID

    from estampe.execution.cases import Case

CAPPING = {"key": "all", "increment": 1, "threshold": 2, "period": {"type": "DAY", "value": 1}}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Outgoing]:
    with outgoing(tmp_path) as world:
        yield world


def _cases(world: Outgoing, count: int) -> list[Case]:
    (contact,) = world.contacts(1)
    for _ in range(count):
        world.accept(contact)
    held, _ = world.outbox.claim({Lane(world.action_number, "a.example"): count}, NOW_MS)
    return Cases(world.catalog, world.customers).of(held)


def _reserved(world: Outgoing, *rounds: list[Case], between: Any = lambda: None) -> list[UUID | None]:
    async def run() -> list[UUID | None]:
        with ThreadPoolExecutor(2) as threads:
            asked = Pressing(world.catalog, threads)
            found: list[UUID | None] = []
            for cases in rounds:
                found += await asyncio.gather(*(asked.reserved(case) for case in cases))
                between()
            return found

    return asyncio.run(run())


def test_an_action_that_says_nothing_is_held_to_the_rules(world: Outgoing) -> None:
    rule = Pressure(world.catalog, world.action_number).create_rule("two a day", {"type": "always"}, CAPPING)
    assert _reserved(world, _cases(world, 5)) == [None, None, rule.id, rule.id, rule.id]


def test_a_first_rule_holds_after_a_moment(world: Outgoing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pressing, "_BELIEVED_S", 0.0)
    pressure = Pressure(world.catalog, world.action_number)
    rules: list[UUID] = []

    def make() -> None:
        if not rules:
            rules.append(pressure.create_rule("two a day", {"type": "always"}, CAPPING).id)

    cases = _cases(world, 6)
    assert _reserved(world, cases[:3], cases[3:], between=make) == [None] * 5 + rules


def test_without_rules_the_catalog_is_not_asked_for_each_message(
    world: Outgoing, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = _cases(world, 4)
    asked: list[int] = []
    rules = Pressure.rules
    monkeypatch.setattr(Pressure, "rules", lambda self: asked.append(1) or rules(self))
    assert _reserved(world, cases[:1], cases[1:]) == [None] * 4
    assert len(asked) == 1
