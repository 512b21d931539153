"""The examples of the page on templates come out as it says."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from estampe.errors import EstampeError
from estampe.execution.composing.rendering import Renderer
from estampe.execution.composing.sandbox import LARGEST, LONGEST
from estampe.execution.orders import Rendered, Template
from estampe.settings import Settings

PAGE = (Path(__file__).parents[3] / "docs/templates.md").read_text()
BLOCKS = re.findall(r"^```([a-z ]+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
VARIABLES = msgspec.json.decode(next(text for info, text in BLOCKS if info == "json"))


class Example(NamedTuple):
    """A part of a template, what is told of it (`result`, `text` or `reason`), and how that reads."""

    part: str
    source: str
    told: str
    expected: str


def _examples() -> list[Example]:
    pairs = pairwise(BLOCKS)
    return [
        Example(info.removeprefix("jinja "), source.removesuffix("\n"), told, expected.removesuffix("\n"))
        for (info, source), (told, expected) in pairs
        if info.startswith("jinja ")
    ]


def _told(example: Example) -> str | None:
    template = Template(
        **{"text": "-", example.part: example.source} if example.told != "text" else {"html": example.source}
    )
    try:
        rendered: Rendered = Renderer().render(template, (), VARIABLES, Settings().message_limit)
    except EstampeError as exc:
        assert example.told == "reason"
        return str(exc)
    return rendered.text if example.told == "text" else getattr(rendered, example.part)


@pytest.mark.parametrize("example", _examples(), ids=lambda example: example.source[:30])
def test_an_example_comes_out_as_written(example: Example) -> None:
    assert _told(example) == example.expected


def test_there_are_examples() -> None:
    assert {example.told for example in _examples()} == {"result", "text", "reason"}


def test_the_limits_are_those_of_the_sandbox() -> None:
    assert f"| {LONGEST:,} items |" in PAGE
    assert f"| {LARGEST:,} bits |" in PAGE
