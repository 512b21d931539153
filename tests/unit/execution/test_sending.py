"""Sending: each message comes to one end, whatever relays, rules and faults do."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from estampe.catalog import Backlog, CatalogUnavailable, Contacts, MessageState
from estampe.events import ActivationDetail, BounceDetail, EmptyAddress
from estampe.execution.cases import Cases
from estampe.execution.composing.signing import UnusableKey
from estampe.execution.orders import Delivered, Letter, Refused
from estampe.execution.relaying.relays import InDoubt, NoRelay
from estampe.execution.sending import Sending
from estampe.execution.settling import Settling
from estampe.log import LogFull
from outgoing import OTHER, Outgoing, outgoing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from uuid import UUID

    from estampe.catalog import Lane
    from estampe.events import Cancellation
    from estampe.execution.cases import Case

Answer = Delivered | Refused | Exception

TAKEN = Delivered(mta="mx.a.example", answer="250 ok")
GREYLISTED = Refused(code=450, enhanced="4.2.0", diagnostic="greylisted", mta="mx.a.example")
UNKNOWN = Refused(code=550, enhanced="5.1.1", diagnostic="no such user", mta="mx.a.example")


class _Relay:
    """Answers as it is told, the last answer for ever; counts what is under way."""

    def __init__(self, *answers: Answer, room: int = 5) -> None:
        self.letters: list[Letter] = []
        self.most = 0
        self._answers = list(answers)
        self._room = room
        self._under_way: Counter[str] = Counter()

    def room(self, domain: str) -> int:
        return self._room - self._under_way[domain]

    async def deliver(self, letter: Letter, domain: str) -> Delivered | Refused:
        self._under_way[domain] += 1
        self.most = max(self.most, self._under_way[domain])
        await asyncio.sleep(0.001)
        self._under_way[domain] -= 1
        self.letters.append(letter)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class _Composing:
    """Makes a letter of everything, unless a message's address is to be stopped or breaks it."""

    def __init__(self, stopped: str = "", broken: str = "", failing: Sequence[Exception] = ()) -> None:
        self._stopped = stopped
        self._broken = broken
        self._failing = list(failing)

    async def cancellation(self, case: Case) -> Cancellation | None:
        if self._failing:
            raise self._failing.pop()
        if self._broken and self._broken in case.address:
            raise ZeroDivisionError
        if self._stopped and self._stopped in case.address:
            return EmptyAddress()
        case.letter = Letter(sender="b@a.example", recipient=case.address, message=b"")
        return None


class _Office:
    """Runs the sending until a condition holds."""

    def __init__(self, world: Outgoing, relay: _Relay, composing: _Composing | None = None) -> None:
        self.world = world
        self.relay = relay
        self.counted: Counter[str] = Counter()
        self.schedule_ms: Sequence[int] = (5, 5)
        self.patience_s = 5.0
        self.at_once = 100
        self.log_of: Callable[[Any], Any] = world.logs.of
        self._composing = composing or _Composing()

    def run_until(self, holds: Callable[[], bool]) -> None:
        asyncio.run(self._run_until(holds))

    def run_until_empty(self) -> None:
        backlog = Backlog(self.world.catalog, self.world.customers)
        self.run_until(lambda: not backlog.summary())

    async def _run_until(self, holds: Callable[[], bool]) -> None:
        journal = structlog.get_logger()
        with ThreadPoolExecutor(4) as threads:
            settling = Settling(
                self.world.catalog, self.world.outbox, self.log_of, threads, journal, copy_of=lambda _: None
            )
            sending = Sending(
                outbox=self.world.outbox,
                cases=Cases(self.world.catalog, self.world.customers),
                policies=[self._composing],
                relays=self.relay,  # type: ignore[arg-type]  # it does what sending asks of relays
                settling=settling,
                schedule_ms=self.schedule_ms,
                at_once=self.at_once,
                threads=threads,
                count=lambda word: self.counted.update([word]),
                journal=journal,
            )
            task = asyncio.ensure_future(sending.run())
            until_s = time.monotonic() + 20
            while not holds() and not task.done():
                assert time.monotonic() < until_s, "it does not come to an end"
                await asyncio.sleep(0.005)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await sending.finish(self.patience_s)
            settling.stop()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Outgoing]:
    with outgoing(tmp_path) as world:
        yield world


