"""The documentation names every route, parameter, header, problem and metric."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from estampe.events import decode_draft
from estampe.http import exchange, gate, lists
from estampe.http.metrics import Metrics
from estampe.http.negotiation import CODINGS, FORMS
from estampe.http.problems import Kind
from estampe.http.routes import LISTS

DOCS = Path(__file__).parents[2] / "docs"
API = (DOCS / "api.md").read_text()
OPERATIONS = (DOCS / "operations.md").read_text()


@pytest.mark.parametrize("route", LISTS, ids=lambda route: route.path)
def test_each_list_is_documented_with_its_parameters(route: Any) -> None:
    assert f"| `GET {route.path}` | {route.summary} |" in API
    for parameter in route.parameters:
        assert f"| `{parameter.name}` | {parameter.meaning} |" in API


@pytest.mark.parametrize("path", ["POST /actions/events", "GET /health/live", "GET /health/ready", "GET /metrics"])
def test_each_other_path_is_documented(path: str) -> None:
    assert f"`{path}`" in API


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.slug)
def test_each_problem_is_documented(kind: Kind) -> None:
    assert f"| {kind.status} | `/problems/{kind.slug}` | {kind.title} | {kind.remedy} |" in API


def test_no_problem_is_documented_that_is_none() -> None:
    assert set(re.findall(r"\| `/problems/([a-z-]+)`", API)) == {kind.slug for kind in Kind}


@pytest.mark.parametrize("module", [exchange, gate, lists], ids=lambda module: module.__name__)
def test_each_header_that_is_sent_is_documented(module: Any) -> None:
    written = Path(module.__file__).read_text()
    names = set(re.findall(r'\("((?:x-|www-|retry|vary|allow|accept)[a-z-]*)"', written))
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
        assert f"`{family.name.removesuffix('_created')}" in OPERATIONS


def test_the_example_of_a_publication_is_a_draft() -> None:
    (example,) = re.findall(r"-d '\[(.+?)\]'", API, re.DOTALL)
    assert decode_draft(example.encode()).type == "activation"
