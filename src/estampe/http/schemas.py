"""The schemas of all that requests and answers hold, by name, with examples; and those of parameters, by form."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec

from estampe import instants
from estampe.events import decode, facets
from estampe.events.schema import described, event_schemas, name_of, reference, union_of
from estampe.http.campaigns import CampaignSelection
from estampe.http.problems import ProblemDetails
from estampe.http.publications import Receipt
from estampe.http.records.executing import ExecutionItem
from estampe.http.records.rendering import Preview
from estampe.http.records.rows import RECORDS
from estampe.http.statistics import Row
from estampe.stats import Statistics
from estampe.verdicts import Classification, HitClass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estampe.events.schema import Schema
    from estampe.http.route import Form, ListRoute

_HOUSE = files("estampe")
_MORE: dict[str, Any] = json.loads(_HOUSE.joinpath("http", "examples.json").read_bytes())

EVENTS: tuple[dict[str, Any], ...] = (*json.loads(_HOUSE.joinpath("demo_seed.json").read_bytes()), *_MORE["events"])
"""Events of every known type: those of the documented API first."""

_REFERENCE = re.compile(f'({re.escape(reference("")["$ref"])})([A-Za-z0-9]+)(")')

_SHOWN = 3
"""A list's example has at most so many events."""

_NAME: Schema = {"type": "string", "minLength": 1, "maxLength": 64}
_CLASS = f"({'|'.join(HitClass)})"

PARAMETERS: dict[Form, Schema] = {
    "instant": {
        "anyOf": [
            {"type": "string", "format": "date-time"},
            {"type": "string", "format": "date"},
            {"type": "integer", "const": 0},
            {"type": "integer", "minimum": 100_000_000_000, "maximum": instants.LAST_MS},
        ]
    },
    "order": {"type": "string", "enum": ["asc", "desc"]},
    "id": _NAME,
    "campaign": _NAME,
    "number": {"type": "integer", "minimum": 0},
    "serial": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
    "text": {"type": "string", "minLength": 1},
    "token": {"type": "string", "pattern": r"^[\x21-\x7e]{1,255}$"},
    "unicity": {"type": "string", "minLength": 1},
    "hash": {"type": "string", "pattern": "^[0-9A-Fa-f]{32}$"},
    "classes": {"type": "string", "pattern": f"^(all|{_CLASS}(,{_CLASS})*)$"},
    "annotation": {"type": "string", "enum": ["classification"]},
    "period": {"type": "string", "enum": ["hour", "day"]},
    "groups": {"type": "string", "enum": ["action", "type", "action,type", "type,action"]},
}
"""What each form of parameters takes."""

BODIES: dict[str, dict[str, Any]] = json.loads(_HOUSE.joinpath("http", "records", "examples.json").read_bytes())
"""What operations on the catalog take and give, by their names."""

SELECTION: dict[str, Any] = _MORE["selection"]
STATISTICS: dict[str, Any] = _MORE["statistics"]
ROWS: list[dict[str, Any]] = _MORE["rows"]
RECEIPTS = [{"id": EVENTS[0]["id"], "position": "1692462010957824000"}]


def all_schemas() -> dict[str, Schema]:
    """Return the schemas of all bodies, by name."""
    schemas = event_schemas()
    for event in EVENTS:
        schemas[name_of(event["type"])].setdefault("examples", []).append(event)
        schemas[name_of(event["type"], "Draft")].setdefault("examples", []).append(draft_of(event))
    schemas["HitEvent"]["properties"]["classification"] = {
        "description": "Who is judged to be behind the hit, null if nobody has judged; only with `annotate`.",
        "anyOf": [reference("Classification"), {"type": "null"}],
    }
    _, figures = described([Statistics])
    _, others = described([Classification, CampaignSelection, Receipt, Row, ProblemDetails])
    for part in others.values():
        _leave_nulls_out(part.get("properties", {}))
    return _records()[1] | schemas | _named_within(Statistics.__name__, figures) | others


def record_schemas() -> dict[str, tuple[Schema | None, Schema | None]]:
    """Return the schemas of what each operation on the catalog takes and gives, by its name; None for nothing."""
    return _records()[0]


@cache
def _records() -> tuple[dict[str, tuple[Schema | None, Schema | None]], dict[str, Schema]]:
    types = [each for route in RECORDS for each in (route.takes, route.gives) if each is not None]
    schemas, parts = described(types)
    rest = iter(schemas)
    by_name = {
        route.name: (
            None if route.takes is None else next(rest),
            None if route.gives is None else next(rest),
        )
        for route in RECORDS
    }
    for part in parts.values():
        for schema in part.get("properties", {}).values():
            schema.pop("default", None)
    parts[ExecutionItem.__name__]["properties"]["recipient"] = reference("Identity")
    for name in ("recipient", "receiver"):
        parts[Preview.__name__]["properties"][name]["anyOf"][0] = reference("Identity")
    del parts["Other"]
    return by_name, parts


def _leave_nulls_out(members: dict[str, Schema]) -> None:
    """Describe members that are left out of an answer where they have no value, and never null."""
    for name, schema in members.items():
        if "default" in schema and schema["default"] is None:
            said = {key: text for key, text in schema.items() if key == "description"}
            members[name] = said | schema["anyOf"][0]


def _named_within(whole: str, parts: dict[str, Schema]) -> dict[str, Schema]:
    """Name the parts of a whole after it: alone, their names say too little."""
    names = {name: name if name == whole else whole + name for name in parts}
    text = json.dumps({names[name]: part | {"title": names[name]} for name, part in parts.items()})
    found: dict[str, Schema] = json.loads(_REFERENCE.sub(lambda match: match[1] + names[match[2]] + match[3], text))
    return found


def draft_of(event: dict[str, Any]) -> dict[str, Any]:
    """Return what was handed in for an event to be published."""
    return {name: value for name, value in event.items() if name not in {"timestamp", "identity"}}


def events_of(types: Sequence[str]) -> Schema:
    """Return the schema of events of these types, or of all."""
    if not types:
        return reference("Event")
    return reference(name_of(types[0])) if len(types) == 1 else union_of({each: name_of(each) for each in types})


def examples_of(route: ListRoute) -> list[dict[str, Any]]:
    """Return a few events that a list selects."""
    return [event for event in EVENTS if _selects(route, event)][:_SHOWN]


def _selects(route: ListRoute, event: dict[str, Any]) -> bool:
    found = facets(decode(msgspec.json.encode(event)))
    return (
        (not route.types or found.type in route.types)
        and (not route.subtypes or found.subtype in route.subtypes)
        and route.channel in {None, found.channel}
    )
