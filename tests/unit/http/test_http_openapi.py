"""The API's description for programs says all that there is, and nothing that is not so."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import msgspec
import pytest

from estampe.events import DETAILS, decode, decode_draft, facets
from estampe.events.schema import name_of
from estampe.http import documents, exchange, gate, lists
from estampe.http.headers import HEADERS
from estampe.http.openapi import document, encoded
from estampe.http.parameters import FORMS
from estampe.http.problems import Kind
from estampe.http.reference.samples import LANGUAGES
from estampe.http.route import RecordRoute
from estampe.http.routes import LISTS, OPERATIONS
from estampe.http.schemas import EVENTS, PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Caller

COPY = Path(__file__).parents[3] / "docs" / "openapi.json"
DOCUMENT = json.loads(encoded())
COMPONENTS = DOCUMENT["components"]
METHODS = {"get", "post", "put", "delete"}


def nodes(tree: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every object of the document but those in examples, with its path."""
    if isinstance(tree, list):
        for n, item in enumerate(tree):
            yield from nodes(item, f"{path}/{n}")
    elif isinstance(tree, dict):
        yield path, tree
        for name, value in tree.items():
            if name not in {"example", "examples", "x-codeSamples"}:
                yield from nodes(value, f"{path}/{name}")


def faults(schema: Any, value: Any) -> list[str]:
    whole = {"allOf": [schema], "components": {"schemas": COMPONENTS["schemas"]}}
    return [str(each) for each in jsonschema_rs.validator_for(whole, validate_formats=True).iter_errors(value)]


def operation(route: Any) -> Any:
    return DOCUMENT["paths"][route.path][route.method.lower()]


def resolved(node: Any) -> Any:
    """Return what a reference stands for."""
    if "$ref" not in node:
        return node
    _, _, place, name = node["$ref"].split("/")
    return COMPONENTS[place][name]


def test_the_copy_in_the_documentation_is_what_is_served_but_for_the_code_samples() -> None:
    served = json.loads(encoded())
    for item in served["paths"].values():
        for method in METHODS & set(item):
            assert len(item[method].pop("x-codeSamples")) == len(LANGUAGES)
    assert json.loads(COPY.read_bytes()) == served, "run `make openapi` and commit docs/openapi.json"


def test_it_is_served_to_everybody_and_only_once(call: Caller) -> None:
    answer = call("GET", "/openapi.json", key=None)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == DOCUMENT
    again = call("GET", "/openapi.json", key=None, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_its_text_is_the_same_each_time() -> None:
    assert msgspec.json.encode(document()) == msgspec.json.encode(document())


@pytest.mark.parametrize("route", OPERATIONS, ids=lambda route: f"{route.method} {route.path}")
def test_each_operation_is_there_with_all_that_it_takes(route: Any) -> None:
    found = operation(route)
    assert found["operationId"] == route.name
    assert found["summary"] == route.summary
    assert {resolved(each)["name"] for each in found["parameters"]} == {each.name for each in route.parameters}
    assert bool(found["security"]) == bool(route.scope)
    takes = route.takes is not None if isinstance(route, RecordRoute) else route.method == "POST"
    assert ("requestBody" in found) == takes


def test_nothing_else_is_there() -> None:
    found = {(method.upper(), path) for path, item in DOCUMENT["paths"].items() for method in METHODS & set(item)}
    assert found == {(route.method, route.path) for route in OPERATIONS}


def test_each_tag_has_a_description() -> None:
    assert [tag["name"] for tag in DOCUMENT["tags"]] == list(dict.fromkeys(route.tag for route in OPERATIONS))
    assert all(tag["description"] for tag in DOCUMENT["tags"])


def test_each_form_of_parameters_has_a_schema() -> None:
    assert set(PARAMETERS) == set(FORMS)


def test_each_kind_of_problem_occurs_somewhere() -> None:
    problems = [
        response["content"].get("application/problem+json")
        for response in COMPONENTS["responses"].values()
        if "content" in response
    ]
    named = {slug for problem in problems if problem for slug in problem["examples"]}
    assert named == {kind.slug for kind in Kind} - {Kind.METHOD_NOT_ALLOWED.slug}


@pytest.mark.parametrize("module", [exchange, gate, lists, documents], ids=lambda module: module.__name__)
def test_each_header_that_is_sent_is_described(module: Any) -> None:
    names = set(re.findall(r'\("((?:x-|www-|retry|vary|etag|cache|accept)[a-z-]*)"', Path(module.__file__).read_text()))
    assert names
    assert names - {"x-content-type-options"} <= {name.lower() for name in HEADERS}


@pytest.mark.parametrize(
    ("path", "node"),
    [pytest.param(path, node, id=path) for path, node in nodes(DOCUMENT) if {"example", "examples"} & set(node)],
)
def test_each_example_is_what_its_schema_takes(path: str, node: dict[str, Any]) -> None:
    if "/schemas/" in path:
        schema, values = {**node, "examples": []}, node["examples"]
    else:
        schema = node["schema"]
        values = [node["example"]] if "example" in node else [each["value"] for each in node["examples"].values()]
    for value in values:
        assert faults(schema, value) == []


def test_each_reference_names_something() -> None:
    for path, node in nodes(DOCUMENT):
        if isinstance(node.get("$ref"), str):
            _, _, place, name = node["$ref"].split("/")
            assert name in COMPONENTS[place], path


def test_each_component_is_used() -> None:
    used = {node["$ref"] for _, node in nodes(DOCUMENT) if "$ref" in node}
    for place in ("schemas", "responses", "headers", "parameters"):
        assert {f"#/components/{place}/{name}" for name in COMPONENTS[place]} <= used


def test_each_type_of_event_has_examples_that_are_events_and_drafts() -> None:
    assert {event["type"] for event in EVENTS} == set(DETAILS)
    for tag in DETAILS:
        for event in COMPONENTS["schemas"][name_of(tag)]["examples"]:
            assert decode(json.dumps(event).encode()).type == tag
        for draft in COMPONENTS["schemas"][name_of(tag, "Draft")]["examples"]:
            assert decode_draft(json.dumps(draft).encode()).type == tag


@pytest.mark.parametrize("route", LISTS, ids=lambda route: route.name)
def test_each_list_shows_events_that_it_selects(route: Any) -> None:
    shown = resolved(operation(route)["responses"]["200"])["content"]["application/json"]["example"]
    assert shown
    for event in shown:
        found = facets(decode(json.dumps(event).encode()))
        assert found.type in route.types or not route.types
        assert found.subtype in route.subtypes or not route.subtypes
        assert route.channel in {None, found.channel}


def test_a_classification_may_stand_in_a_hit() -> None:
    hit = next(event for event in EVENTS if event["type"] == "hit")
    signal = {"name": "Apple's networks", "weight": 1.0, "seen": "17.0.0.0/8"}
    judged = {"class": "mpp", "evidence": [signal], "ruleset": "estampe 1", "facts": {"method": "HEAD"}}
    event = {"$ref": "#/components/schemas/Event"}
    assert faults(event, hit | {"classification": judged}) == []
    assert faults(event, hit | {"classification": None}) == []
    assert faults(event, hit | {"classification": {"class": "martian"}})
