"""Tracking as one thing: what is handed to the spool becomes events, also by the next process."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from hitting import LINKS, World, click, opened, profiles, visit

from estampe.settings import Settings
from estampe.tracking.linking.links import LinkKind
from estampe.tracking.spooling.spool import Spool
from estampe.tracking.tracking import Tracking
from estampe.verdicts import HitClass, Networks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from estampe.tracking.spooling.segments import Kept


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with opened(tmp_path) as world:
        yield world


class KnowNothing:
    """Tells nothing of any agent."""

    of = staticmethod(profiles)

    def close(self) -> None:
        """Do nothing."""


class House:
    """A tracking on the files of a world."""

    def __init__(self, world: World, folder: Path, judge_seconds: float = 0) -> None:
        self.counted: Counter[str] = Counter()
        agents: Any = KnowNothing()
        self.tracking = Tracking(
            catalog=world.catalog,
            customers=world.customers,
            log_of=world.logs.of,
            links=LINKS,
            spool=Spool(folder / "spool", limit=1 << 20),
            agents=agents,
            networks=Networks.of(None),
            settings=Settings(data=folder, judge_seconds=judge_seconds),
            seen=lambda _customer, _people: None,
            count=lambda outcome: self.counted.update([outcome]),
        )

    async def keep(self, *kept: Kept) -> None:
        """Put visits into the spool."""
        assert all(await asyncio.gather(*(self.tracking.spool.append(each.visit) for each in kept)))

    async def work(self) -> None:
        """Make events until nothing waits."""
        async with self.tracking.running():
            while self.tracking.spool.waiting():  # noqa: ASYNC110  another thread ends it
                await asyncio.sleep(0.005)


def test_visits_become_events_of_their_messages(tmp_path: Path, world: World) -> None:
    contact = world.contact()
    message = world.sent(contact.id)
    house = House(world, tmp_path)

    async def run() -> None:
        await house.keep(visit(message), click(message, "a"), visit(message, LinkKind.UNSUBSCRIBE, one_click=True))
        await house.work()

    with closing(house.tracking):
        asyncio.run(run())
    assert sorted(event.source.detail.subtype for event in world.events("hit", "optout")) == [
        "one-click",
        "open",
        "redirection",
        "unsubscribe",
    ]
    assert house.counted == {"published": 3}


def test_what_one_process_leaves_the_next_one_publishes_once(tmp_path: Path, world: World) -> None:
    messages = [world.sent() for _ in range(5)]
    first = House(world, tmp_path, judge_seconds=60)

    async def leave() -> None:
        await first.keep(*(click(each, "a", ago_s=0) for each in messages))
        async with first.tracking.running():
            await asyncio.sleep(0.01)

    with closing(first.tracking):
        asyncio.run(leave())
    assert not world.events("hit")
    for _ in range(2):
        house = House(world, tmp_path)
        with closing(house.tracking):
            asyncio.run(house.work())
    assert len(world.events("hit")) == len(messages)


def test_hits_are_judged_by_the_rules_of_the_house(tmp_path: Path, world: World) -> None:
    """A sweep of many links within a second is a scanner's, whatever its agent says."""
    message = world.sent()
    house = House(world, tmp_path)

    async def run() -> None:
        await house.keep(*(click(message, f"{number}", ago_s=9 - number / 100) for number in range(9)))
        await house.work()

    with closing(house.tracking):
        asyncio.run(run())
    assert list(world.classes().values()) == [HitClass.SCANNER] * 9
