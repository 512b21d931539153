"""What Schemathesis cannot know of the API: lines of JSON, and rules that no schema can say."""

from __future__ import annotations

import json
from typing import Any

import schemathesis

from estampe.instants import format_instant, parse_instant

NDJSON = "application/x-ndjson"
LARGEST = 2**63


@schemathesis.serializer(NDJSON)
def write_lines(_context: object, items: Any) -> bytes:
    lines = items if isinstance(items, list) else [items]
    return b"".join(json.dumps(item).encode() + b"\n" for item in lines)


@schemathesis.deserializer(NDJSON)
def read_lines(_context: object, response: Any) -> list[Any]:
    return [json.loads(line) for line in response.content.splitlines()]


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
    case.query = query
    case.body = whole_numbers(case.body)


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
