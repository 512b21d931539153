"""Reading and writing events."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import msgspec
import pytest
from event_strategies import events, json_with_unknown_members, json_with_unknown_types, objects
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

import estampe.events
from estampe.events import (
    Activation,
    ActivationDetail,
    Customer,
    Draft,
    Event,
    Footprint,
    InvalidEvent,
    OpenDetail,
    Other,
    Source,
    Stamp,
    decode,
    decode_draft,
    draft_parts,
    encode,
)

SPEC = Path(__file__).parents[3] / "../shared/spec"
CUSTOMER = Customer(agency="DEMO", customer="028")
ID = UUID("86bc0a5d-28cb-5128-af60-5efd273d7f75")
STAMP = Stamp(
    time=1614089576625,
    id=UUID("d52055cd-e854-4177-8ef5-b10fd8d568a7"),
    thread=UUID("a3078b19-b379-4bc2-b29a-e8229a9c9332"),
)
ACTIVATION = Activation(
    id="000PE4",
    kind="message",
    receiver=Footprint(id="000R4M0T", unicity="example@np6.com", hash="0441619ab4631d18548aa8835dd2c28b"),
    stamp=STAMP,
    recipient="example@np6.com",
)
SOURCE = Source(type="email", detail=ActivationDetail(activation=ACTIVATION))
EVENT = Event(type="activation", id=ID, timestamp=1614089582000, identity=CUSTOMER, source=SOURCE)
JSON = (
    b'{"type":"activation","id":"86bc0a5d-28cb-5128-af60-5efd273d7f75","timestamp":1614089582000,'
    b'"identity":{"type":"customer","agency":"DEMO","customer":"028"},"source":{"type":"email","detail":'
    b'{"activation":{"id":"000PE4","kind":"message","receiver":{"type":"footprint","id":"000R4M0T",'
    b'"unicity":"example@np6.com","hash":"0441619ab4631d18548aa8835dd2c28b"},"stamp":{"time":1614089576625,'
    b'"id":"d52055cd-e854-4177-8ef5-b10fd8d568a7","thread":"a3078b19-b379-4bc2-b29a-e8229a9c9332"},'
    b'"recipient":"example@np6.com"}}}}'
)


def test_an_event_is_written_in_the_documented_order_and_read_back() -> None:
    assert encode(EVENT) == JSON
    assert decode(JSON) == EVENT


def test_the_order_of_members_and_the_layout_that_come_in_do_not_matter() -> None:
    shuffled = json.dumps(json.loads(JSON), sort_keys=True, indent=3).encode()
    assert encode(decode(shuffled)) == JSON


@pytest.mark.parametrize("file", ["seed-examples.json", "more-examples.json"])
def test_every_published_example_comes_back_in_compact_form(file: str) -> None:
    path = SPEC / file
    if not path.exists():
        pytest.skip("the published examples are not here")
    examples = [spot for spot in _objects(json.loads(path.read_bytes())) if "timestamp" in spot]
    assert examples
    for example in examples:
        compact = json.dumps(example, separators=(",", ":"), ensure_ascii=False).encode()
        assert encode(decode(json.dumps(example, indent=2).encode())) == compact


def _objects(tree: Any) -> list[dict[str, Any]]:
    if isinstance(tree, list):
        return [spot for item in tree for spot in _objects(item)]
    return [tree, *(s for value in tree.values() for s in _objects(value))] if isinstance(tree, dict) else []


@given(events())
def test_every_event_is_read_back_as_it_was_written(event: Event) -> None:
    assert decode(encode(event)) == event
    assert encode(decode(encode(event))) == encode(event)


@given(json_with_unknown_members())
def test_unknown_members_are_kept_at_every_level(compact: bytes) -> None:
    assert encode(decode(compact)) == compact


@given(json_with_unknown_types())
def test_unknown_types_are_kept_at_every_level(compact: bytes) -> None:
    assert encode(decode(compact)) == compact


@pytest.mark.parametrize("level", range(len(objects(json.loads(JSON)))))
@pytest.mark.parametrize("name", ["extra", "members", "", "Type", "\u0000"])
def test_a_member_of_any_name_that_is_not_known_is_kept_at_each_level(level: int, name: str) -> None:
    """Also one named like the attribute that keeps it."""
    tree = json.loads(JSON)
    objects(tree)[level][name] = Raw(b"[1.0e5,123456789012345678901234567890]")
    compact = msgspec.json.encode(tree)
    assert encode(decode(compact)) == compact


def test_unknown_members_follow_the_known_ones() -> None:
    assert encode(decode(b'{"new":[],' + JSON[1:])) == JSON[:-1] + b',"new":[]}'


def test_an_unknown_variant_keeps_its_members_in_their_order() -> None:
    unknown = b'{"value":1.50,"type":"loyalty card"}'
    known = msgspec.json.encode(ACTIVATION.receiver)
    event = decode(JSON.replace(known, unknown))
    assert event.source.detail.block is not None
    receiver = event.source.detail.block.contact
    assert isinstance(receiver, Other)
    assert receiver.type == "loyalty card"
    assert receiver.members["value"] == Raw(b"1.50")
    assert encode(event) == JSON.replace(known, unknown)


def test_an_event_of_unknown_type_keeps_its_detail_and_knows_its_blocks() -> None:
    event = decode(JSON.replace(b'"type":"activation"', b'"type":"delivery"').replace(b"}}}}", b'},"delivery":1.0}}}'))
    assert isinstance(event.source.detail, OpenDetail)
    assert event.source.detail.activation == ACTIVATION
    assert encode(event).endswith(b'"recipient":"example@np6.com"},"delivery":1.0}}}')


def test_free_data_is_kept_byte_for_byte_in_compact_form() -> None:
    execution = JSON.replace(b'"activation"', b'"execution"').replace(b'"receiver"', b'"recipient"')
    execution = execution.replace(b',"recipient":"example@np6.com"', b"")
    loose = execution.replace(b'"stamp"', rb'"data": { "b" : 1.0e5, "a" : "\u00e9 \/" , "a":2 } , "stamp"')
    tight = execution.replace(b'"stamp"', rb'"data":{"b":1.0e5,"a":"\u00e9 \/","a":2},"stamp"')
    assert encode(decode(loose)) == tight


def test_uuids_are_written_in_lower_case() -> None:
    assert encode(decode(JSON.replace(str(ID).encode(), str(ID).upper().encode()))) == JSON


def test_a_draft_may_have_neither_id_nor_identity() -> None:
    draft = decode_draft(b'{"type":"activation","source":' + msgspec.json.encode(SOURCE) + b"}")
    assert draft == Draft(type="activation", source=SOURCE)
    spelled = b'{"type":"activation","id":null,"identity":null,"source":' + msgspec.json.encode(SOURCE) + b"}"
    assert decode_draft(spelled) == draft


def test_a_draft_with_a_timestamp_is_refused() -> None:
    with pytest.raises(InvalidEvent) as refusal:
        decode_draft(JSON)
    assert [(fault.path, fault.found) for fault in refusal.value.faults] == [("$.timestamp", "1614089582000")]


@given(st.one_of(events().map(encode), json_with_unknown_members(), json_with_unknown_types()))
def test_the_parts_of_a_draft_and_a_timestamp_make_the_event(compact: bytes) -> None:
    event = decode(compact)
    draft = _draft(compact)
    before, after = draft_parts(draft, event.id, event.identity)
    assert before + str(event.timestamp).encode() + after == encode(event)


def _draft(compact: bytes) -> Draft:
    members = msgspec.json.decode(compact, type=dict[str, Raw])
    del members["timestamp"]
    return decode_draft(msgspec.json.encode(members))


def test_a_draft_is_written_for_the_customer_whose_log_it_goes_to() -> None:
    other = Customer(agency="DEMO", customer="029")
    draft = Draft(type="activation", identity=other, source=SOURCE)
    before, after = draft_parts(draft, ID, CUSTOMER)
    assert before + b"1614089582000" + after == JSON


def test_json_text_kept_by_a_larger_decode_is_read_as_well() -> None:
    (item,) = msgspec.json.decode(b"[" + JSON + b"]", type=list[Raw])
    assert decode(item) == EVENT


def test_all_public_names_are_declared() -> None:
    names = vars(estampe.events).items()
    public = [name for name, value in names if name[0] != "_" and not isinstance(value, ModuleType)]
    assert sorted(public) == sorted(estampe.events.__all__)
