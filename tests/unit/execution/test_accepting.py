"""Accepting: a result for each item, in order, and each message kept once before it is answered."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import msgspec
import pytest

from estampe.catalog import (
    Actions,
    ActionType,
    CatalogUnavailable,
    Contacts,
    Customers,
    Lane,
    Outbox,
    UnknownAction,
    WrongState,
    open_catalog,
)
from estampe.events import Customer, decode, hash_of
from estampe.execution.accepting import Acceptance, Failure, Result, Success
from estampe.execution.cases import Cases, Own
from estampe.execution.outcomes import activated
from estampe.log import LogBusy, LogFull, Logs, Query

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from estampe.catalog import Batch, Contact, Held
    from estampe.events import Event
    from estampe.log import EventLog

CUSTOMER = Customer(agency="DEMO", customer="028")
NEIGHBOUR = Customer(agency="DEMO", customer="029")
CONTENT = {"headers": {"from": {"prefix": "news"}}, "subject": "Hello", "text": "Hello."}
LATER_MS = 4_000_000_000_000


class World:
    """A catalog, logs, a validated action, and what accepts its executions."""

    def __init__(self, folder: Path, url: str) -> None:
        self.catalog = open_catalog(folder, url)
        self.logs = Logs(folder)
        self.customers = Customers(self.catalog)
        self.outbox = Outbox(self.catalog, self.customers)
        self.acceptance = Acceptance(self.catalog, self.customers, self.outbox, self.log_of)
        self.faults: list[Exception] = []
        self.actions = Actions(self.catalog, self.customers.number_of(CUSTOMER))
        self.action = self.validated(ActionType.MAIL_MESSAGE, {"content": CONTENT})

    def log_of(self, customer: Customer) -> Any:
        return FragileLog(self.logs.of(customer), self.faults)

    def validated(self, kind: ActionType, body: dict[str, Any]) -> str:
        action = self.actions.create(kind, "News", body).id
        for for_test in (True, False):
            self.actions.validate(action, for_test=for_test)
        return action

    def contacts(self, count: int = 1, customer: Customer = CUSTOMER) -> list[Contact]:
        contacts = Contacts(self.catalog, self.customers.number_of(customer))
        return contacts.put_many([{"Email": f"reader{uuid4().hex}@a.example"} for _ in range(count)])

    def slices(self, items: Sequence[Any], seed: UUID | None = None) -> Iterator[list[Result]]:
        json = [item if isinstance(item, bytes) else msgspec.json.encode(item) for item in items]
        return self.acceptance.accept(CUSTOMER, self.action, json, seed)

    def accept(self, *items: Any, seed: UUID | None = None) -> list[Result]:
        return [result for some in self.slices(items, seed) for result in some]

    def events(self, customer: Customer = CUSTOMER) -> list[Event]:
        chunks = self.logs.of(customer).scan(Query(sort="asc"))
        return [decode(line) for chunk in chunks for line in chunk.splitlines()]

    def waiting(self) -> list[Held]:
        """Take in hand what waits to be sent."""
        lane = Lane(self.customers.number_of(CUSTOMER), "a.example")
        return self.outbox.claim({lane: 100_000}, LATER_MS)[0]

    def send(self) -> list[Held]:
        """Bring what waits to its end."""
        cases = Cases(self.catalog, self.customers).of(self.waiting())
        for case in cases:
            self.logs.of(CUSTOMER).publish(activated(case).drafts).result()
        with self.catalog.writing() as connection:
            self.outbox.settle(connection, [case.held.seq for case in cases], [])
        return [case.held for case in cases]

    def close(self) -> None:
        self.logs.close()
        self.catalog.close()


class FragileLog:
    """A log that refuses publications for as long as there are faults to raise."""

    def __init__(self, log: EventLog, faults: list[Exception]) -> None:
        self._log = log
        self._faults = faults

    def publish(self, drafts: Any) -> Future[Any]:
        if self._faults:
            raise self._faults.pop(0)
        return self._log.publish(drafts)

    def find(self, ids: Sequence[UUID]) -> dict[UUID, int]:
        return self._log.find(ids)


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    is_sqlite = request.param == "sqlite"
    with (
        nullcontext("") if is_sqlite else request.getfixturevalue("postgresql").database() as url,
        closing(World(tmp_path, url)) as world,
    ):
        yield world


def _to(contact: Contact, **others: Any) -> dict[str, Any]:
    return {"recipient": {"type": "id", "value": contact.id}, **others}


def _stamp(**others: Any) -> dict[str, Any]:
    return {"time": 1_614_089_576_625, "id": str(uuid4()), "thread": str(uuid4()), **others}


def _ids(results: Sequence[Result]) -> list[UUID]:
    assert all(isinstance(result, Success) for result in results)
    return [result.id for result in results if isinstance(result, Success)]


def test_each_item_has_its_execution_in_the_log_and_its_message_in_the_outbox(world: World) -> None:
    contacts = world.contacts(3)
    results = world.accept(*map(_to, contacts))
    assert [result.recipient for result in results if isinstance(result, Success)] == [c.footprint for c in contacts]
    executions = world.events()
    assert {event.type for event in executions} == {"execution"}
    assert {event.source.type for event in executions} == {"email"}
    blocks: list[Any] = [event.source.detail.block for event in executions]
    assert [block.stamp.id for block in blocks] == _ids(results)
    assert [(block.id, block.recipient) for block in blocks] == [(world.action, c.footprint) for c in contacts]
    assert [held.stamp for held in world.waiting()] == _ids(results)


def test_a_new_stamp_has_a_time_before_its_event_and_a_thread_of_its_own(world: World) -> None:
    world.accept(_to(*world.contacts()))
    (event,) = world.events()
    block: Any = event.source.detail.block
    assert block.stamp.time < event.timestamp
    assert block.stamp.thread != block.stamp.id


@pytest.mark.parametrize("name", ["id", "unicity", "hash", "footprint"])
def test_a_contact_is_found_by_whatever_names_it(world: World, name: str) -> None:
    (contact,) = world.contacts()
    members = {
        "id": {"value": contact.id},
        "unicity": {"value": [contact.unicity]},
        "hash": {"value": hash_of(contact.unicity)},
        "footprint": {"id": contact.id, "unicity": contact.unicity, "hash": contact.hash},
    }
    (result,) = world.accept({"recipient": {"type": name, **members[name]}})
    assert isinstance(result, Success)
    assert result.recipient == contact.footprint


@pytest.mark.parametrize(
    ("item", "error"),
    [
        (b"{", {"type": "invalid item", "path": "$"}),
        (b"[]", {"type": "invalid item", "path": "$"}),
        (b"null", {"type": "invalid item", "path": "$"}),
        (b"{}", {"type": "invalid item", "path": "$"}),
        (b'{"recipient": {"type": "id"}}', {"type": "invalid item", "path": "$.recipient.value"}),
        (b'{"recipient": "000R4M0T"}', {"type": "invalid item", "path": "$.recipient"}),
        (b'{"recipient": {"type": "id", "value": "\xff"}}', {"type": "invalid item"}),
        (b'{"recipient": {"type": "id", "value": "1"}, "data": "\xff"}', {"type": "invalid item"}),
        (
            b'{"recipient": {"type": "id", "value": "1"}, "data": {"a": [1e999]}}',
            {"type": "invalid item", "path": "$.data[...][0]", "message": "Number out of range"},
        ),
        (b'{"recipient": {"type": "id", "value": "1"}, "subject": 1}', {"type": "invalid item", "path": "$.subject"}),
        (b'{"recipient": {"type": "id", "value": "1"}, "stamp": {"time": 1}}', {"type": "invalid item"}),
        (
            b'{"recipient": {"type": "id", "value": "1"}, "headers": {"X-A": 1}}',
            {"type": "invalid item", "path": "$.headers[...]"},
        ),
        (
            b'{"recipient": {"type": "hash", "value": "0441619ab4631d18548aa8835dd2c28b"}}',
            {
                "type": "recipient not found",
                "recipient": {"type": "hash", "value": "0441619ab4631d18548aa8835dd2c28b"},
            },
        ),
        (
            b'{"recipient": {"type": "telepathy", "number": 7}}',
            {"type": "recipient not found", "recipient": {"type": "telepathy", "number": 7}},
        ),
    ],
)
def test_an_item_that_is_wrong_says_why_and_fails_no_other(world: World, item: bytes, error: dict[str, Any]) -> None:
    first, last = world.contacts(2)
    before, wrong, after = world.accept(_to(first), item, _to(last))
    assert isinstance(before, Success)
    assert isinstance(wrong, Failure)
    told = msgspec.json.decode(msgspec.json.encode(wrong))
    assert told["type"] == "error"
    assert told["value"].items() >= error.items()
    assert told["value"].get("message", "-")
    assert isinstance(after, Success)
    assert len(world.events()) == len(world.waiting()) == 2


def test_a_neighbours_contact_is_not_found(world: World) -> None:
    (contact,) = world.contacts(customer=NEIGHBOUR)
    (result,) = world.accept({"recipient": {"type": "unicity", "value": [contact.unicity]}})
    assert isinstance(result, Failure)


def test_stamp_and_data_are_kept_as_they_were_given(world: World) -> None:
    stamp = _stamp(set=str(uuid4()), colour="red")
    data = b'{"b":1.10,"a":[1e2,"\\u00e9"]}'
    item = b'{"recipient":{"type":"id","value":"%b"},"stamp":%b,"data":%b,"colour":"blue"}'
    (result,) = world.accept(item % (world.contacts()[0].id.encode(), msgspec.json.encode(stamp), data))
    assert _ids([result]) == [UUID(stamp["id"])]
    (line,) = [line for chunk in world.logs.of(CUSTOMER).scan(Query()) for line in chunk.splitlines()]
    assert data in line
    event = msgspec.json.decode(line)
    assert event["source"]["detail"]["execution"]["stamp"] == stamp
    assert data in world.waiting()[0].execution


@pytest.mark.parametrize(
    ("given", "own"),
    [
        ({}, None),
        ({"content": "<p>Hi</p>"}, Own(html="<p>Hi</p>")),
        ({"content": {"html": "<p>Hi</p>", "text": "Hi"}}, Own(html="<p>Hi</p>", text="Hi")),
        ({"subject": "Hi", "headers": {"X-A": "1"}}, Own(subject="Hi", headers={"X-A": "1"})),
        ({"variables": {"season": ["spring"]}}, Own(variables={"season": ["spring"]})),
    ],
)
def test_what_is_said_of_one_message_alone_goes_with_it(world: World, given: dict[str, Any], own: Own | None) -> None:
    world.accept(_to(*world.contacts(), **given))
    (held,) = world.waiting()
    assert (held.own and msgspec.json.decode(held.own, type=Own)) == own


def test_two_items_with_one_stamp_are_one_message(world: World) -> None:
    (contact,) = world.contacts()
    item = _to(contact, stamp=_stamp())
    first, second = world.accept(item, item)
    assert _ids([first]) == _ids([second])
    assert len(world.events()) == len(world.waiting()) == 1


def test_a_stamp_that_was_accepted_before_adds_nothing_while_it_waits_and_after(world: World) -> None:
    item = _to(*world.contacts(), stamp=_stamp())
    answers = [world.accept(item), world.accept(item)]
    held = world.send()
    answers.append(world.accept(item))
    assert answers[0] == answers[1] == answers[2]
    assert len(held) == 1
    assert [event.type for event in world.events()] == ["execution", "activation"]
    assert world.waiting() == []


def test_a_message_that_another_call_has_sent_meanwhile_is_not_sent_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = _to(*world.contacts(), stamp=_stamp())
    add = world.outbox.add

    def late(*facts: Any) -> Batch:
        monkeypatch.setattr(world.outbox, "add", add)
        assert len(_ids(world.accept(item))) == len(world.send()) == 1
        return add(*facts)

    monkeypatch.setattr(world.outbox, "add", late)
    assert len(_ids(world.accept(item))) == 1
    assert world.waiting() == []
    assert [event.type for event in world.events()] == ["execution", "activation"]


def test_a_message_that_was_lost_without_an_end_is_sent_when_it_is_accepted_again(world: World) -> None:
    """Such as by a catalog that was put back from a copy: its client may mend it."""
    item = _to(*world.contacts(), stamp=_stamp())
    world.accept(item)
    held = world.waiting()
    with world.catalog.writing() as connection:
        world.outbox.settle(connection, [each.seq for each in held], [])
    world.accept(item)
    assert [each.stamp for each in world.waiting()] == [each.stamp for each in held]
    assert len(world.events()) == 1


def test_a_call_that_is_repeated_with_its_seed_does_what_was_not_done(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("estampe.execution.accepting.AT_ONCE", 2)
    items = list(map(_to, world.contacts(5)))
    seed = uuid4()
    broken_off = next(iter(world.slices(items, seed)))
    whole = world.accept(*items, seed=seed)
    assert whole[:2] == broken_off
    assert len(set(_ids(whole))) == len(world.events()) == len(world.waiting()) == 5
    assert world.accept(*items, seed=uuid4()) != whole


@pytest.mark.parametrize("for_test", [None, True])
def test_an_action_that_is_not_validated_cannot_be_executed(world: World, *, for_test: bool | None) -> None:
    world.action = world.actions.create(ActionType.MAIL_MESSAGE, "News", {"content": CONTENT}).id
    if for_test:
        world.actions.validate(world.action, for_test=True)
    with pytest.raises(WrongState, match="only a validated action"):
        world.accept(_to(*world.contacts()))


def test_an_sms_is_not_sent(world: World) -> None:
    world.action = world.actions.create(ActionType.SMS_MESSAGE, "News", {"content": {"textContent": "Hi"}}).id
    with pytest.raises(WrongState, match="Estampe sends no SMS"):
        world.accept(_to(*world.contacts()))


def test_what_is_no_action_is_said_before_any_slice(world: World) -> None:
    world.action = "ZZZZZZ"
    with pytest.raises(UnknownAction):
        world.slices([])


@pytest.mark.parametrize("fault", [LogFull("No room."), LogBusy("Too many wait.")])
def test_a_log_that_refuses_leaves_nothing_behind(world: World, fault: Exception) -> None:
    items = list(map(_to, world.contacts(2)))
    seed = uuid4()
    world.faults.append(fault)
    with pytest.raises(type(fault)):
        world.accept(*items, seed=seed)
    assert world.waiting() == []
    assert len(_ids(world.accept(*items, seed=seed))) == len(world.events()) == len(world.waiting()) == 2


@contextmanager
def _no_catalog_for(world: World, method: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a method of the outbox find no catalog, for as long as the block lasts."""
    real, away = getattr(world.outbox, method), True

    def fail(*facts: Any) -> None:
        if away:
            raise CatalogUnavailable("The catalog", "it is away")
        real(*facts)

    monkeypatch.setattr(world.outbox, method, fail)
    yield
    away = False


def test_messages_that_could_not_be_released_are_when_the_catalog_is_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _no_catalog_for(world, "release", monkeypatch):
        results = world.accept(_to(*world.contacts()))
        assert world.waiting() == []
        with pytest.raises(CatalogUnavailable):
            world.acceptance.catch_up()
    world.acceptance.catch_up()
    assert [held.stamp for held in world.waiting()] == _ids(results)


def test_messages_that_could_not_be_dropped_are_before_they_are_accepted_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = _to(*world.contacts(), stamp=_stamp())
    world.faults.append(LogFull("No room."))
    with _no_catalog_for(world, "drop", monkeypatch), pytest.raises(LogFull):
        world.accept(item)
    results = world.accept(item)
    assert len(world.events()) == 1
    assert [held.stamp for held in world.waiting()] == _ids(results)


def test_calls_at_the_same_time_with_the_same_stamps_make_one_message_each(world: World) -> None:
    items = [_to(contact, stamp=_stamp()) for contact in world.contacts(50)]
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: world.accept(*items), range(4)))
    assert all(answer == answers[0] for answer in answers)
    assert len(world.events()) == len(world.waiting()) == 50
