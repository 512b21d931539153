"""Sightings: hits as rules see them, with what tells links of one message apart."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from estampe.events import HitDetail, decode
from estampe.tracking.sightings import agent_of, sighting_of
from estampe.verdicts import Facts, Sighting

NOW_MS = 1_700_000_000_000
STAMP = {"time": NOW_MS, "id": str(uuid4()), "thread": str(uuid4())}
ACTIVATION = {
    "id": "000PE4",
    "kind": "message",
    "receiver": {"type": "id", "value": "000R4M0T"},
    "stamp": STAMP,
    "recipient": "reader@a.example",
}
WEB = {"type": "web", "ip": {"type": "v4", "value": "192.0.2.1"}, "ua": {"type": "raw", "ua": "an agent"}}


def detail(link: dict[str, Any], client: dict[str, Any] = WEB) -> HitDetail:
    event = {
        "type": "hit",
        "id": str(uuid4()),
        "timestamp": NOW_MS,
        "identity": {"type": "customer", "agency": "DEMO", "customer": "028"},
        "source": {"type": "email", "detail": {"activation": ACTIVATION, "link": link, "client": client}},
    }
    found = decode(json.dumps(event).encode()).source.detail
    assert isinstance(found, HitDetail)
    return found


def seen(found: HitDetail) -> Sighting:
    return sighting_of(found, time_ms=NOW_MS, since_ms=None, facts=None, robot="")


def test_a_sighting_has_what_event_and_facts_tell() -> None:
    link = {"type": "redirection", "label": "homepage", "source": "html", "destination": "https://a.example/"}
    facts = Facts(headers=("accept",))
    assert sighting_of(detail(link), time_ms=NOW_MS, since_ms=5, facts=facts, robot="a list") == Sighting(
        time_ms=NOW_MS,
        kind="redirection",
        target="https://a.example/ homepage",
        agent="an agent",
        robot="a list",
        address="192.0.2.1",
        since_ms=5,
        facts=facts,
    )


@pytest.mark.parametrize(
    "client",
    [
        {"type": "web"},
        {"type": "web", "ip": {"type": "of tomorrow"}, "ua": {"type": "of tomorrow"}},
        {"type": "of tomorrow", "ip": "192.0.2.1"},
    ],
)
def test_what_an_event_does_not_tell_is_empty(client: dict[str, Any]) -> None:
    found = detail({"type": "open"}, client)
    assert (seen(found).agent, seen(found).address, agent_of(found.client)) == ("", "", "")


def test_a_parsed_agent_is_the_agent_itself() -> None:
    client = WEB | {"ip": {"type": "v6", "value": "2001:db8::1"}, "ua": {"type": "parsed", "ua": "an agent"}}
    found = seen(detail({"type": "open"}, client))
    assert (found.agent, found.address) == ("an agent", "2001:db8::1")


def test_links_of_one_message_are_told_apart() -> None:
    links = [
        {"type": "redirection", "destination": "https://a.example/"},
        {"type": "redirection", "destination": "https://b.example/"},
        {"type": "redirection", "destination": "https://a.example/", "label": "top"},
        {"type": "redirection", "destination": "https://a.example/", "label": "end"},
        {"type": "form", "form": "00AB"},
        {"type": "form", "form": "00AC"},
        {"type": "form", "label": "a form"},
        {"type": "mirror"},
        {"type": "mirror", "label": "top"},
        {"type": "unsubscribe"},
        {"type": "open"},
        {"type": "of tomorrow"},
    ]
    found = [seen(detail(link)) for link in links]
    assert len({(each.kind, each.target) for each in found}) == len(links)
    in_text = detail({"type": "redirection", "destination": "https://a.example/", "source": "text"})
    assert seen(in_text).target == found[0].target