def test_a_message_that_is_taken_is_activated_with_its_address(world: Outgoing) -> None:
    (contact,) = world.contacts(1)
    stamp = world.accept(contact)
    office = _Office(world, _Relay(TAKEN))
    office.run_until_empty()
    (event,) = world.events(stamp)
    assert isinstance(event.source.detail, ActivationDetail)
    activation = event.source.detail.activation
    assert (activation.receiver, activation.recipient) == (contact.footprint, contact.address)
    assert office.counted == {"activated": 1}


def test_many_messages_end_once_each_within_the_room_of_their_domain(world: Outgoing) -> None:
    contacts = [*world.contacts(60), *world.contacts(20, "b.example")]
    stamps = [world.accept(contact) for contact in contacts]
    office = _Office(world, _Relay(TAKEN, room=3))
    office.run_until_empty()
    assert office.relay.most == 3
    assert {world_type for stamp in stamps[:5] for world_type in world.types(stamp)} == {"activation"}
    assert sorted(letter.recipient for letter in office.relay.letters) == sorted(each.address for each in contacts)


def test_who_sends_one_message_does_not_wait_for_all_of_the_others(world: Outgoing) -> None:
    """Domains with a backlog fill all places, and yet the one message is among the first."""
    crowd = [contact for number in range(4) for contact in world.contacts(20, f"crowd{number}.example")]
    for contact in [*crowd, *world.contacts(1, "one.example")]:
        world.accept(contact)
    office = _Office(world, _Relay(TAKEN, room=2))
    office.at_once = 4
    office.run_until_empty()
    place = [letter.recipient.endswith("@one.example") for letter in office.relay.letters].index(True)
    assert place < 10


