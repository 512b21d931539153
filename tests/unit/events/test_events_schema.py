"""The schemas of events take what the model takes, and refuse what it refuses."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Annotated, Any

import jsonschema_rs
import msgspec
import pytest
from event_strategies import events, json_with_unknown_members, json_with_unknown_types
from hypothesis import given
from msgspec import Meta

from estampe.demo import Generator
from estampe.events import DETAILS, Event, InvalidEvent, decode, decode_draft, encode
from estampe.events.schema import described, event_schemas, name_of

SCHEMAS = event_schemas()
SEED = json.loads(resources.files("estampe").joinpath("demo_seed.json").read_bytes())
BOUNCE, HIT, ACTIVATION = SEED[:3]


@cache
def validator(name: str) -> Any:
    schema = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": SCHEMAS}}
    return jsonschema_rs.validator_for(schema, validate_formats=True)


def tree(text: bytes) -> Any:
    """Read JSON whose free numbers no float holds."""
    return json.loads(text, parse_float=lambda _: 0.5)


@given(events())
def test_every_event_is_an_event_and_one_of_its_type(event: Event) -> None:
    found = tree(encode(event))
    assert validator("Event").is_valid(found)
    assert [tag for tag in DETAILS if validator(name_of(tag)).is_valid(found)] == [event.type]


@given(json_with_unknown_members())
def test_a_member_that_is_not_known_may_be_there(text: bytes) -> None:
    assert validator("Event").is_valid(tree(text))


@given(json_with_unknown_types())
def test_a_type_that_is_not_known_is_one_of_the_others(text: bytes) -> None:
    found = tree(text)
    assert validator("Event").is_valid(found)
    assert validator(name_of(found["type"])).is_valid(found)


@given(events())
def test_every_event_without_its_timestamp_is_a_draft(event: Event) -> None:
    found = tree(encode(event))
    assert not validator("Draft").is_valid(found)
    del found["timestamp"]
    assert validator("Draft").is_valid(found)
    assert validator("Draft").is_valid(found | {"id": None, "identity": None})


@pytest.mark.parametrize("event", SEED, ids=lambda event: f"{event['type']} {event['id'][:8]}")
def test_the_seed_is_taken(event: Any) -> None:
    assert validator("Event").is_valid(event)


@pytest.mark.parametrize("made", [Generator.events, Generator.history], ids=lambda made: made.__name__)
def test_the_demo_s_events_are_taken(made: Any) -> None:
    for text in made(Generator(7, "DEMO/028"), 2_000, 1_600_000_000_000, 10):
        event = json.loads(text)
        validator(name_of(event["type"])).validate(event)


def changed(event: Any, path: str, value: Any) -> Any:
    """Return an event in which one member is another, or (`...`) absent."""
    *above, name = path.split(".")
    copy = spot = json.loads(json.dumps(event))
    for step in above:
        spot = spot[step]
    spot[name] = value
    if value is ...:
        del spot[name]
    return copy


@pytest.mark.parametrize(
    ("event", "path", "value"),
    [
        (BOUNCE, "id", "1"),
        (BOUNCE, "type", ""),
        (BOUNCE, "type", "hit"),
        (BOUNCE, "timestamp", "1614089593000"),
        (BOUNCE, "timestamp", -1),
        (BOUNCE, "identity.type", "agency"),
        (BOUNCE, "identity.customer", "0 2"),
        (BOUNCE, "source.type", ""),
        (BOUNCE, "source.detail.bounce", ...),
        (BOUNCE, "source.detail.bounce.status.code.enhanced", "5.1"),
        (BOUNCE, "source.detail.bounce.status.code.basic", 100),
        (BOUNCE, "source.detail.bounce.analysis.verdict", "medium"),
        (BOUNCE, "source.detail.bounce.status.type", 1),
        (HIT, "source.detail.link.destination", ...),
        (HIT, "source.detail.link.type", ...),
        (HIT, "source.detail.client.ua.os", "Android"),
        (ACTIVATION, "source.detail.activation.recipient", ...),
        (ACTIVATION, "source.detail.activation.receiver.hash", "0441619a"),
        (ACTIVATION, "source.detail.activation.stamp.time", 1.5),
        (ACTIVATION, "source.detail.activation.id", -1),
    ],
)
def test_what_the_model_refuses_is_refused(event: Any, path: str, value: Any) -> None:
    wrong = changed(event, path, value)
    with pytest.raises(InvalidEvent):
        decode(json.dumps(wrong).encode())
    assert not validator("Event").is_valid(wrong)


def test_a_notification_s_activation_has_no_address() -> None:
    event = changed(ACTIVATION, "source.detail.activation.recipient", ...)
    event["source"]["detail"]["activation"]["kind"] = "application"
    del event["timestamp"]
    assert decode_draft(json.dumps(event).encode()).type == "activation"
    assert validator("Draft").is_valid(event)


def test_schemas_name_only_what_is_there() -> None:
    text = json.dumps(SCHEMAS)
    names = {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names <= set(SCHEMAS)
    assert names | {"Event", "Draft"} == set(SCHEMAS)


def test_schemas_say_it_as_json_schema_does() -> None:
    text = json.dumps(SCHEMAS)
    for python in (r"\A", r"\Z", '"extra"', "Raises:", "additionalProperties"):
        assert python not in text


class Crate(msgspec.Struct):
    """What is stored.

    Parameters:
        bottles: how many bottles,
            full ones.
        label: what stands on it.
    """

    bottles: int
    label: Annotated[str, Meta(pattern=r"\A[a-z]+\Z", description="small letters")] = "red"


def test_what_a_docstring_says_of_parameters_is_said_of_members() -> None:
    _, parts = described([Crate])
    assert parts["Crate"]["description"] == "What is stored."
    assert parts["Crate"]["properties"] == {
        "bottles": {"type": "integer", "description": "how many bottles, full ones."},
        "label": {"type": "string", "pattern": "^[a-z]+$", "description": "small letters", "default": "red"},
    }
