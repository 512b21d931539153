"""The demo's generator: the same for a seed, of a benchmark's sizes, and telling lives that hold together."""

from __future__ import annotations

import json
from collections import defaultdict
from hashlib import md5, sha256
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from estampe.demo import Generator
from estampe.events import Facets, decode, decode_draft, encode, facets

START_MS = 1_614_089_576_625
SEED = Path(__file__).parents[2] / "../shared/spec/seed-examples.json"


def block(event: dict[str, Any]) -> dict[str, Any]:
    detail = event["source"]["detail"]
    return detail.get("execution") or detail["activation"]


@pytest.fixture(scope="module")
def events() -> list[dict[str, Any]]:
    return [json.loads(body) for body in Generator(7, "DEMO/028").events(4_000, START_MS, 0.5)]


@pytest.fixture(scope="module")
def history() -> list[Facets]:
    return [facets(decode(body)) for body in Generator(7, "DEMO/028").history(5_000, START_MS, 0.5)]


@pytest.fixture(scope="module")
def drafts() -> list[dict[str, Any]]:
    return list(Generator(7, "DEMO/028").drafts(4_000, clock=lambda: START_MS))


def test_same_seed_gives_the_same_events() -> None:
    first, second = ([*Generator(3, "DEMO/028").events(50, START_MS, 1)] for _ in range(2))
    assert first == second


def test_a_seed_s_events_never_change_since_figures_are_compared_over_time() -> None:
    told = b"".join(Generator(1, "DEMO/028").events(3_000, START_MS, 1))
    assert sha256(told).hexdigest() == "1f935a6113c8abe1c7862317e0c686c5885cee3de2861c2d471ac4f24f93ed40"


def test_same_seed_gives_the_same_history() -> None:
    first, second = ([*Generator(3, "DEMO/028").history(50, START_MS, 1)] for _ in range(2))
    assert first == second


def test_another_seed_gives_others() -> None:
    first, second = ([*Generator(seed, "DEMO/028").events(50, START_MS, 1)] for seed in (3, 4))
    assert not set(first) & set(second)


def test_one_generator_never_repeats_an_id() -> None:
    generator = Generator(3, "DEMO/028")
    ids = [json.loads(body)["id"] for _ in range(2) for body in generator.events(500, START_MS, 1)]
    assert len(set(ids)) == 1_000


def test_event_bodies_are_compact_and_of_a_benchmark_s_sizes() -> None:
    bodies = list(Generator(7, "DEMO/028").events(4_000, START_MS, 1))
    assert all(619 <= len(body) <= 757 for body in bodies)
    assert 664 <= sum(map(len, bodies)) / len(bodies) <= 684
    body = bodies[0]
    assert json.dumps(json.loads(body), separators=(",", ":")).encode() == body


def test_events_have_rising_timestamps_unique_ids_and_the_customer(events: list[dict[str, Any]]) -> None:
    times = [event["timestamp"] for event in events]
    assert times == sorted(times)
    assert (times[0], times[-1]) == (START_MS, START_MS + 1_999)
    assert len({event["id"] for event in events}) == len(events)
    assert events[0]["identity"] == {"type": "customer", "agency": "DEMO", "customer": "028"}


def test_events_are_of_eight_types(events: list[dict[str, Any]]) -> None:
    types = {event["type"] for event in events}
    assert types == {
        *("execution", "activation", "cancellation", "bounce"),
        *("hit", "optout", "reply", "complaint"),
    }


