"""The event model as JSON Schema (draft 2020-12), made from its classes; open wherever the model is.

An unknown member may stand in every object, and an unknown `type` in every union: beside `KnownLink` and the like
stands `OtherLink`, which takes any type but the known ones.
"""

from __future__ import annotations

import re
from inspect import cleandoc
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import msgspec

from estampe.events.bounce import Status
from estampe.events.cancellation import Cancellation, PolicyValue
from estampe.events.details import DETAILS, OpenDetail
from estampe.events.event import Draft, Event, Source, Word
from estampe.events.hit import Client, Ip, Link, UserAgent
from estampe.events.identities import Customer, Identity
from estampe.events.message import TimeMs
from estampe.events.vocabulary import (
    Channel,
    FeedbackType,
    Kind,
    OptoutType,
    ReplyType,
    StatusDetail,
    StatusSubject,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Schema = dict[str, Any]

_OTHER = "Other"

_UNIONS: dict[str, Any] = {
    "Identity": Identity,
    "Cancellation": Cancellation,
    "PolicyValue": PolicyValue,
    "Status": Status,
    "Link": Link,
    "Client": Client,
    "Ip": Ip,
    "UserAgent": UserAgent,
}

_WORDS: dict[tuple[str, str], Any] = {
    ("Execution", "kind"): Kind,
    ("Activation", "kind"): Kind,
    ("Subject", "type"): StatusSubject,
    ("SubjectDetail", "type"): StatusDetail,
    ("Complaint", "type"): FeedbackType,
    ("Optout", "type"): OptoutType,
    ("Reply", "type"): ReplyType,
}
"""Members that take any word, and the known ones."""

_KINDS = {tag: detail.__name__.removesuffix("Detail") for tag, detail in DETAILS.items()}

_ADDRESSED = {
    "if": {"properties": {"kind": {"const": Kind.MESSAGE}}, "required": ["kind"]},
    "then": {"required": ["recipient"]},
}
"""What `Activation` checks of itself."""

_SECTION = re.compile(r"\n\n(?=(?:Parameters|Raises):\n)")
_PARAMETER = re.compile(r"^ {4}(\w+): (.+(?:\n {8}.+)*)", re.MULTILINE)


class _Family(NamedTuple):
    """Events or drafts, and the members of their envelope between `type` and `source`."""

    envelope: type[Event | Draft]
    members: tuple[tuple[str, Any] | tuple[str, Any, Any], ...]

    @property
    def name(self) -> str:
        """The last part of the names of its schemas."""
        return self.envelope.__name__


_FAMILIES = (
    _Family(Event, (("id", UUID), ("timestamp", TimeMs), ("identity", Customer))),
    _Family(Draft, (("id", UUID | None, None), ("identity", Customer | None, None))),
)


def name_of(event_type: str, family: str = "Event") -> str:
    """Return the name of the schema of a type's events, or drafts."""
    return _KINDS.get(event_type, _OTHER) + family


def reference(name: str) -> Schema:
    """Return a schema that stands for another one of the same document."""
    return {"$ref": f"#/components/schemas/{name}"}


def union_of(members: Mapping[str, str]) -> Schema:
    """Return the schema of objects that their `type` tells apart.

    Parameters:
        members: the name of each type's schema.
    """
    references = {tag: reference(name) for tag, name in members.items()}
    mapping = {tag: each["$ref"] for tag, each in references.items()}
    return {"oneOf": list(references.values()), "discriminator": {"propertyName": "type", "mapping": mapping}}


def event_schemas() -> dict[str, Schema]:
    """Return the schemas of events and drafts, and of all that they hold, by name.

    `Event` and `Draft` are unions of a schema for each known type, such as `HitEvent`, and one for all others,
    `OtherEvent`.
    """
    structs = list(_structs())
    unions, parts = described([*_UNIONS.values(), *structs, *_WORDS.values(), Channel])
    del parts[_OTHER]
    schemas = dict(_families())
    for name, union in zip(_UNIONS, unions, strict=False):
        _name_everywhere(union, name, parts)
        schemas |= dict(_opened(name, union))
    _open_words(parts)
    _close_others(parts)
    parts["Activation"] |= _ADDRESSED
    return schemas | parts


def described(types: Iterable[Any]) -> tuple[list[Schema], dict[str, Schema]]:
    """Return the schema of each of these types, and the schemas that those refer to, by name.

    Parameters:
        types: types that msgspec knows; what their docstrings say of parameters is said of the members.
    """
    schemas, parts = msgspec.json.schema_components(
        types, schema_hook=lambda _: {"type": "object"}, ref_template=reference("{name}")["$ref"]
    )
    return list(schemas), {name: _tidied(part) for name, part in parts.items()}


def _structs() -> Iterator[type[msgspec.Struct]]:
    """Yield classes of whole events and drafts, with the detail of their type: the model's own take any detail."""
    kinds = [(name, DETAILS[tag], DETAILS[tag].__doc__) for tag, name in _KINDS.items()]
    for name, detail, doc in [*kinds, (_OTHER, OpenDetail, "A type that is not known: all members as they came.")]:
        source = _struct(f"{name}Source", Source.__doc__, [("type", Word), ("detail", detail)])
        for family in _FAMILIES:
            members = [("type", Word), *family.members, ("source", source)]
            yield _struct(name + family.name, doc, members)


def _struct(name: str, doc: str | None, members: list[Any]) -> type[msgspec.Struct]:
    return msgspec.defstruct(name, members, kw_only=True, namespace={"__doc__": doc})


def _families() -> Iterator[tuple[str, Schema]]:
    for family in _FAMILIES:
        members = {tag: name_of(tag, family.name) for tag in _KINDS}
        about = _SECTION.split(cleandoc(family.envelope.__doc__ or ""))[0]
        yield from _open_union(family.name, members, {"description": about})


def _open_union(name: str, members: Mapping[str, str], about: Schema) -> Iterator[tuple[str, Schema]]:
    """Yield a union of known types and one more schema, and that of the known: all of its variants have a name."""
    known = f"Known{name}"
    yield name, {"title": name, **about, "oneOf": [reference(known), reference(_OTHER + name)]}
    yield known, {"title": known, "description": "The types that are known.", **union_of(members)}


def _name_everywhere(union: Schema, name: str, parts: Mapping[str, Schema]) -> None:
    for part in parts.values():
        members = part.get("properties", {})
        members |= {member: reference(name) for member, schema in members.items() if schema == union}


def _opened(name: str, union: Schema) -> Iterator[tuple[str, Schema]]:
    mapping = union["discriminator"]["mapping"]
    members = {tag: ref.rpartition("/")[2] for tag, ref in mapping.items() if tag}
    yield from _open_union(name, members, {})
    yield (
        _OTHER + name,
        {
            "title": _OTHER + name,
            "description": "A type that is not known: all members as they came.",
            "type": "object",
            "properties": {"type": {"type": "string", "not": {"enum": list(members)}}},
            "required": ["type"],
        },
    )


def _open_words(parts: Mapping[str, Schema]) -> None:
    """Name the known words beside any other one."""
    words = _WORDS | {(name, "type"): Channel for name in parts if name.endswith("Source")}
    for (name, member), known in words.items():
        members = parts[name]["properties"]
        members[member] = {"anyOf": [reference(known.__name__), members[member]]}


def _close_others(parts: Mapping[str, Schema]) -> None:
    """Let each whole event be of its own type, the others of none that is known, and drafts have no timestamp."""
    for family in _FAMILIES:
        for tag in _KINDS:
            parts[name_of(tag, family.name)]["properties"]["type"] = {"type": "string", "const": tag}
        parts[_OTHER + family.name]["properties"]["type"]["not"] = {"enum": list(_KINDS)}
    for tag in [*_KINDS, ""]:
        parts[name_of(tag, Draft.__name__)]["not"] = {"required": ["timestamp"]}


def _tidied(part: Schema) -> Schema:
    """Say it as JSON Schema does, not as Python; what the classes keep without knowing it may be there."""
    doc = cleandoc(part.pop("description", ""))
    part.pop("additionalProperties", None)
    described = part | {"description": _SECTION.split(doc)[0]}
    if "properties" in part:
        said = dict(_PARAMETER.findall(doc))
        members = {name: schema for name, schema in part["properties"].items() if name != "extra"}
        described["properties"] = {name: _tidied_member(schema, said.get(name)) for name, schema in members.items()}
    return described


def _tidied_member(schema: Schema, said: str | None) -> Schema:
    description = {"description": " ".join(said.split())} if said else {}
    if len(schema.get("enum", ())) == 1:
        return {"type": "string", "const": schema["enum"][0]}
    if "pattern" in schema:
        return schema | {"pattern": schema["pattern"].replace(r"\A", "^").replace(r"\Z", "$")}
    return description | schema
