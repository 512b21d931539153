"""Executions: an answer for each item once all are durable, and a repeated call executes nothing twice."""

from __future__ import annotations

import gzip
from contextlib import closing
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec
import pytest
import zstandard

from estampe.catalog import Actions, ActionType, Calls, Contacts, Outbox
from estampe.events import Customer
from estampe.execution.accepting import Acceptance
from estampe.log import LogBusy, LogFull, Logs, Query
from estampe.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import httpx

    from estampe.catalog import Contact
    from estampe.http.services import Services

CUSTOMER = Customer(agency="DEMO", customer="028")
CONTENT = {"headers": {"from": {"prefix": "news"}}, "subject": "Hello", "text": "Hello."}
MAIL = "application/vnd.np6.cm.email"
NOBODY = {"recipient": {"type": "id", "value": "ZZZZZZZZ"}}


class House:
    """What executes actions behind the API: real but for publications that fail when told to."""

    def __init__(self, services: Services, logs: Logs) -> None:
        self.catalog = services.catalog
        self.number = services.customers.number_of(CUSTOMER)
        self.log = logs.of(CUSTOMER)
        self.faults: list[Exception | None] = []
        outbox = Outbox(self.catalog, services.customers)
        self.acceptance = Acceptance(self.catalog, services.customers, outbox, lambda _: self._fragile())
        self.calls = Calls(self.catalog)
        self.actions = Actions(self.catalog, self.number)
        self.action = self.actions.create(ActionType.MAIL_MESSAGE, "News", {"content": CONTENT}).id
        for for_test in (True, False):
            self.actions.validate(self.action, for_test=for_test)

    def _fragile(self) -> Any:
        def publish(drafts: Any) -> Any:
            if self.faults and (fault := self.faults.pop(0)):
                raise fault
            return self.log.publish(drafts)

        return SimpleNamespace(publish=publish, find=self.log.find)

    def contacts(self, count: int) -> list[Contact]:
        values = [{"Email": f"reader{uuid4().hex}@a.example"} for _ in range(count)]
        return Contacts(self.catalog, self.number).put_many(values)

    def items(self, count: int) -> list[dict[str, Any]]:
        return [{"recipient": {"type": "id", "value": contact.id}} for contact in self.contacts(count)]

    def executions(self) -> int:
        return len([line for chunk in self.log.scan(Query()) for line in chunk.splitlines()])


@pytest.fixture
def house(call: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with closing(Logs(tmp_path / "logs")) as logs:
        house = House(call.services, logs)
        monkeypatch.setattr(call.services, "_execution", house)
        yield house


@pytest.fixture
def execute(call: Any, house: House) -> Callable[..., httpx.Response]:
    def execute(items: Any, path: str = "executions", *, action: str = "", media: str = MAIL, **more: Any) -> Any:
        headers = {"content-type": media} | more.pop("headers", {})
        content = items if isinstance(items, bytes) else msgspec.json.encode(items)
        return call("POST", f"/actions/{action or house.action}/{path}", content=content, headers=headers, **more)

    return execute


def _slug(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


def test_each_item_has_its_result_in_order(execute: Any, house: House) -> None:
    (contact,) = house.contacts(1)
    good = {"recipient": {"type": "unicity", "value": [contact.unicity]}}
    answer = execute([NOBODY, good, {}])
    assert answer.status_code == 200
    missing, done, wrong = answer.json()
    assert missing == {
        "type": "error",
        "value": {"type": "recipient not found", "recipient": NOBODY["recipient"]},
    }
    assert done["type"] == "success"
    assert done["recipient"] == {
        "type": "footprint",
        "id": contact.id,
        "unicity": contact.unicity,
        "hash": contact.hash,
    }
    assert (wrong["type"], wrong["value"]["type"]) == ("error", "invalid item")
    assert house.executions() == 1


def test_no_items_have_no_results(execute: Any) -> None:
    assert (execute([]).status_code, execute([]).json()) == (200, [])


def test_one_item_has_one_result(execute: Any, house: House) -> None:
    (item,) = house.items(1)
    answers = [execute(item, "execution"), execute([item], "execution")]
    assert [answer.json()["type"] for answer in answers] == ["success", "success"]
    assert execute({}, "execution").json()["value"]["type"] == "invalid item"
    assert house.executions() == 2


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("execution", b"[]"),
        ("execution", b"[{},{}]"),
        ("execution", b"7"),
        ("execution", b""),
        ("execution", b"{"),
        ("executions", b"{}"),
        ("executions", b"[{]"),
        ("executions", b"\xff"),
    ],
)
def test_a_body_that_is_not_what_is_taken_is_refused(execute: Any, house: House, path: str, body: bytes) -> None:
    assert _slug(execute(body, path)) == (400, "invalid-body")
    assert house.executions() == 0


