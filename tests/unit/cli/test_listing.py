"""The forms of `estampe events`: exact bytes, an array, values, and a table for people."""

from __future__ import annotations

import csv
import io
import json
from importlib import resources

import msgspec
import pytest

from estampe.cli.listing import FORMS, listing

EVENTS = msgspec.json.decode(resources.files("estampe").joinpath("demo_seed.json").read_bytes())
LINES = [msgspec.json.encode(event) for event in EVENTS]
UNKNOWN = {**EVENTS[0], "type": "telepathy", "source": {"type": "aether", "detail": {"mood": 1}}}


def written(form: str | None, chunks: list[bytes], capsysbinary: pytest.CaptureFixture[bytes]) -> bytes:
    out = listing(form)
    for chunk in chunks:
        out.add(chunk)
    out.close()
    return capsysbinary.readouterr().out


def chunk(lines: list[bytes]) -> bytes:
    return b"\n".join(lines) + b"\n"


CHUNKS = [chunk(LINES[:3]), chunk(LINES[3:])]


@pytest.mark.parametrize("form", ["ndjson", None])
def test_lines_are_byte_for_byte_and_what_a_pipe_gets(
    form: str | None, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert written(form, CHUNKS, capsysbinary) == chunk(LINES)


def test_an_array_is_what_the_api_answers(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert written("json", CHUNKS, capsysbinary) == b"[" + b",".join(LINES) + b"]\n"


def test_an_array_may_be_empty(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert written("json", [], capsysbinary) == b"[]\n"


def test_values_are_one_line_an_event(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    rows = list(csv.DictReader(io.StringIO(written("csv", CHUNKS, capsysbinary).decode(), newline="")))
    assert [row["id"] for row in rows] == [event["id"] for event in EVENTS]
    assert rows[0] == {
        "timestamp": "1614089593000",
        "time": "2021-02-23T14:13:13.000Z",
        "id": "14d3d192-bd40-4c0b-9048-4469ab3a981c",
        "type": "bounce",
        "subtype": "hard",
        "channel": "email",
        "action": "000PE4",
        "contact": "0013KDC8",
        "hash": "",
        "stamp": "4d3eb218-1887-4c43-b287-cac59acec5ea",
        "recipient": "example@blabla.com",
        "about": "bad destination system: no such domain",
    }


def test_a_table_names_its_columns_once(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    lines = written("table", CHUNKS, capsysbinary).decode().splitlines()
    assert len(lines) == 1 + len(EVENTS)
    assert lines[0].split() == ["time", "type", "subtype", "action", "contact", "recipient", "about"]
    assert "https://www.np6.fr" in lines[2]


def test_an_empty_table_says_so(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert written("table", [], capsysbinary) == b"no events\n"


@pytest.mark.parametrize("form", FORMS)
def test_every_form_takes_events_of_unknown_types(form: str, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    line = json.dumps(UNKNOWN, separators=(",", ":")).encode()
    assert b"telepathy" in written(form, [chunk([line])], capsysbinary)


def test_markup_in_events_is_shown_as_it_is(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    bounce = json.loads(LINES[0])
    bounce["source"]["detail"]["bounce"]["status"]["diagnostic"] = "[red]no[/red] [TSS04]"
    assert b"[red]no[/red] [TSS04]" in written("table", [chunk([msgspec.json.encode(bounce)])], capsysbinary)


def test_a_table_never_steers_the_terminal(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    bounce = json.loads(LINES[0])
    bounce["source"]["detail"]["bounce"]["status"]["diagnostic"] = "\x1b]0;mine\x07 no\nsuch \x9bm"
    out = written("table", [chunk([msgspec.json.encode(bounce)])], capsysbinary).decode()
    assert "\N{REPLACEMENT CHARACTER}]0;mine\N{REPLACEMENT CHARACTER} no\N{REPLACEMENT CHARACTER}such" in out
    assert not {"\x1b", "\x07", "\x9b"} & set(out)
    assert len(out.splitlines()) == 2
