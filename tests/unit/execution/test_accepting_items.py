"""Items: whatever comes is an item or says why it is none."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estampe.execution.items import InvalidItem, read_item

NAMES = st.sampled_from(["recipient", "data", "stamp", "content", "subject", "headers", "variables", "type", "value"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=3), inner, max_size=4),
    max_leaves=8,
)
RECIPIENT: dict[str, Any] = {"type": "id", "value": "000R4M0T"}


@given(st.binary(max_size=50) | VALUES.map(msgspec.json.encode))
def test_nothing_but_an_invalid_item_is_raised(json: bytes) -> None:
    with suppress(InvalidItem):
        read_item(json, "000PE4", 1_700_000_000_000, None)


@given(VALUES)
def test_data_may_be_anything_and_comes_through_as_it_is(data: Any) -> None:
    json = msgspec.json.encode({"recipient": RECIPIENT, "data": data})
    wanted = read_item(json, "000PE4", 1_700_000_000_000, None)
    assert bytes(wanted.execution.data or b"") == msgspec.json.encode(data)


@given(st.dictionaries(st.text(max_size=5).filter(lambda name: name not in _MEMBERS), VALUES, max_size=3))
def test_members_that_are_not_known_are_ignored(others: dict[str, Any]) -> None:
    json = msgspec.json.encode({**others, "recipient": RECIPIENT})
    assert read_item(json, "000PE4", 1_700_000_000_000, None).item.own() is None


_MEMBERS = ("recipient", "data", "stamp", "content", "subject", "headers", "variables")


def test_an_item_nested_too_deeply_is_invalid() -> None:
    deep = b'{"recipient":{"type":"id","value":"1"},"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    with suppress(InvalidItem):
        read_item(deep, "000PE4", 1_700_000_000_000, None)


def test_a_header_that_may_not_be_is_said_at_once() -> None:
    json = msgspec.json.encode({"recipient": RECIPIENT, "headers": {"X-Shop": "1", "Bcc": "all@a.example"}})
    with pytest.raises(InvalidItem, match="Bcc") as caught:
        read_item(json, "000PE4", 1_700_000_000_000, None)
    assert caught.value.path == "$.headers"


@pytest.mark.parametrize("member", ["data", "variables"])
def test_what_is_nested_too_deeply_for_a_template_is_refused(member: str) -> None:
    deep = b'{"recipient":{"type":"id","value":"1"},"%b":' % member.encode() + b'{"a":' * 900 + b"1" + b"}" * 901
    with pytest.raises(InvalidItem, match="nested"):
        read_item(deep, "000PE4", 1_700_000_000_000, None)