def test_a_catalog_that_is_away_at_first_is_waited_for(world: Outgoing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("estampe.execution.sending._REST_S", 0.01)
    stamp = world.accept(*world.contacts(1))
    lanes, away = world.outbox.lanes, [CatalogUnavailable("The catalog", "it is away")] * 3

    def lanes_if_there() -> dict[Lane, int]:
        if away:
            raise away.pop()
        return lanes()

    monkeypatch.setattr(world.outbox, "lanes", lanes_if_there)
    _Office(world, _Relay(TAKEN)).run_until_empty()
    assert world.types(stamp) == ["activation"]


def test_what_is_refused_for_good_bounces_and_marks_its_contact(world: Outgoing) -> None:
    (contact,) = world.contacts(1)
    stamp = world.accept(contact)
    _Office(world, _Relay(UNKNOWN)).run_until_empty()
    assert world.types(stamp) == ["activation", "bounce"]
    detail = world.events(stamp)[1].source.detail
    assert isinstance(detail, BounceDetail)
    assert detail.bounce.analysis.verdict.value == "hard"
    assert Contacts(world.catalog, world.action_number).get(contact.id).bounced_ms is not None


def test_what_is_refused_for_now_is_tried_again(world: Outgoing) -> None:
    (contact,) = world.contacts(1)
    stamp = world.accept(contact)
    office = _Office(world, _Relay(GREYLISTED, TAKEN))
    office.run_until_empty()
    assert world.types(stamp) == ["activation"]
    assert office.counted == {"postponed": 1, "activated": 1}


def test_what_is_refused_until_the_schedule_ends_bounces_softly(world: Outgoing) -> None:
    (contact,) = world.contacts(1)
    stamp = world.accept(contact)
    office = _Office(world, _Relay(GREYLISTED))
    office.run_until_empty()
    assert world.types(stamp) == ["activation", "bounce"]
    detail = world.events(stamp)[1].source.detail
    assert isinstance(detail, BounceDetail)
    assert detail.bounce.analysis.verdict.value == "soft"
    assert len(office.relay.letters) == 3
    assert Contacts(world.catalog, world.action_number).get(contact.id).bounced_ms is None


def test_while_it_waits_people_see_why(world: Outgoing) -> None:
    (contact,) = world.contacts(1)
    world.accept(contact)
    office = _Office(world, _Relay(GREYLISTED))
    office.schedule_ms = (3_600_000,)
    office.run_until(lambda: office.counted["postponed"] == 1)
    (waiting,) = Backlog(world.catalog, world.customers).waiting(None, 9)
    assert (waiting.reason, waiting.attempts) == ("450 4.2.0 greylisted", 1)
    assert waiting.due_ms > time.time() * 1_000 + 3_000_000


def test_without_a_relay_nothing_is_lost_and_nothing_counts_as_tried(world: Outgoing) -> None:
    (contact,) = world.contacts(1)
    stamp = world.accept(contact)
    office = _Office(world, _Relay(*[NoRelay(0.01, ())] * 5, TAKEN))
    office.run_until_empty()
    assert world.types(stamp) == ["activation"]
    assert office.counted == {"postponed": 5, "activated": 1}


def test_a_message_in_doubt_is_tried_again(world: Outgoing) -> None:
    (contact,) = world.contacts(1)
    stamp = world.accept(contact)
    office = _Office(world, _Relay(InDoubt("relay", "the connection broke"), TAKEN))
    office.run_until_empty()
    assert world.types(stamp) == ["activation"]
    assert len(office.relay.letters) == 2


def test_a_message_that_is_stopped_is_cancelled_and_not_sent(world: Outgoing) -> None:
    contacts = world.contacts(3)
    stamps = [world.accept(contact) for contact in contacts]
    office = _Office(world, _Relay(TAKEN), _Composing(stopped=contacts[1].address))
    office.run_until_empty()
    assert [world.types(stamp) for stamp in stamps] == [["activation"], ["cancellation"], ["activation"]]
    assert len(office.relay.letters) == 2


def test_a_message_that_breaks_us_waits_and_stops_nobody(world: Outgoing) -> None:
    contacts = world.contacts(3)
    stamps = [world.accept(contact) for contact in contacts]
    office = _Office(world, _Relay(TAKEN), _Composing(broken=contacts[0].address))
    office.run_until(lambda: office.counted["activated"] == 2 and office.counted["postponed"] == 1)
    assert [world.types(stamp) for stamp in stamps] == [[], ["activation"], ["activation"]]
    (waiting,) = Backlog(world.catalog, world.customers).waiting(None, 9)
    assert waiting.state == MessageState.WAITING
    assert "ZeroDivisionError" in waiting.reason


def test_a_catalog_that_is_away_in_the_middle_is_no_fault_of_the_message(
    world: Outgoing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("estampe.execution.sending._SOON_MS", 5)
    stamp = world.accept(*world.contacts(1))
    office = _Office(world, _Relay(TAKEN), _Composing(failing=[CatalogUnavailable("The catalog", "it is away")]))
    office.run_until_empty()
    assert world.types(stamp) == ["activation"]


def test_large_messages_are_in_hand_a_few_at_a_time(world: Outgoing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("estampe.execution.sending.BYTES_IN_HAND", 1)
    stamps = [world.accept(contact) for contact in [*world.contacts(3), *world.contacts(3, "b.example")]]
    office = _Office(world, _Relay(TAKEN))
    office.run_until_empty()
    assert [world.types(stamp) for stamp in stamps] == [["activation"]] * 6
    assert office.relay.most == 1


def test_what_arrives_while_it_runs_is_sent_at_once(world: Outgoing) -> None:
    (contact,) = world.contacts(1)
    stamps = []

    def arrives() -> bool:
        if not stamps:
            stamps.append(world.accept(contact))
        return bool(world.types(stamps[0]))

    _Office(world, _Relay(TAKEN)).run_until(arrives)
    assert world.types(stamps[0]) == ["activation"]


def test_a_full_disk_is_waited_for(world: Outgoing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("estampe.execution.settling._AGAIN_S", 0.01)
    (contact,) = world.contacts(1)
    stamp = world.accept(contact)
    full = [LogFull("no room"), LogFull("no room")]

    class Log:
        def publish(self, drafts: Sequence[Any]) -> Any:
            if full:
                raise full.pop()
            return world.log.publish(drafts)

    office = _Office(world, _Relay(TAKEN))
    office.log_of = lambda _: Log()
    office.run_until_empty()
    assert world.types(stamp) == ["activation"]
    assert len(office.relay.letters) == 1


def test_what_was_sent_and_cannot_be_settled_for_a_fault_is_not_sent_again(
    world: Outgoing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("estampe.execution.sending._FAULT_MS", 1)
    first, second = world.contacts(2)
    world.accept(first)
    faults = [ZeroDivisionError()]

    class Log:
        def publish(self, drafts: Sequence[Any]) -> Any:
            if faults:
                raise faults.pop()
            return world.log.publish(drafts)

    office = _Office(world, _Relay(TAKEN))
    office.log_of = lambda _: Log()
    later: list[UUID] = []

    def is_later_over() -> bool:
        if not faults and not later:
            later.append(world.accept(second))
        return office.counted["activated"] > 0

    office.run_until(is_later_over)
    assert [letter.recipient for letter in office.relay.letters] == [first.address, second.address]


def test_a_disk_that_stays_full_holds_up_no_end(world: Outgoing) -> None:
    """What was sent and cannot be noted is noted at the next start, or sent again: nothing else can be done."""
    (contact,) = world.contacts(1)
    world.accept(contact)

    class Log:
        def publish(self, _drafts: Sequence[Any]) -> Any:
            raise LogFull("no room")

    office = _Office(world, _Relay(TAKEN))
    office.log_of = lambda _: Log()
    office.patience_s = 0.05
    office.run_until(lambda: len(office.relay.letters) == 1)
    (waiting,) = Backlog(world.catalog, world.customers).waiting(None, 9)
    assert waiting.state == MessageState.SENDING


def test_slow_messages_of_one_customer_do_not_hold_up_another(world: Outgoing) -> None:
    """The second one's messages come when many of the first are in hand already, to the same domain."""
    slow = [world.accept(contact) for contact in world.contacts(40)]
    number = world.customers.number_of(OTHER)
    contacts = world.contacts(3, customer=OTHER)
    ended: list[int] = []

    class Composing(_Composing):
        async def cancellation(self, case: Case) -> Cancellation | None:
            await asyncio.sleep(0.001 if case.held.customer == number else 0.05)
            ended.append(case.held.customer)
            return await super().cancellation(case)

    def all_ended() -> bool:
        while ended and contacts:
            world.accept(contacts.pop(), customer=OTHER)
        return len(ended) == len(slow) + 3

    _Office(world, _Relay(TAKEN, room=4), Composing()).run_until(all_ended)
    assert [place for place, customer in enumerate(ended) if customer == number][-1] < 12


def test_what_an_operator_can_mend_is_told_as_it_is(world: Outgoing) -> None:
    (contact,) = world.contacts(1)
    world.accept(contact)
    unusable = UnusableKey("s1.pem", "Permission denied")
    office = _Office(world, _Relay(TAKEN), _Composing(failing=[unusable]))
    office.run_until(lambda: office.counted["postponed"] == 1)
    (waiting,) = Backlog(world.catalog, world.customers).waiting(None, 9)
    assert waiting.reason == str(unusable)
