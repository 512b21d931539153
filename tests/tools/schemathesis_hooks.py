"""What Schemathesis cannot know of the API: lines of JSON, and rules that no schema can say."""

from __future__ import annotations

import json
from typing import Any

import schemathesis
from schemathesis.core import NotSet

from estampe.instants import format_instant, parse_instant

NDJSON = "application/x-ndjson"
LARGEST = 2**63
SHORT = 1_000
FEW = 3


@schemathesis.serializer(NDJSON)
def write_lines(_context: object, items: Any) -> bytes:
    lines = items if isinstance(items, list) else [items]
    return b"".join(json.dumps(item).encode() + b"\n" for item in lines)


@schemathesis.deserializer(NDJSON)
def read_lines(_context: object, response: Any) -> list[Any]:
    return [json.loads(line) for line in response.content.splitlines()]


@schemathesis.serializer("application/vnd.np6.cm.email")
def write_mail(_context: object, value: Any) -> bytes:
    return json.dumps(value).encode()


@schemathesis.hook
def before_call(_context: object, case: Any, _kwargs: object) -> None:
    """Mend what is right by the schema and yet wrong; what is meant to be wrong stays so."""
    if case.meta is not None and case.meta.generation.mode.is_negative:
        return
    query = case.query or {}
    order_window(query)
    query.pop("classifications" if "classification" in query else "", None)
    if case.path.startswith("/targets/events"):
        name_one_contact(query)
    if case.path == "/actions/statistics":
        start_days(query)
    if case.path == "/targets":
        name_once(query)
    if "address" in (case.path_parameters or {}):
        case.path_parameters["address"] = "example@np6.com"
    (case.headers or {}).pop("Idempotency-Key", None)
    case.query = query
    if not isinstance(case.body, NotSet):
        case.body = whole_numbers(case.body)
    if isinstance(case.body, dict) and case.path in MENDED:
        MENDED[case.path](case.body)
    if isinstance(case.body, list) and case.path == "/targets/batch":
        case.body = case.body[:FEW]
        for target in case.body:
            be_target(target)


def name_once(query: dict[str, Any]) -> None:
    """A target has an address for its unicity, and is named in one way."""
    if "unicity" in query:
        query["unicity"] = "example@np6.com"
        query.pop("hash", None)


def be_target(body: dict[str, Any]) -> None:
    """A target has an address; its fields have names, and values of some size."""
    body["Email"] = "example@np6.com"
    for name in [name for name in body if name != "Email"]:
        value = body.pop(name)
        if len(json.dumps(value)) < SHORT and (not isinstance(value, int) or abs(value) < LARGEST):
            body["field" + "".join(letter for letter in name if letter.isalnum())[:50]] = value


def be_action(body: dict[str, Any]) -> None:
    """An action's name can be seen; of what has an inner form, none is made up."""
    be_named(body)
    for name in ("content", "scheduler"):
        body.pop(name, None)


def be_named(body: dict[str, Any]) -> None:
    """A name can be seen, and an expiration is an instant."""
    for name in {"name", "label"} & set(body):
        if isinstance(body[name], str):
            body[name] = "".join(filter(str.isprintable, body[name]))[:100] or "Name"
    if isinstance(body.get("expiration"), str):
        body["expiration"] = "2030-01-01T00:00:00Z"


def be_rule(body: dict[str, Any]) -> None:
    """A rule is for topics that there are."""
    be_named(body)
    body["predicate"] = {"type": "always"}


MENDED = {
    "/actions": be_action,
    "/actions/{id}": be_action,
    "/targets": be_target,
    "/targets/{id}": be_target,
    "/segments": be_named,
    "/segments/{id}": be_named,
    "/marketing/pressure/topics": be_named,
    "/marketing/pressure/rules": be_rule,
}
"""What mends a body, by path."""


def order_window(query: dict[str, Any]) -> None:
    """A window may not end before it starts."""
    for start, end in (("start", "end"), ("activationStart", "activationEnd"), ("reactivityStart", "reactivityEnd")):
        if start in query and end in query and parse_instant(str(query[start])) > parse_instant(str(query[end])):
            query[start], query[end] = query[end], query[start]


def name_one_contact(query: dict[str, Any]) -> None:
    """A contact is named in one way only."""
    given = [name for name in ("id", "unicity", "hash") if name in query]
    for name in given[1:]:
        del query[name]
    if not given:
        query["id"] = "000R4M0T"


def start_days(query: dict[str, Any]) -> None:
    """Counts are of whole hours or days."""
    for name in {"start", "end"} & set(query):
        query[name] = format_instant(parse_instant(str(query[name])))[:10]


def whole_numbers(value: Any) -> Any:
    """A schema takes 1.0 for an integer, which is to be written as 1."""
    if isinstance(value, float) and value.is_integer() and abs(value) < LARGEST:
        return int(value)
    if isinstance(value, list):
        return [whole_numbers(item) for item in value]
    if isinstance(value, dict):
        return {name: whole_numbers(item) for name, item in value.items()}
    return value
