"""Events come whole out of a stream, wherever it is cut; a stream that is cut short is told."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estampe.client import IncompleteList, WrongServer
from estampe.client.splitting import Array, Lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estampe.client.splitting import Splitter

NASTY = st.sampled_from(["},{", "}, {", '"', '\\"', "\\", "[", "]", "{", "}", "\n", "é\N{GRINNING FACE}", ',"a":', ""])
TEXTS = st.lists(NASTY, max_size=3).map("".join)
FLAT = st.dictionaries(TEXTS, TEXTS | st.integers(-9, 9) | st.none(), max_size=2)
OBJECTS = st.lists(st.dictionaries(TEXTS, TEXTS | FLAT | st.lists(FLAT, max_size=3), max_size=3), max_size=5)
CUTS = st.lists(st.integers(0, 2_000), max_size=12)
LAYOUTS = st.sampled_from([None, 0, 2])
SEPARATORS = st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : ")])


def pieces(text: bytes, cuts: Sequence[int]) -> list[bytes]:
    ends = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return [text[start:end] for start, end in pairwise(ends)]


def split(splitter: Splitter, parts: list[bytes]) -> list[Any]:
    lines = [line for part in parts for line in splitter.feed(part)] + splitter.end()
    assert not any(b"\n" in line for line in lines)
    return [json.loads(line) for line in lines]


@given(OBJECTS, CUTS, LAYOUTS, SEPARATORS)
def test_an_array_gives_its_objects_wherever_it_is_cut(
    objects: list[Any], cuts: list[int], indent: int | None, separators: tuple[str, str]
) -> None:
    text = json.dumps(objects, indent=indent, separators=separators, ensure_ascii=False).encode()
    assert split(Array(), pieces(text, cuts)) == objects


@given(OBJECTS, CUTS)
def test_lines_give_their_objects_wherever_they_are_cut(objects: list[Any], cuts: list[int]) -> None:
    text = b"".join(msgspec.json.encode(each) + b"\n" for each in objects)
    assert split(Lines(), pieces(text, cuts)) == objects


@given(OBJECTS, CUTS, st.integers(1, 2_000))
def test_an_array_that_is_cut_short_is_never_taken_for_whole(objects: list[Any], cuts: list[int], less: int) -> None:
    text = msgspec.json.encode(objects)
    short = text[: -1 - less % len(text)]
    with pytest.raises(IncompleteList):
        split(Array(), pieces(short, cuts))


def test_a_line_that_is_not_ended_is_not_whole() -> None:
    lines = Lines()
    assert lines.feed(b'{"a":1}\n{"b":') == [b'{"a":1}']
    with pytest.raises(IncompleteList, match="broke off"):
        lines.end()


def test_an_object_is_given_as_soon_as_it_is_whole() -> None:
    array = Array()
    assert array.feed(b'[{"a":1},{"b"') == [b'{"a":1}']
    assert array.feed(b":2 ") == []
    assert array.feed(b'},{"c":3}\r') == [b'{"b":2 }', b'{"c":3}']
    assert array.feed(b"\n]\n") == []
    assert array.end() == []


@pytest.mark.parametrize("text", [b"<html>", b'{"status":200}', b"null", b"[1,2]", b"[[]]", b"\xef\xbb\xbf[]"])
def test_what_is_no_array_is_told_at_once(text: bytes) -> None:
    with pytest.raises(WrongServer, match="no list of events"):
        Array().feed(text)


@pytest.mark.parametrize("text", [b'[{"a":1}', b"", b"  ", b"[", b'[{"a":1},', b'[{"a":1}]]', b'[{"a":1} {"b":2}]'])
def test_what_is_no_closed_array_is_not_whole(text: bytes) -> None:
    array = Array()
    array.feed(text)
    with pytest.raises(IncompleteList):
        array.end()


@pytest.mark.parametrize("splitter", [Array(1_000), Lines(1_000)])
def test_an_event_beyond_the_limit_is_not_collected(splitter: Splitter) -> None:
    for part in [b'[{"a":"', *[b"x" * 100] * 9]:
        splitter.feed(part)
    with pytest.raises(WrongServer, match="more than 1000 bytes"):
        splitter.feed(b"x" * 100)


def test_large_objects_are_read_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Text grows by half between two attempts, so that cost follows length."""
    read = 0

    def counting(text: str, at: int) -> tuple[Any, int]:
        nonlocal read
        read += len(text) - at
        return json.JSONDecoder().raw_decode(text, at)

    monkeypatch.setattr("estampe.client.splitting._read", counting)
    objects = [{"data": [{"n": number} for number in range(20_000)]}]
    text = msgspec.json.encode(objects)
    assert split(Array(), [text[at : at + 1_000] for at in range(0, len(text), 1_000)]) == objects
    assert read < 5 * len(text)


def test_objects_within_objects_are_no_boundaries_however_many() -> None:
    """A basket of many items in each event must neither be split nor collect the list."""
    array = Array(100_000)
    objects = [{"data": [{"n": number} for number in range(1_000)]}] * 100
    text = msgspec.json.encode(objects)
    assert split(array, [text[at : at + 7_000] for at in range(0, len(text), 7_000)]) == objects


def test_an_object_that_is_nested_too_deeply_is_told() -> None:
    with pytest.raises(WrongServer, match="nested too deeply"):
        Array().feed(b'[{"a":' + b"[" * 100_000)