def test_a_history_is_of_compact_events_that_rise_in_time() -> None:
    bodies = list(Generator(7, "DEMO/028").history(1_000, START_MS, 0.5))
    told = [decode(body) for body in bodies]
    assert [encode(event) for event in told] == bodies
    assert [event.timestamp for event in told] == [START_MS + n // 2 for n in range(1_000)]
    assert len({event.id for event in told}) == 1_000


def test_a_history_has_what_each_channel_can_have(history: list[Facets]) -> None:
    subtypes: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for found in history:
        subtypes[found.channel, found.type].add(found.subtype)
    everything = {channel: {kind for on, kind in subtypes if on == channel} for channel, _ in subtypes}
    sent = {"execution", "activation", "cancellation", "hit"}
    assert everything == {
        "email": {*sent, "bounce", "reply", "optout", "complaint"},
        "sms": {*sent, "bounce", "reply"},
        "notification": {*sent, "bounce", "impression", "suppression", "optout"},
        "display": {*sent, "impression"},
    }
    assert subtypes["email", "hit"] == {"open", "redirection", "mirror", "form", "unsubscribe"}
    assert subtypes["email", "bounce"] == {"hard", "soft"}
    assert subtypes["email", "reply"] == subtypes["sms", "reply"] == {"message", "stop"}
    assert subtypes["email", "optout"] == {"link", "form", "one-click", "mail"}
    assert len(subtypes["email", "cancellation"]) == 7


def test_complaints_are_about_addresses_of_several_providers(history: list[Facets]) -> None:
    domains = {found.trait for found in history if found.type == "complaint"}
    assert len(domains & {"aol.com", "comcast.net", "hotmail.fr", "outlook.com", "yahoo.fr"}) >= 3
    assert domains - {"aol.com", "comcast.net", "hotmail.fr", "outlook.com", "yahoo.fr"}


def test_bulk_actions_have_a_set_and_some_share_it(history: list[Facets]) -> None:
    actions: defaultdict[object, set[str]] = defaultdict(set)
    for found in history:
        actions[found.set].add(found.action)
    without = actions.pop(None)
    bulk = set().union(*actions.values())
    assert without
    assert not without & bulk
    assert len(actions) > 2
    assert max(len(some) for some in actions.values()) > 1
    assert sum(len(some) for some in actions.values()) == len(bulk)


def test_notifications_have_numbers(history: list[Facets]) -> None:
    assert all(found.action.isdecimal() for found in history if found.channel == "notification")


def test_stamps_are_older_than_their_events(events: list[dict[str, Any]]) -> None:
    assert all(block(event)["stamp"]["time"] < event["timestamp"] for event in events)


def test_drafts_have_no_timestamp(drafts: list[dict[str, Any]]) -> None:
    assert all(draft.keys() == {"type", "id", "source"} for draft in drafts)


def test_drafts_are_of_every_channel_and_can_be_published(drafts: list[dict[str, Any]]) -> None:
    read = [decode_draft(json.dumps(draft).encode()) for draft in drafts]
    assert {draft.source.type for draft in read} == {"email", "sms", "notification", "display"}


def test_a_message_is_executed_then_activated_or_cancelled_then_answered(
    drafts: list[dict[str, Any]],
) -> None:
    lives: dict[str, list[str]] = {}
    for draft in drafts:
        lives.setdefault(block(draft)["stamp"]["id"], []).append(draft["type"])
    for life in lives.values():
        assert life[0] == "execution"
        assert life[1:2] in ([], ["activation"], ["cancellation"])
        assert "cancellation" not in life or len(life) == 2
        assert all(a in {"activation", "impression", "hit"} for a, b in pairwise(life) if b == "hit")


def test_a_message_keeps_its_action_contact_and_stamp(drafts: list[dict[str, Any]]) -> None:
    seen: dict[str, tuple[Any, ...]] = {}
    for draft in drafts:
        told = block(draft)
        contact = told["recipient"] if "execution" in draft["source"]["detail"] else told["receiver"]
        facts = (told["id"], contact, told["stamp"])
        assert seen.setdefault(told["stamp"]["id"], facts) == facts
        assert contact["hash"] == md5(contact["unicity"].encode(), usedforsecurity=False).hexdigest()


def test_agents_are_parsed_and_bounces_have_codes_and_verdicts(drafts: list[dict[str, Any]]) -> None:
    details = [draft["source"]["detail"] for draft in drafts]
    agents = [detail["client"]["ua"] for detail in details if "client" in detail]
    assert all(agent["type"] == "parsed" and agent["device"]["brand"] for agent in agents)
    assert len({agent["ua"] for agent in agents}) >= 12
    for bounce in (detail["bounce"] for detail in details if "bounce" in detail):
        assert bounce["status"]["code"]["enhanced"] in bounce["status"]["diagnostic"]
        assert bounce["analysis"]["verdict"] in {"hard", "soft"}


@pytest.mark.skipif(not SEED.exists(), reason="the seed's examples are not beside this checkout")
def test_the_shipped_seed_is_the_seed() -> None:
    shipped = json.loads(resources.files("estampe").joinpath("demo_seed.json").read_bytes())
    assert shipped == [event for events in json.loads(SEED.read_bytes()).values() for event in events]
