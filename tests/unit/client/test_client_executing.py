"""Executing actions: what is sent, what comes back, and repeating that executes nothing twice."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID

import httpx
import pytest
from client_servers import KEY, QUICK, URL, client_of

from estampe import AsyncClient
from estampe.client import CallRunning, Conflict, InvalidSelection, ItemError, Result, WrongServer
from estampe.events import Footprint

STAMP = UUID("497a760d-e444-484f-b964-125cf548bb9c")
FOOTPRINT = {
    "type": "footprint",
    "id": "000R4M0T",
    "unicity": "example@np6.com",
    "hash": "0441619ab4631d18548aa8835dd2c28b",
}
ITEMS = [{"recipient": {"type": "id", "value": "000R4M0T"}}, {"recipient": {"type": "id", "value": "nobody"}}]
ANSWER = [
    {"type": "success", "id": f"{STAMP}", "recipient": FOOTPRINT},
    {"type": "error", "value": {"type": "recipient not found", "recipient": {"type": "id", "value": "nobody"}}},
    {"type": "error", "value": {"type": "invalid item", "message": "found 5", "path": "$.data"}},
]
RESULTS = [
    Result(
        id=STAMP,
        recipient=Footprint(id="000R4M0T", unicity="example@np6.com", hash="0441619ab4631d18548aa8835dd2c28b"),
    ),
    Result(error=ItemError(type="recipient not found")),
    Result(error=ItemError(type="invalid item", message="found 5", path="$.data")),
]
RUNNING = {"type": "/problems/call-running", "title": "The call is running", "status": 409}


class Calls:
    """Gives answers one after the other; keeps what it was asked."""

    def __init__(self, *answers: httpx.Response) -> None:
        self._answers = iter(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.asked.append(request)
        return next(self._answers)


def test_an_action_is_executed_and_each_item_has_its_result() -> None:
    calls = Calls(httpx.Response(200, json=ANSWER))
    with client_of(calls) as client:
        assert client.execute("000PE4", [ITEMS[0], json.dumps(ITEMS[1]).encode()], "run-1") == RESULTS
    (asked,) = calls.asked
    assert (asked.method, asked.url.path) == ("POST", "/actions/000PE4/executions")
    assert json.loads(asked.content) == ITEMS
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["idempotency-key"] == "run-1"


def test_attempts_of_one_call_have_one_key_and_calls_have_different_ones() -> None:
    calls = Calls(httpx.Response(503), httpx.Response(200, json=[]), httpx.Response(200, json=[]))
    with client_of(calls) as client:
        assert client.execute("000PE4", []) == client.execute("000PE4", []) == []
    first, again, second = (asked.headers["idempotency-key"] for asked in calls.asked)
    assert first == again
    assert first != second


def test_a_call_that_is_still_being_done_is_waited_for() -> None:
    running = [httpx.Response(409, json=RUNNING, headers={"retry-after": "0"}) for _ in range(4)]
    calls = Calls(running[0], httpx.Response(200, json=ANSWER))
    with client_of(calls) as client:
        assert client.execute("000PE4", ITEMS) == RESULTS
    with client_of(Calls(*running[1:])) as client, pytest.raises(CallRunning):
        client.execute("000PE4", ITEMS)


def test_another_conflict_is_told_at_once() -> None:
    calls = Calls(httpx.Response(409, json={"type": "/problems/wrong-state", "detail": "Validate it first."}))
    with client_of(calls) as client, pytest.raises(Conflict, match="Validate it first"):
        client.execute("000PE4", ITEMS)


@pytest.mark.parametrize("key", ["é", "a\nb", "x" * 256])
def test_a_key_that_no_server_takes_is_refused(key: str) -> None:
    with client_of(Calls()) as client, pytest.raises(InvalidSelection, match="no idempotency key"):
        client.execute("000PE4", [], key)


def test_a_contact_is_put_by_its_unicity() -> None:
    calls = Calls(httpx.Response(200, json={"id": "000R4M0T", "fields": {"Email": "a+b@c.fr"}}))
    with client_of(calls) as client:
        assert client.put_target("a+b@c.fr", {"Email": "a+b@c.fr", "Name": "Zoé"})["id"] == "000R4M0T"
    (asked,) = calls.asked
    assert (asked.method, asked.url.raw_path) == ("PUT", b"/targets?unicity=a%2Bb%40c.fr")
    assert json.loads(asked.content) == {"Email": "a+b@c.fr", "Name": "Zoé"}


def test_many_contacts_are_put_in_one_call() -> None:
    calls = Calls(httpx.Response(200, json=[{"id": "000R4M0T"}, {"id": "000R4M0U"}]))
    rows = [{"Email": "a@b.c"}, {"Email": "b@b.c", "Name": "Zoé"}]
    with client_of(calls) as client:
        assert [target["id"] for target in client.put_targets(iter(rows))] == ["000R4M0T", "000R4M0U"]
    (asked,) = calls.asked
    assert (asked.method, asked.url.path, json.loads(asked.content)) == ("POST", "/targets/batch", rows)


@pytest.mark.parametrize("answer", [b"<html>", b"{}", b'[{"type":"success","id":5}]'])
def test_a_server_that_answers_otherwise_is_told_apart(answer: bytes) -> None:
    with client_of(lambda _: httpx.Response(200, content=answer)) as client, pytest.raises(WrongServer):
        client.execute("000PE4", [])


def test_the_asynchronous_client_does_the_same() -> None:
    calls = Calls(httpx.Response(200, json=ANSWER), httpx.Response(200, json={"id": "000R4M0T"}))

    async def use() -> Any:
        async with AsyncClient(URL, KEY, transport=httpx.MockTransport(calls), retries=QUICK) as client:
            return await client.execute("000PE4", ITEMS), await client.put_target("a@b.c", {"Email": "a@b.c"})

    assert asyncio.run(use()) == (RESULTS, {"id": "000R4M0T"})