@pytest.mark.parametrize("media", [MAIL, "application/json", "application/json; charset=utf-8"])
def test_both_media_types_are_taken(execute: Any, media: str) -> None:
    assert execute([NOBODY], media=media).status_code == 200


@pytest.mark.parametrize("media", ["text/plain", "application/x-ndjson", ""])
def test_other_media_types_are_refused(execute: Any, media: str) -> None:
    assert _slug(execute([NOBODY], media=media)) == (415, "unsupported-media-type")


@pytest.mark.parametrize(("encoding", "encode"), [("gzip", gzip.compress), ("zstd", zstandard.compress)])
def test_a_body_may_be_compressed(execute: Any, house: House, encoding: str, encode: Callable[[bytes], bytes]) -> None:
    body = encode(msgspec.json.encode(house.items(2)))
    assert len(execute(body, headers={"content-encoding": encoding}).json()) == house.executions() == 2


def test_a_path_may_end_with_a_slash(execute: Any, house: House) -> None:
    assert execute(house.items(1), "executions/").status_code == 200


class TestLimits:
    """Calls with too many items."""

    @pytest.fixture
    def settings(self, tmp_path: Path) -> Settings:
        return Settings(data=tmp_path, executions_limit=2)

    def test_too_many_items_are_refused_whole(self, execute: Any, house: House) -> None:
        assert execute(house.items(2)).status_code == 200
        answer = execute(house.items(3))
        assert _slug(answer) == (413, "batch-too-large")
        assert "3 items; 2 are allowed" in answer.json()["detail"]
        assert house.executions() == 2


def test_an_action_that_cannot_be_executed_says_why(execute: Any, house: House) -> None:
    assert _slug(execute([], action="ZZZZZZ")) == (404, "unknown-action")
    created = house.actions.create(ActionType.MAIL_MESSAGE, "News", {"content": CONTENT}).id
    assert _slug(execute([], action=created)) == (409, "wrong-state")
    sms = house.actions.create(ActionType.SMS_MESSAGE, "News", {"content": {"textContent": "Hello"}}).id
    answer = execute([], action=sms)
    assert _slug(answer) == (409, "wrong-state")
    assert "sends no SMS" in answer.json()["detail"]


def test_a_key_that_may_only_read_executes_nothing(call: Any, execute: Any, house: House) -> None:
    assert execute(house.items(1), key=call.make_key("read")).status_code == 403
    assert house.executions() == 0


def test_another_customers_key_does_not_find_the_action(call: Any, execute: Any, house: House) -> None:
    neighbour = call.make_key("write", customer=Customer(agency="DEMO", customer="029"))
    assert execute(house.items(1), key=neighbour).status_code == 404


@pytest.mark.parametrize(("fault", "status"), [(LogFull("No room."), 507), (LogBusy("Too many wait."), 503)])
def test_a_log_that_takes_nothing_says_why(execute: Any, house: House, fault: Exception, status: int) -> None:
    house.faults.append(fault)
    answer = execute(house.items(1))
    assert answer.status_code == status
    assert ("retry-after" in answer.headers) == (status == 503)
    assert str(fault) in answer.json()["detail"]
    assert house.executions() == 0


class TestRepeating:
    """Calls with an Idempotency-Key."""

    KEY = {"idempotency-key": "7c1f6f4e"}  # noqa: RUF012  nobody changes it

    @pytest.fixture(autouse=True)
    def small_slices(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("estampe.execution.accepting.AT_ONCE", 2)

    def test_a_repeated_call_has_the_same_answer_and_executes_nothing(self, execute: Any, house: House) -> None:
        items = house.items(3)
        first, second = (execute(items, headers=self.KEY) for _ in range(2))
        assert "idempotent-replayed" not in first.headers
        assert second.headers["idempotent-replayed"] == "true"
        assert first.content == second.content
        assert house.executions() == 3

    def test_without_a_key_each_call_is_a_new_one(self, execute: Any, house: House) -> None:
        items = house.items(1)
        assert execute(items).json() != execute(items).json()
        assert house.executions() == 2

    def test_a_key_belongs_to_one_body_and_one_action(self, execute: Any, house: House) -> None:
        items = house.items(1)
        execute(items, headers=self.KEY)
        assert _slug(execute([*items, NOBODY], headers=self.KEY)) == (422, "key-reused")
        assert _slug(execute(items[0], "execution", headers=self.KEY)) == (422, "key-reused")
        assert _slug(execute(items, action="ZZZZZZ", headers=self.KEY)) == (422, "key-reused")
        assert house.executions() == 1

    def test_a_call_that_runs_is_not_run_a_second_time(self, execute: Any, house: House) -> None:
        with house.calls.running(house.number, self.KEY["idempotency-key"], b"", 0):
            answer = execute(house.items(1), headers=self.KEY)
        assert _slug(answer) == (409, "call-running")
        assert answer.headers["retry-after"] == "1"

    @pytest.mark.parametrize("key", ["x" * 256, "a b", "é".encode("latin-1")])
    def test_what_is_no_key_is_refused(self, execute: Any, house: House, key: str | bytes) -> None:
        answer = execute(house.items(1), headers={"idempotency-key": key})
        assert _slug(answer) == (400, "invalid-parameter")
        assert answer.json()["errors"][0]["name"] == "Idempotency-Key"

    def test_a_call_that_was_broken_off_goes_on_where_it_was(self, execute: Any, house: House) -> None:
        items = house.items(5)
        house.faults += [None, LogFull("No room.")]
        broken = execute(items, headers=self.KEY)
        assert broken.status_code == 507
        assert "The first 2 of 5 items are done. Repeat the call" in broken.json()["detail"]
        assert house.executions() == 2
        whole = execute(items, headers=self.KEY)
        assert len({result["id"] for result in whole.json()}) == house.executions() == 5
        assert "idempotent-replayed" not in whole.headers

    def test_a_call_that_was_broken_off_without_a_key_says_what_is_left(self, execute: Any, house: House) -> None:
        house.faults += [None, LogFull("No room.")]
        detail = execute(house.items(5)).json()["detail"]
        assert "The first 2 of 5 items are done. Send the others only" in detail

    def test_a_call_that_was_refused_may_be_made_again(self, execute: Any, house: House) -> None:
        action = house.actions.create(ActionType.MAIL_MESSAGE, "News", {"content": CONTENT}).id
        items = house.items(1)
        assert execute(items, action=action, headers=self.KEY).status_code == 409
        for for_test in (True, False):
            house.actions.validate(action, for_test=for_test)
        assert execute(items, action=action, headers=self.KEY).status_code == 200

    def test_a_key_that_is_forgotten_makes_new_messages(self, execute: Any, house: House) -> None:
        items = house.items(1)
        first = execute(items, headers=self.KEY)
        house.calls.forget(4_000_000_000_000)
        assert execute(items, headers=self.KEY).json() != first.json()
        assert house.executions() == 2
