"""Events of every type and every known variant, and their JSON with things in it that nobody knows."""

from __future__ import annotations

import types
from enum import Enum
from typing import Annotated, Any, Union, get_args, get_origin
from uuid import UUID

import msgspec
from hypothesis import strategies as st
from msgspec import UNSET, Meta, Raw, UnsetType

from estampe.events import DETAILS, Activation, Customer, Event, Other, Source, encode
from estampe.events.block import Block

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
free_json = st.recursive(
    st.sampled_from(
        [
            b"null",
            b"true",
            b"1.0e5",
            b"-0",
            b"123456789012345678901234567890",
            b"1e999",
            rb'"\u00e9\/"',
            b'"\xc3\xa9"',
        ]
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: b"[" + b",".join(items) + b"]"),
        st.lists(st.tuples(words, inner), max_size=3, unique_by=lambda item: item[0]).map(
            lambda members: msgspec.json.encode({name: Raw(value) for name, value in members})
        ),
    ),
    max_leaves=4,
).map(Raw)
"""Compact JSON whose numbers and strings no parser would write back as they are."""


def events() -> st.SearchStrategy[Event]:
    return st.sampled_from(sorted(DETAILS)).flatmap(
        lambda name: st.builds(
            Event,
            type=st.just(name),
            id=st.uuids(),
            timestamp=st.integers(0, 2**63 - 1),
            identity=blocks(Customer),
            source=st.builds(Source, type=words, detail=blocks(DETAILS[name])),
        )
    )


def events_without_data() -> st.SearchStrategy[Event]:
    """Return events whose JSON any parser reads without loss."""
    return events().filter(lambda event: b'"data":' not in encode(event))


def blocks(block: type[Block]) -> st.SearchStrategy[Any]:
    members = {field.name: _values(field.type) for field in msgspec.structs.fields(block) if field.name != "extra"}
    if block is Activation:
        members["recipient"] = text
    return st.builds(block, **members)


def _values(annotation: Any) -> st.SearchStrategy[Any]:
    if get_origin(annotation) in {Union, types.UnionType}:
        return st.one_of([_values(option) for option in get_args(annotation) if option is not Other])
    if get_origin(annotation) is Annotated:
        return _constrained(*get_args(annotation))
    if get_origin(annotation) is tuple:
        return st.lists(text, max_size=3).map(tuple)
    if issubclass(annotation, Block):
        return st.deferred(lambda: blocks(annotation))
    if issubclass(annotation, Enum):
        return st.sampled_from(annotation)
    return {str: text, UUID: st.uuids(), Raw: free_json, UnsetType: st.just(UNSET)}[annotation]


def _constrained(annotation: Any, meta: Meta) -> st.SearchStrategy[Any]:
    if meta.pattern:
        return st.from_regex(meta.pattern)
    if annotation is int:
        return st.integers(meta.ge, meta.le)
    if annotation is str:
        return words
    if get_origin(annotation) is tuple:
        return st.lists(text, min_size=1, max_size=3).map(tuple)
    return _values(annotation)


@st.composite
def json_with_unknown_members(draw: st.DrawFn) -> bytes:
    """Return an event's compact JSON in which one to three objects end with a member that is not known."""
    tree = msgspec.json.decode(encode(draw(events_without_data())))
    for spot in draw(st.lists(st.sampled_from(list(objects(tree))), min_size=1, max_size=3, unique_by=id)):
        name = draw(st.one_of(st.just("extra"), words))
        if name not in _KNOWN:
            spot[name] = draw(free_json)
    return msgspec.json.encode(tree)


@st.composite
def json_with_unknown_types(draw: st.DrawFn) -> bytes:
    """Return an event's compact JSON in which one to three members `type` have a value that is not known."""
    tree = msgspec.json.decode(encode(draw(events_without_data())))
    typed = [spot for spot in objects(tree) if "type" in spot and spot["type"] != "customer"]
    for spot in draw(st.lists(st.sampled_from(typed), min_size=1, max_size=3, unique_by=id)):
        spot["type"] = "a new " + draw(text)
        spot["size"] = draw(free_json)
    return msgspec.json.encode(tree)


def objects(tree: Any) -> list[dict[str, Any]]:
    if not isinstance(tree, dict):
        return []
    return [tree, *(spot for value in tree.values() for spot in objects(value))]


def _names(block: type[Block]) -> set[str]:
    return {field.name for field in msgspec.structs.fields(block)} - {"extra"}


def _subclasses(block: type) -> set[type]:
    return {block}.union(*(_subclasses(below) for below in block.__subclasses__()))


_KNOWN = {"type"}.union(*(_names(block) for block in _subclasses(Block)))
