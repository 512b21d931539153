"""Files of JSON objects are streamed in every form, their text kept, and damage is told with its place."""

from __future__ import annotations

import gzip
import io
import json
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from estampe.cli import items as module
from estampe.cli.items import Items, UnreadableFile

if TYPE_CHECKING:
    from pathlib import Path

OBJECTS = [b'{"a":1.0e5}', b'{"b":"}]\\u00e9"}', b'{"c":{"d":[1,{}]}}', '{"e":"é€😀"}'.encode()]
ARRAY = b" [" + b" ,\n ".join(OBJECTS) + b" ] \n"
LINES = b"\n".join(OBJECTS) + b"\n"


def read(path: Path) -> list[bytes]:
    return list(Items(f"{path}"))


def written(folder: Path, content: bytes, name: str = "file.json") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("content", [ARRAY, LINES, LINES[:-1], b"\xef\xbb\xbf" + ARRAY], ids=repr)
def test_reads_arrays_and_lines_and_keeps_each_text(tmp_path: Path, content: bytes) -> None:
    assert read(written(tmp_path, content)) == OBJECTS


@pytest.mark.parametrize("content", [b"", b"\n", b"[]", b" [ ] "])
def test_a_file_may_have_nothing(tmp_path: Path, content: bytes) -> None:
    assert read(written(tmp_path, content)) == []


def test_reads_gzip_and_several_zstd_frames_by_name(tmp_path: Path) -> None:
    frames = zstandard.compress(ARRAY[:20]) + zstandard.compress(ARRAY[20:])
    assert read(written(tmp_path, gzip.compress(ARRAY), "a.json.gz")) == OBJECTS
    assert read(written(tmp_path, frames, "a.json.zst")) == OBJECTS


def test_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LINES)))
    assert list(Items("-")) == OBJECTS


def test_standard_input_may_be_named_twice_and_has_nothing_more_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LINES)))
    assert [list(Items("-")), list(Items("-"))] == [OBJECTS, []]


def test_closed_standard_input_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(UnreadableFile, match="standard input is closed"):
        Items("-")


def test_a_file_that_has_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="cannot be read: No such file"):
        Items(f"{tmp_path / 'gone'}")


def test_reads_a_pipe_whose_size_and_place_nobody_knows(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(LINES,))
    writer.start()
    items = Items(f"{path}")
    assert [(text, items.done, items.size) for text in items] == [(text, 0, None) for text in OBJECTS]
    writer.join()


@given(values=st.lists(st.dictionaries(st.text(max_size=3), st.text() | st.integers(), max_size=3), max_size=8))
@pytest.mark.parametrize("chunk", [1, 7])
def test_where_the_file_is_cut_into_chunks_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, chunk: int, values: list[Any]
) -> None:
    folder = tmp_path_factory.mktemp("chunks")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CHUNK", chunk)
        path = written(folder, json.dumps(values, ensure_ascii=False).encode())
        assert [json.loads(text) for text in read(path)] == values


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'[{"a":1},{"b":', r"file.json\[1\]: it is not whole JSON"),
        (b'[{"a":1}', r"file.json\[1\]: the array is cut short"),
        (b'[{"a":1},', r"file.json\[1\]: a JSON object should stand here"),
        (b'[{"a":1} {"b":2}]', r"file.json\[1\]: the array is cut short or lacks a comma"),
        (b'[{"a":1}] {"b":2}', r"file.json\[1\]: something follows the array"),
        (b'{"a":1}\n{"b"', r"file.json\[1\]: it is not whole JSON"),
        (b"[1]", r"file.json\[0\]: a JSON object should stand here"),
        (b'{"a":' + b"[" * 100_000, r"file.json\[0\]: it is nested too deeply"),
        (b'{"a":"\xff"}', "cannot be read: 'utf-8' codec"),
    ],
)
def test_a_damaged_file_is_told_with_the_place(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(UnreadableFile, match=message):
        read(written(tmp_path, content))


@pytest.mark.parametrize("name", ["a.json.gz", "a.json.zst"])
def test_a_file_that_is_not_compressed_as_its_name_says_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnreadableFile, match=f"{name} cannot be read"):
        read(written(tmp_path, ARRAY, name))


def test_a_gzip_file_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress(ARRAY)
    with pytest.raises(UnreadableFile, match="cannot be read"):
        read(written(tmp_path, whole[:-9], "a.json.gz"))


def test_an_object_that_never_ends_is_not_read_into_memory_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", 100)
    monkeypatch.setattr(module, "LARGEST", 1_000)
    path = written(tmp_path, b'{"a":"' + b"x" * 10_000)
    items = Items(f"{path}")
    with pytest.raises(UnreadableFile, match="not whole JSON"):
        list(items)


def test_tells_how_far_it_is(tmp_path: Path) -> None:
    items = Items(f"{written(tmp_path, ARRAY)}")
    assert (items.done, items.size) == (0, len(ARRAY))
    objects = iter(items)
    next(objects)
    assert items.done == len(ARRAY)
