"""Enriching: visits wait for those of their message, none is lost, and what cannot become a hit stops no other."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hitting import Pile, World, click, opened, profiles, visit

from estampe.catalog import CatalogUnavailable
from estampe.instants import clock_ms
from estampe.log import DamagedLog, LogBusy, LogClosed, LogFull
from estampe.tracking.linking.links import LinkKind
from estampe.tracking.recording import enriching
from estampe.tracking.recording.enriching import Enriching
from estampe.tracking.recording.recording import Recorded, taken_of
from estampe.tracking.recording.refused import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from uuid import UUID

    from estampe.tracking.linking.links import Addressed
    from estampe.tracking.recording.recording import Taken
    from estampe.tracking.spooling.segments import Kept


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits longer than it must."""
    monkeypatch.setattr(enriching, "_TICK_S", 0.001)
    monkeypatch.setattr(enriching, "_AGAIN_MS", 1)


class Record:
    """A recording that keeps what it is given, or fails as told."""

    def __init__(self, *failures: Exception | None) -> None:
        self.calls: list[list[UUID]] = []
        self.recorded: list[UUID] = []
        self.early: set[UUID] = set()
        self.strange: set[UUID] = set()
        self.poison: dict[UUID, Exception] = {}
        self._failures = list(failures)

    def record(self, taken: Sequence[Taken], _now_ms: int) -> Recorded:
        """Record visits."""
        ids = [each.kept.id for each in taken]
        self.calls.append(ids)
        if self._failures and (failure := self._failures.pop(0)):
            raise failure
        for each in ids:
            if each in self.poison:
                raise self.poison[each]
        early = [each for each in taken if each.kept.id in self.early]
        strange = [each for each in taken if each.kept.id in self.strange]
        self.recorded += [each for each in ids if each not in self.early | self.strange]
        return Recorded(early, strange)


class Room:
    """An enriching with its surroundings."""

    def __init__(self, folder: Path, pile: Pile, record: Any, judge_ms: int = 2_000) -> None:
        self.counted: Counter[str] = Counter()
        self.refused = folder / "refused.jsonl"
        self.pile = pile
        self.enriching = Enriching(
            pile,  # type: ignore[arg-type]
            record,
            Refused(self.refused),
            judge_ms=judge_ms,
            count=lambda outcome: self.counted.update([outcome]),
        )

    def turn(self, times: int = 1) -> None:
        """Let it work a while."""
        for _ in range(times):
            self.enriching._turn()

    def reasons(self) -> dict[str, str]:
        """Return why visits were refused, by id."""
        lines = self.refused.read_bytes().splitlines() if self.refused.exists() else []
        return {said["id"]: said["reason"] for said in map(json.loads, lines)}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with opened(tmp_path) as world:
        yield world


@pytest.fixture
def message(world: World) -> Addressed:
    return world.message()


def _ids(kept: Sequence[Kept]) -> list[UUID]:
    return [each.id for each in kept]


def test_a_visit_waits_for_others_of_its_message_which_then_wait_no_longer(
    tmp_path: Path, world: World, message: Addressed
) -> None:
    first, second = click(message, "a", ago_s=1.99), click(message, "b", ago_s=0)
    other = click(world.message(), "a", ago_s=1)
    record = Record()
    room = Room(tmp_path, Pile([first, other, second]), record, judge_ms=2_000)
    room.turn()
    assert record.calls in ([], [[first.id, second.id]])  # the clock may have gone on
    while not record.calls:
        room.turn()
    assert record.calls == [[first.id, second.id]]
    assert room.pile.over == [first, second]


def test_who_unsubscribes_does_not_wait_nor_do_other_visits_of_the_message(
    tmp_path: Path, world: World, message: Addressed
) -> None:
    kept = [click(message, "a", ago_s=0), visit(message, LinkKind.UNSUBSCRIBE, ago_s=0)]
    record = Record()
    Room(tmp_path, Pile([*kept, click(world.message(), "a", ago_s=0)]), record, judge_ms=60_000).turn()
    assert record.calls == [_ids(kept)]


def test_a_visit_of_the_future_waits_no_longer_than_others(tmp_path: Path, message: Addressed) -> None:
    """The machine's clock was set back."""
    record = Record()
    Room(tmp_path, Pile([click(message, "a", ago_s=-3_600)]), record, judge_ms=0).turn(2)
    assert len(record.recorded) == 1


