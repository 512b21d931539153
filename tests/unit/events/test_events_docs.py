"""docs/events.md names all that the model knows, and its examples are events."""

from __future__ import annotations

import json
import re
from enum import EnumType
from pathlib import Path

import msgspec
import pytest

import estampe.events
from estampe.events import DETAILS, EventType, decode, encode
from estampe.events.block import Block

PAGE = (Path(__file__).parents[3] / "docs/events.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
PUBLIC = [value for value in vars(estampe.events).values() if isinstance(value, type)]
BLOCKS = [value for value in PUBLIC if issubclass(value, Block)]
VOCABULARIES = [value for value in PUBLIC if isinstance(value, EnumType)]


@pytest.mark.parametrize("text", EXAMPLES)
def test_each_example_is_an_event_of_which_nothing_is_unknown(text: str) -> None:
    event = decode(text.encode())
    assert encode(event) == json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False).encode()
    msgspec.json.encode(event)  # would not know how to write an unknown member
    assert isinstance(event.source.detail, DETAILS[event.type])


def test_each_type_has_a_section_and_an_example() -> None:
    assert set(re.findall(r"^### `(.*)`$", PAGE, re.MULTILINE)) == set(EventType)
    assert {json.loads(text)["type"] for text in EXAMPLES} == set(EventType)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.__name__)
def test_each_member_and_each_variant_is_named(block: type[Block]) -> None:
    names = {field.encode_name for field in msgspec.structs.fields(block)} - {"extra"}
    if block is estampe.events.Other:
        names.clear()
    elif block.__struct_config__.tag:
        names.add(str(block.__struct_config__.tag))
    assert [name for name in names if f"`{name}`" not in PAGE] == []


@pytest.mark.parametrize("vocabulary", VOCABULARIES, ids=lambda vocabulary: vocabulary.__name__)
def test_each_word_is_named(vocabulary: EnumType) -> None:
    assert [word.value for word in vocabulary if f"`{word.value}`" not in PAGE] == []
