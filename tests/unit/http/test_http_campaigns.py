"""Campaigns: a set or an action, and the body that says which of its events to list."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from estampe.http.campaigns import BODY_LIMIT
from estampe.log import Clause
from histories import history

if TYPE_CHECKING:
    from collections.abc import Callable

    from histories import Facts, History

SET = "2e8b3a0f-5bd0-4d94-9ba5-1c6a2f0f7a11"
HITS = {"type": "hit", "subtypes": ["open", "form"]}


@pytest.fixture
def told(call: Any) -> History:
    """A history that the log has."""
    told = history()
    call.log.bodies = told.bodies
    return told


def select(call: Any, campaign: str, *entries: Any, query: str = "", **request: Any) -> Any:
    return call("POST", f"/campaigns/{campaign}/events{query}", json={"itemsEvents": entries}, **request)


def found(told: History, which: Callable[[Facts], bool]) -> list[dict[str, Any]]:
    return [each.event for each in told.all if which(each.facts)]


def test_a_set_is_a_campaign(call: Any, told: History) -> None:
    expected = found(told, lambda facts: facts.campaign == told.campaign)
    assert call("GET", f"/campaigns/{told.campaign}/events").json() == expected
    assert call("GET", f"/campaigns/{told.campaign.upper()}/events").json() == expected
    assert select(call, told.campaign).json() == expected


def test_an_action_is_a_campaign(call: Any, told: History) -> None:
    expected = found(told, lambda facts: facts.action == told.action)
    assert call("GET", f"/campaigns/{told.action}/events").json() == expected
    assert select(call, told.action).json() == expected


def test_a_body_selects_channel_types_and_subtypes_of_a_set(call: Any, told: History) -> None:
    answer = select(call, told.campaign, {"type": "email", "events": [HITS, {"type": "bounce"}]}, {"type": "sms"})
    assert answer.json() == found(
        told,
        lambda facts: (
            facts.campaign == told.campaign
            and (
                facts.channel == "sms"
                or (
                    facts.channel == "email"
                    and (facts.type == "bounce" or (facts.type == "hit" and facts.subtype in HITS["subtypes"]))
                )
            )
        ),
    )
    assert answer.json()


def test_items_of_a_set_are_its_actions(call: Any, told: History) -> None:
    answer = select(call, told.campaign, {"type": "email", "items": [told.action, "NEVER"]})
    expected = found(told, lambda facts: facts.campaign == told.campaign and facts.action == told.action)
    assert answer.json() == expected


def test_items_stand_for_the_action_that_names_the_campaign(call: Any, told: History) -> None:
    number = int(told.notification)
    answer = select(call, told.action, {"type": "notification", "items": [number]}, {"type": "email", "events": [HITS]})
    assert answer.json() == found(
        told,
        lambda facts: (
            (facts.action == told.notification and facts.channel == "notification")
            or (facts.action == told.action and facts.type == "hit" and facts.subtype in HITS["subtypes"])
        ),
    )


def test_a_campaign_that_is_only_a_name_has_the_events_of_its_items(call: Any, told: History) -> None:
    answer = select(call, "CAMPAIGN", {"type": "email", "items": [told.action]})
    assert answer.json() == found(told, lambda facts: facts.action == told.action)
    assert select(call, "CAMPAIGN", {"type": "sms", "items": [told.action]}).json() == []


def test_a_campaign_that_never_occurred_is_not_found(call: Any, told: History) -> None:
    assert told.all
    for answer in (
        select(call, "NEVER"),
        select(call, SET),
        select(call, "NEVER", {"type": "email", "items": ["NEITHER"]}),
        select(call, SET, {"type": "email", "items": [told.action]}),
        call("GET", f"/campaigns/{SET}/events"),
        call("HEAD", "/campaigns/NEVER/events"),
    ):
        assert answer.status_code == 404


def test_a_body_with_the_window_and_the_order_is_one_query(call: Any, told: History) -> None:
    query = "?start=2020-09-13&end=2020-09-14&sort=desc"
    assert select(call, told.campaign, {"type": "email", "events": [HITS]}, query=query).status_code == 200
    asked = call.log.queries[0]
    assert asked.clauses == (Clause(channel="email", types=("hit",), subtypes=("open", "form")),)
    assert (str(asked.set), asked.action, asked.sort) == (told.campaign, None, "desc")
    assert asked.end_ms - asked.start_ms == 86_400_000


def test_members_that_are_not_known_are_ignored(call: Any, told: History) -> None:
    body = {"itemsEvents": [{"type": "email", "label": 1, "events": [{**HITS, "more": []}]}], "page": 2}
    answer = call("POST", f"/campaigns/{told.campaign}/events", json=body)
    assert answer.json() == select(call, told.campaign, {"type": "email", "events": [HITS]}).json()


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"", "$"),
        (b"[", "$"),
        (b"[]", "$"),
        (b"{}", "$"),
        (b'{"itemsEvents":{}}', "$.itemsEvents"),
        (b'{"itemsEvents":[{}]}', "$.itemsEvents[0]"),
        (b'{"itemsEvents":[{"type":7}]}', "$.itemsEvents[0].type"),
        (b'{"itemsEvents":[{"type":"email","events":["hit"]}]}', "$.itemsEvents[0].events[0]"),
        (b'{"itemsEvents":[{"type":"email","events":[{"type":"hit","subtypes":"open"}]}]}', "subtypes"),
        (b'{"itemsEvents":[{"type":"email","items":[1.5]}]}', "$.itemsEvents[0].items[0]"),
        (b'{"itemsEvents":[{"type":"\xff"}]}', "$"),
        (b"[" * 100_000, "$"),
    ],
)
def test_a_body_of_another_shape_is_refused_by_its_path(call: Any, told: History, body: bytes, path: str) -> None:
    headers = {"content-type": "application/json"}
    answer = call("POST", f"/campaigns/{told.campaign}/events", content=body, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/invalid-body")
    (flaw,) = answer.json()["errors"]
    assert flaw["in"] == "body"
    assert path in flaw["path"]


def test_a_body_may_be_packed(call: Any, told: History) -> None:
    packed = gzip.compress(json.dumps({"itemsEvents": [{"type": "email", "events": [HITS]}]}).encode())
    headers = {"content-type": "application/json; charset=utf-8", "content-encoding": "gzip"}
    answer = call("POST", f"/campaigns/{told.campaign}/events", content=packed, headers=headers)
    assert answer.json() == select(call, told.campaign, {"type": "email", "events": [HITS]}).json()


@pytest.mark.parametrize(
    ("headers", "size", "status"),
    [
        ({"content-type": "application/x-ndjson"}, 20, 415),
        ({}, 20, 415),
        ({"content-type": "application/json", "content-encoding": "br"}, 20, 415),
        ({"content-type": "application/json"}, BODY_LIMIT + 1, 413),
    ],
)
def test_a_body_of_another_kind_or_size_is_refused(call: Any, headers: Any, size: int, status: int) -> None:
    answer = call("POST", "/campaigns/000PE4/events", content=b" " * size, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


class TestLimit:
    """A server that takes few items in one body."""

    @pytest.fixture
    def settings(self, settings: Any) -> Any:
        return msgspec.structs.replace(settings, items_limit=4)

    def test_items_and_kinds_of_event_are_counted(self, call: Any, told: History) -> None:
        assert select(call, told.action, {"type": "email", "events": [HITS], "items": ["A"]}).status_code == 200
        answer = select(call, told.action, {"type": "email", "events": [HITS], "items": ["A", "B"]})
        assert (answer.status_code, answer.json()["errors"][0]["allowed"]) == (400, "4")