def test_a_clock_that_is_set_back_holds_up_nothing_that_waits(
    tmp_path: Path, message: Addressed, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = Record()
    room = Room(tmp_path, Pile([click(message, "a", ago_s=0)]), record, judge_ms=50)
    room.enriching._gather(100)
    monkeypatch.setattr(enriching, "clock_ms", lambda: clock_ms() - 3_600_000)
    deadline_s = time.monotonic() + 5
    while not record.recorded and time.monotonic() < deadline_s:
        room.turn()
    assert len(record.recorded) == 1


def test_when_too_many_wait_the_oldest_wait_no_longer(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enriching, "_GATHERED", 3)
    kept = [click(world.message(), "a", ago_s=5 - number) for number in range(5)]
    record = Record()
    room = Room(tmp_path, Pile(kept), record, judge_ms=60_000)
    room.turn()
    assert record.recorded == _ids(kept[:3])
    room.turn()
    assert not room.pile.left
    assert record.recorded == _ids(kept[:3])


def test_visits_are_recorded_so_many_at_once(
    tmp_path: Path, message: Addressed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enriching, "_AT_ONCE", 4)
    kept = [click(message, f"{number}") for number in range(10)]
    record = Record()
    Room(tmp_path, Pile(kept), record).turn(3)
    assert [len(call) for call in record.calls] == [4, 4, 2]
    assert sorted(record.recorded) == sorted(_ids(kept))


@pytest.mark.parametrize("failure", [LogFull("full"), LogBusy("busy"), CatalogUnavailable("the catalog", "away")])
def test_where_there_is_no_room_it_is_tried_again(tmp_path: Path, message: Addressed, failure: Exception) -> None:
    kept = [click(message, "a"), click(message, "b")]
    record = Record(failure, failure)
    room = Room(tmp_path, Pile(kept), record)
    room.turn(2)
    assert not room.pile.over
    room.turn()
    assert room.pile.over == kept
    assert not room.counted


def test_a_closing_log_leaves_all_in_the_spool(tmp_path: Path, message: Addressed) -> None:
    room = Room(tmp_path, Pile([click(message, "a")]), Record(LogClosed("closed")))
    room.enriching.run()
    assert not room.pile.over


def test_a_message_that_is_not_activated_yet_is_waited_for(tmp_path: Path, message: Addressed) -> None:
    kept = [click(message, "a", ago_s=0)]
    record = Record()
    record.early = {kept[0].id}
    room = Room(tmp_path, Pile(kept), record, judge_ms=0)
    room.turn(3)
    assert (room.pile.over, room.counted) == ([], {"early": 1})
    record.early = set()
    while not room.pile.over:
        room.turn()
    assert (room.pile.over, room.counted) == (kept, {"early": 1})


def test_one_that_is_not_activated_for_days_is_given_up(tmp_path: Path, message: Addressed) -> None:
    kept = [click(message, "a", ago_s=3 * 86_400 - 60), click(message, "b", ago_s=3 * 86_400 + 60)]
    record = Record()
    record.early = set(_ids(kept))
    room = Room(tmp_path, Pile(kept), record)
    room.turn(2)
    assert (room.pile.over, room.counted) == (kept[1:], {"early": 1, "orphaned": 1})


def test_the_more_wait_for_their_messages_the_shorter_they_do(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enriching, "_HALVING", 1)
    monkeypatch.setattr(enriching, "_AT_ONCE", 1)
    kept = [click(world.message(), "a", ago_s=3_600) for _ in range(30)]
    record = Record()
    record.early = set(_ids(kept))
    room = Room(tmp_path, Pile(kept), record)
    room.turn(30)
    assert room.counted == {"early": 7, "orphaned": 23}  # three days halved seven times are half an hour


def test_visits_of_a_customer_that_is_none_are_given_up_at_once(tmp_path: Path, message: Addressed) -> None:
    kept = [click(message, "a"), click(message, "b")]
    record = Record()
    record.strange = {kept[0].id}
    room = Room(tmp_path, Pile(kept), record)
    room.turn()
    assert (room.pile.over, room.counted) == (kept, {"orphaned": 1})


def test_one_visit_that_cannot_be_recorded_stops_no_other(tmp_path: Path, world: World) -> None:
    kept = [click(world.message(), f"{number}") for number in range(37)]
    record = Record()
    record.poison = {kept[5].id: ValueError("five"), kept[30].id: TypeError("thirty")}
    room = Room(tmp_path, Pile(kept), record)
    room.turn()
    assert sorted(_ids(room.pile.over)) == sorted(_ids(kept))
    assert sorted(record.recorded) == sorted(each.id for each in kept if each.id not in record.poison)
    assert room.counted == {"refused": 2}
    assert room.reasons() == {f"{kept[5].id}": "ValueError('five')", f"{kept[30].id}": "TypeError('thirty')"}


def test_what_is_no_visit_is_refused(tmp_path: Path, message: Addressed) -> None:
    good = click(message, "a")
    broken = [good._replace(visit=good.visit[:-1]), good._replace(visit=b"")]
    room = Room(tmp_path, Pile([*broken, good]), Record())
    room.turn()
    assert room.counted == {"refused": 2}
    assert len(room.pile.over) == 3


def test_what_is_refused_is_kept_for_people_to_read(tmp_path: Path, message: Addressed) -> None:
    kept = click(message, "sale", agent="Mozilla/5.0 (a \x1b phone)")
    record = Record(ValueError("no"))
    room = Room(tmp_path, Pile([kept]), record)
    room.turn()
    said = json.loads(room.refused.read_text())
    assert (said["agent"], said["link"]["label"], said["address"]) == (taken_of(kept).visit.agent, "sale", "192.0.2.1")


def test_what_cannot_even_be_kept_aside_stays_in_the_spool(tmp_path: Path, message: Addressed) -> None:
    kept = click(message, "a")
    room = Room(tmp_path, Pile([kept]), Record(ValueError("no")))
    room.refused.mkdir()
    room.turn()
    assert (room.pile.over, room.counted) == ([], {"refused": 1})


def test_a_log_that_fails_lets_other_customers_alone(tmp_path: Path, world: World, message: Addressed) -> None:
    sick = [click(message._replace(customer=7), f"{number}", ago_s=0) for number in range(9)]
    well = [click(world.message(), f"{number}", ago_s=0) for number in range(9)]
    record = Record()
    record.poison = dict.fromkeys(_ids(sick), DamagedLog("damaged"))
    room = Room(tmp_path, Pile([*sick[:5], *well, *sick[5:]]), record, judge_ms=0)
    room.turn()
    assert sorted(_ids(room.pile.over)) == sorted(_ids(well))
    assert room.counted == {"early": 9}
    record.poison = {}
    while len(room.pile.over) < 18:
        room.turn()
    assert not room.reasons()


def test_in_a_crowd_it_takes_small_bites(tmp_path: Path, message: Addressed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever follows a link then waits for no more than one of them."""
    record = Record()
    room = Room(tmp_path, Pile([click(message, "a", ago_s=60) for _ in range(300)]), record, judge_ms=0)
    monkeypatch.setattr(room.enriching, "_crowd", SimpleNamespace(times=lambda: 2.0))
    room.turn()
    assert len(record.recorded) == 100
    room.turn(2)
    assert len(record.recorded) == 300


def test_it_goes_on_after_a_fault_of_its_own(tmp_path: Path, message: Addressed) -> None:
    class Faulty(Pile):
        """A spool that cannot be read at first."""

        def take(self, most: int) -> list[Kept]:
            """Take the next ones, the second time."""
            nonlocal faults
            faults += 1
            if faults == 1:
                raise OSError("unreadable")
            return super().take(most)

    faults = 0
    kept = click(message, "a")
    room = Room(tmp_path, Faulty([kept]), Record())
    thread = _running(room.enriching.run)
    while not room.pile.over:
        thread.join(0.001)
    room.enriching.stop()
    thread.join(10)
    assert not thread.is_alive()


def test_stopping_leaves_what_waits(tmp_path: Path, message: Addressed) -> None:
    room = Room(tmp_path, Pile([click(message, "a", ago_s=0)]), Record(), judge_ms=60_000)
    thread = _running(room.enriching.run)
    while room.pile.left:
        thread.join(0.001)
    room.enriching.stop()
    thread.join(10)
    assert not thread.is_alive()
    assert not room.pile.over


def test_with_a_real_recording_all_become_hits_and_one_poison_does_not(tmp_path: Path, world: World) -> None:
    def fussy(agents: Any, whose: Any) -> dict[str, Any]:
        if "poison" in agents:
            raise ValueError("poison")
        return profiles(agents, whose)

    messages = [world.sent() for _ in range(20)]
    kept = [click(each, "a", agent="poison" if number == 7 else "Mozilla") for number, each in enumerate(messages)]
    room = Room(tmp_path, Pile(kept), world.recording(fussy))
    room.turn()
    assert {event.id for event in world.events("hit")} == set(_ids(kept)) - {kept[7].id}
    assert list(room.reasons()) == [f"{kept[7].id}"]


def _running(run: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread
