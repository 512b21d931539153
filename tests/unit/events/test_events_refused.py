"""What is refused, and what is said about it."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from event_strategies import events_without_data, free_json, objects, text
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import Raw
from test_events_json import JSON

from estampe.errors import EstampeError
from estampe.events import Activation, Event, Id, InvalidEvent, Stamp, decode, decode_draft, encode

BOUNCE = json.loads(JSON) | {"type": "bounce"}
BOUNCE["source"]["detail"]["bounce"] = {
    "status": {
        "type": "sync",
        "code": {"enhanced": "5.1.2", "basic": 550},
        "diagnostic": "no such domain",
        "mta": "",
    },
    "analysis": {"verdict": "hard", "subject": {"type": "address"}},
}
ABSENT = object()


@pytest.mark.parametrize(
    ("path", "found", "allowed"),
    [
        ("id", "14d3", "a UUID"),
        ("id", None, "a UUID"),
        ("id", ABSENT, "a UUID"),
        ("type", 7, "a word, 1 to 64 characters"),
        ("timestamp", "2021-02-23", "Unix milliseconds, an integer from 0 to 9223372036854775807"),
        ("timestamp", 1.5, "Unix milliseconds, an integer from 0 to 9223372036854775807"),
        ("timestamp", 10**30, "Unix milliseconds, an integer from 0 to 9223372036854775807"),
        ("identity", ABSENT, "an object"),
        ("identity.type", "agency", '"customer"'),
        ("identity.agency", "../DEMO", "1 to 64 letters, digits, hyphens or underscores"),
        ("identity.customer", "028\n", "1 to 64 letters, digits, hyphens or underscores"),
        ("source", [], "an object"),
        ("source.detail.activation", ABSENT, "an object"),
        ("source.detail.activation.recipient", ABSENT, "the address that the message was sent to"),
        (
            "source.detail.activation.receiver.type",
            ABSENT,
            'a string: "id", "footprint", "unicity", "hash"',
        ),
        ("source.detail.activation.receiver.hash", "0441", "an MD5 in 32 hexadecimal digits"),
        ("source.detail.activation.stamp.set", None, "a UUID"),
        (
            "source.detail.bounce.status.code.enhanced",
            "550",
            "an enhanced status code of RFC 3463, such as 5.1.2",
        ),
        ("source.detail.bounce.status.code.basic", 50, "an SMTP reply code, an integer from 200 to 599"),
        ("source.detail.bounce.status.diagnostic", {"a": "b" * 200}, "a string"),
        ("source.detail.bounce.analysis.verdict", "firm", '"hard" or "soft"'),
        ("source.detail.bounce.analysis.subject.detail", "x", "an object"),
    ],
)
def test_a_refusal_says_where_what_was_found_and_what_is_allowed(path: str, found: Any, allowed: str) -> None:
    (fault,) = _refusal(_with(path, found)).faults
    assert fault.path == f"$.{path}"
    assert fault.allowed == allowed
    shown = "nothing" if found is ABSENT else json.dumps(found, separators=(",", ":"))
    assert fault.found == (shown if len(shown) <= 100 else shown[:100] + "…")
    assert fault.sentence == f"$.{path}: found {fault.found}; allowed: {allowed}"


def _with(path: str, value: Any) -> bytes:
    tree = json.loads(json.dumps(BOUNCE))
    *outer, name = path.split(".")
    spot = tree
    for step in outer:
        spot = spot[step]
    spot.pop(name, None)
    if value is not ABSENT:
        spot[name] = value
    return json.dumps(tree).encode()


def _refusal(text: bytes) -> InvalidEvent:
    with pytest.raises(InvalidEvent) as refusal:
        decode(text)
    return refusal.value


def test_a_refusal_lists_every_fault() -> None:
    refusal = _refusal(b'{"type":"hit","id":1,"timestamp":2,"source":{"type":"email","detail":{"client":null}}}')
    assert [fault.path for fault in refusal.faults] == [
        "$.id",
        "$.identity",
        "$.source.detail.activation",
        "$.source.detail.link",
        "$.source.detail.client",
    ]
    assert str(refusal) == "; ".join(fault.sentence for fault in refusal.faults)


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        (b"", "one JSON object"),
        (b"{'a':1}", "one JSON object"),
        (JSON + b"{}", "one JSON object"),
        (b"[]", "an object"),
        (b'{"type":"\xff"}', "UTF-8, which byte 9 is not"),
        (b'{"new":"\xed\xa0\x80"}', "UTF-8, which byte 8 is not"),
        (b"[" * 100_000 + b"]" * 100_000, "JSON nested at most 64 levels deep"),
        (b"[" * 65 + b"]" * 65, "JSON nested at most 64 levels deep"),
    ],
)
def test_text_that_is_no_json_object_is_refused_as_a_whole(text: bytes, allowed: str) -> None:
    (fault,) = _refusal(text).faults
    assert (fault.path, fault.allowed.partition(" (")[0]) == ("$", allowed)
    assert len(fault.found) <= 101


def test_brackets_in_strings_and_side_by_side_are_not_depth() -> None:
    wide = JSON[:-1] + b',"new":["' + b'[\\"{' * 99 + b'"' + b",[]" * 99 + b"]}"
    assert encode(decode(wide)) == wide
    deep = JSON[:-1] + b',"new":' + b"[" * 63 + b"]" * 63 + b"}"
    assert encode(decode(deep)) == deep


def test_a_message_is_not_activated_without_an_address() -> None:
    stamp = Stamp(time=1, id=decode(JSON).id, thread=decode(JSON).id)
    with pytest.raises(InvalidEvent, match=r"\$\.recipient: found nothing"):
        Activation(id="000PE4", kind="message", receiver=Id(value="000R4M0T"), stamp=stamp)
    Activation(id=7, kind="application", receiver=Id(value="000R4M0T"), stamp=stamp)


def test_a_refusal_is_an_estampe_error() -> None:
    assert issubclass(InvalidEvent, EstampeError)


@given(st.one_of(st.binary(), free_json.map(bytes), st.text().map(str.encode)))
@example(b'{"type":"hit","timestamp":' + b"9" * 5000 + b"}")
@example(b'{"type":"","source":{"type":"","detail":{"activation":{"receiver":{"type":"","members":{}}}}}}')
def test_whatever_comes_in_gives_an_event_or_a_refusal(text: bytes) -> None:
    for read in (decode, decode_draft):
        with suppress(InvalidEvent):
            read(text)


@given(events_without_data(), st.data())
def test_anything_anywhere_gives_an_event_or_a_refusal(event: Event, data: st.DataObject) -> None:
    tree = msgspec.json.decode(encode(event))
    for spot in data.draw(st.lists(st.sampled_from(objects(tree)), min_size=1, max_size=2, unique_by=id)):
        name = data.draw(st.one_of(st.sampled_from([*spot, "extra"]), text))
        spot[name] = data.draw(st.one_of(free_json, st.none(), st.integers(), text, st.just(Raw(b'""'))))
    compact = msgspec.json.encode(tree)
    try:
        read = decode(compact)
    except InvalidEvent as refusal:
        assert refusal.faults  # noqa: PT017  a refusal is one of two right answers
    else:
        assert decode(encode(read)) == read
