"""The documentation names every route, parameter, header, problem and metric."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from estampe.events import decode_draft
from estampe.http import documents, exchange, gate, lists
from estampe.http.campaigns import read_clauses
from estampe.http.headers import HEADERS
from estampe.http.metrics import Metrics
from estampe.http.negotiation import CODINGS, FORMS
from estampe.http.problems import Kind
from estampe.http.reference import page
from estampe.http.routes import EVERYTHING, FAMILIES, OPERATIONS, Family, ListRoute, Parameter, Route
from estampe.http.statistics import Row
from estampe.log import Audience
from estampe.stats import statistics
from estampe.verdicts import HitClass

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).parents[2] / "docs"
API = (DOCS / "api.md").read_text()
WATCHING = (DOCS / "operations.md").read_text()


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip("|").split("|")]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: f"{family.method} {family.path}")
def test_each_list_is_documented_with_its_family(family: Family) -> None:
    start = f"| `{family.method} {family.path}` |"
    (row,) = (line for line in API.splitlines() if line.startswith(start))
    _, named, held = cells(row)
    if "{id}" in family.path:
        assert named == family.given[0].meaning
    if family.holding == EVERYTHING:
        assert held == "every list"
    elif family.method == "GET":
        assert held.split(", ") == ["all" if not each.end else f"`{each.end}`" for each in family.holding]


def test_each_kind_of_list_is_documented() -> None:
    kinds = {kind for family in FAMILIES for kind in family.holding if kind.end or family.holding == EVERYTHING}
    rows = {f"| `{kind.end}` | {kind.summary} |" if kind.end else f"| | {kind.summary} |" for kind in kinds}
    assert rows <= set(API.splitlines())


@pytest.mark.parametrize("parameter", dict.fromkeys(each for route in OPERATIONS for each in route.parameters))
def test_each_parameter_is_documented(parameter: Parameter) -> None:
    row = f"| `{parameter.name}` | {parameter.meaning} |"
    assert (row if parameter.place == "query" else parameter.meaning) in API


@pytest.mark.parametrize("route", [route for route in OPERATIONS if not isinstance(route, ListRoute)])
def test_each_other_operation_is_documented(route: Route) -> None:
    assert f"`{route.method} {route.path}`" in API


@pytest.mark.parametrize("name", HEADERS)
def test_each_header_of_the_description_is_documented(name: str) -> None:
    assert f"`{name}`" in API


def test_each_class_of_hits_is_documented() -> None:
    assert all(f"`{each}`" in API for each in HitClass)


def test_each_figure_is_documented() -> None:
    figures = msgspec.to_builtins(statistics((), Audience(reactive=0, openers=0, clickers=0, effective=0)))
    for name in _leaves(figures):
        assert f"`{name}`" in API


def _leaves(tree: dict[str, Any], path: str = "") -> Iterator[str]:
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{path}{name}.")
        else:
            yield path + name


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.slug)
def test_each_problem_is_documented(kind: Kind) -> None:
    assert f"| {kind.status} | `/problems/{kind.slug}` | {kind.title} | {kind.remedy} |" in API


def test_no_problem_is_documented_that_is_none() -> None:
    assert set(re.findall(r"\| `/problems/([a-z-]+)`", API)) == {kind.slug for kind in Kind}


@pytest.mark.parametrize("module", [exchange, gate, lists, documents, page], ids=lambda module: module.__name__)
def test_each_header_that_is_sent_is_documented(module: Any) -> None:
    text = Path(module.__file__).read_text()
    names = set(re.findall(r'\("((?:x-|www-|retry|vary|allow|accept|etag|cache|content-sec|referrer)[a-z-]*)"', text))
    assert names
    for name in names:
        assert f"`{name}`" in API.lower()


@pytest.mark.parametrize("name", [*FORMS, *CODINGS])
def test_each_form_and_coding_is_documented(name: str) -> None:
    assert f"`{name}`" in API


def test_each_metric_is_documented() -> None:
    metrics = Metrics()
    metrics.watch({})
    for family in text_string_to_metric_families(metrics.render().decode()):
        assert f"`{family.name.removesuffix('_created')}" in WATCHING


def test_the_example_of_a_publication_is_a_draft() -> None:
    (example,) = re.findall(r"-d '\[(.+?)\]'", API, re.DOTALL)
    assert decode_draft(example.encode()).type == "activation"


def test_the_example_of_a_campaign_is_a_selection() -> None:
    (example,) = re.findall(r"-d '\n +(\{\"itemsEvents\".+?\})'", API, re.DOTALL)
    clauses = read_clauses(example.encode(), "application/json", "", 1_000, 10)
    assert [clause.types for clause in clauses] == [("hit",), ("bounce",)]


def test_the_example_of_statistics_is_rows() -> None:
    (example,) = re.findall(r"```json\n(\[\{\"start\".+?)```", API, re.DOTALL)
    assert [row.events for row in msgspec.json.decode(example, type=list[Row])] == [3_000, 1_284]
