"""Messages of an action: rendered to be looked at, and executed for the target that a path names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec
import pytest

from estampe.catalog import UnknownAction
from estampe.events import Footprint, hash_of
from estampe.execution.accepting import Failure, RecipientNotFound, Success, Wrong
from estampe.execution.composing.child import NoComposer
from estampe.execution.orders import Rendered
from estampe.execution.previewing import NotRendered
from estampe.log import LogBusy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Caller
    from estampe.events import Customer, Identity

RENDER = "/actions/000001/render"
FOR_ONE = "/actions/000001/targets/00000001"
NO_TARGET = Failure(value=RecipientNotFound(recipient=msgspec.Raw(b"{}")))
FAULTS = [
    (NotRendered("html line 1: 'x' is not defined"), 409, "not-rendered"),
    (UnknownAction("000001"), 404, "unknown-action"),
    (NoComposer("no process is there"), 503, "not-ready"),
]


class Sender:
    """What renders and takes messages: notes what it is asked, and answers or raises what it is told."""

    def __init__(self) -> None:
        self.previewing = self.acceptance = self
        self.asked: list[tuple[Any, ...]] = []
        self.fault: Exception | None = None
        who = Footprint(id="00000001", unicity="ada@example.com", hash=hash_of("ada@example.com"))
        self.result: Success | Failure = Success(id=uuid4(), recipient=who)

    async def preview(self, customer: Customer, action: str, recipient: Identity | None, *given: object) -> Rendered:
        self._note(customer.name, action, recipient, *given)
        return Rendered(subject="Hello", html="<p>Hello</p>")

    def accept(self, customer: Customer, action: str, items: list[bytes]) -> Iterator[list[Success | Failure]]:
        self._note(customer.name, action, [msgspec.json.decode(item) for item in items])
        yield [self.result]

    def _note(self, *facts: Any) -> None:
        self.asked.append(facts)
        if self.fault:
            raise self.fault


@pytest.fixture
def sender(call: Caller, monkeypatch: pytest.MonkeyPatch) -> Sender:
    sender = Sender()
    monkeypatch.setattr(call.services, "_execution", sender)
    assert call("POST", "/targets", json={"Email": "ada@example.com"}).status_code == 200
    return sender


@pytest.mark.parametrize("member", ["recipient", "receiver"])
def test_a_message_is_rendered_for_a_target(call: Caller, sender: Sender, member: str) -> None:
    named = {"type": "unicity", "value": ["ada@example.com"], "unknown": 1}
    body = {member: named, "data": [1], "variables": {"x": 1}}
    headers = {"content-type": "application/vnd.np6.cm.email"}
    answer = call("POST", RENDER, content=msgspec.json.encode(body), headers=headers)
    assert answer.json() == {
        "type": "success",
        "recipient": "ada@example.com",
        "subject": "Hello",
        "html": "<p>Hello</p>",
        "text": None,
    }
    ((customer, action, recipient, *given),) = sender.asked
    assert (customer, action, recipient.value, given) == ("DEMO/028", "000001", ("ada@example.com",), [[1], {"x": 1}])


def test_a_message_may_be_for_nobody(call: Caller, sender: Sender) -> None:
    assert call("POST", RENDER, json={}).json()["recipient"] == ""
    assert sender.asked == [("DEMO/028", "000001", None, None, None)]


def test_who_is_not_known_gets_no_message(call: Caller, sender: Sender) -> None:
    answer = call("POST", RENDER, json={"recipient": {"type": "id", "value": "00000009"}})
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/unknown-target")
    assert not sender.asked


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"recipient": {"type": "id"}}, "$.recipient"),
        ({"recipient": []}, "$.recipient"),
        ({"variables": []}, "$.variables"),
    ],
)
def test_a_wrong_body_is_refused_with_the_path(call: Caller, sender: Sender, body: Any, path: str) -> None:
    answer = call("POST", RENDER, json=body)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/invalid-body")
    assert answer.json()["errors"][0]["path"].startswith(path)
    assert not sender.asked


@pytest.mark.parametrize(("fault", "status", "slug"), FAULTS)
def test_why_a_message_is_not_rendered_is_said(
    call: Caller, sender: Sender, fault: Exception, status: int, slug: str
) -> None:
    sender.fault = fault
    answer = call("POST", RENDER, json={})
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}")
    assert str(fault)[1:] in answer.json()["detail"]


def test_an_action_is_executed_for_the_target_of_a_path(call: Caller, sender: Sender) -> None:
    answer = call("POST", f"{FOR_ONE}/")
    assert (answer.status_code, answer.content) == (204, b"")
    body = {"data": {"order": 42}, "recipient": {"type": "id", "value": "00000002"}}
    assert call("POST", FOR_ONE, json=body).status_code == 204
    who = {"recipient": {"type": "id", "value": "00000001"}}
    assert sender.asked == [
        ("DEMO/028", "000001", [who]),
        ("DEMO/028", "000001", [{"data": {"order": 42}, **who}]),
    ]


@pytest.mark.parametrize(
    ("result", "status", "slug"),
    [(NO_TARGET, 404, "unknown-target"), (Failure(value=Wrong(path="$.subject", message="x")), 400, "invalid-body")],
)
def test_what_an_item_would_be_answered_is_a_problem_here(
    call: Caller, sender: Sender, result: Failure, status: int, slug: str
) -> None:
    sender.result = result
    answer = call("POST", FOR_ONE)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}")


def test_a_log_that_cannot_keep_up_is_a_problem(call: Caller, sender: Sender) -> None:
    sender.fault = LogBusy("the queue is full")
    answer = call("POST", FOR_ONE)
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/log-busy")
    assert answer.headers["retry-after"] == "1"


def test_a_server_that_sends_nothing_says_so(call: Caller) -> None:
    for path in (RENDER, FOR_ONE):
        assert call("POST", path, json={}).json()["type"] == "/problems/not-ready"
