"""The examples of the page on templates come out as it says."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import msgspec
import pytest

from estampe.execution.composing.composer import Composer
from estampe.execution.composing.frames import Kind
from estampe.execution.composing.sandbox import LARGEST, LONGEST
from estampe.execution.orders import NoLetter, Order, Sender, Template
from estampe.settings import Settings
from estampe.tracking.linking.linking import Linking
from estampe.tracking.linking.links import Links
from estampe.tracking.linking.rewriting import rewrite

PAGE = (Path(__file__).parents[3] / "docs/templates.md").read_text()
BLOCKS = re.findall(r"^```([a-z ]+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
STAMP = UUID(int=1)
LINKING = Linking(
    Links({1: bytes(32)}, "https://news.example/t/"), Settings(public_url="https://news.example", open_pixel=False)
)
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


def _order(template: Template) -> Order:
    return Order(
        stamp=STAMP,
        template=template,
        variables=VARIABLES,
        sender=Sender(address="news@shop.example"),
        to="zoe@inbox.example",
        message_id="1@shop.example",
        return_path="returns@shop.example",
        time_ms=1,
        seal=LINKING.of(1, "000PE4", "000R4M0T", STAMP).seal,
    )


def _told(example: Example) -> str:
    template = Template(
        **{"text": "-", example.part: example.source} if example.told != "text" else {"html": example.source}
    )
    made = Composer(Settings().message_limit, rewrite).answer(Kind.RENDERED, _order(template))
    if isinstance(made, NoLetter):
        assert example.told == "reason"
        return made.message
    return re.sub(r"/t/[\w-]{60,}", "/t/…", getattr(made, "text" if example.told == "text" else example.part))


@pytest.mark.parametrize("example", _examples(), ids=lambda example: example.source[:30])
def test_an_example_comes_out_as_written(example: Example) -> None:
    assert _told(example) == example.expected


def test_there_are_examples() -> None:
    assert {example.told for example in _examples()} == {"result", "text", "reason"}


def test_the_limits_are_those_of_the_sandbox() -> None:
    assert f"| {LONGEST:,} items |" in PAGE
    assert f"| {LARGEST:,} bits |" in PAGE
