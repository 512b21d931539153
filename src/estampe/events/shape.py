"""The careful reader: keeps what is not known, and says exactly what is wrong.

It walks the same classes that the fast decoder uses, one level at a time; a value that it does not know
stays the JSON text that it came as.
"""

from __future__ import annotations

import types
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Protocol, Union, get_args, get_origin
from uuid import UUID

import msgspec
from msgspec import NODEFAULT, UNSET, Meta, Raw, UnsetType

from estampe.events.block import Block, Members, Other, Variant
from estampe.events.details import DETAILS, OpenDetail
from estampe.events.event import Draft, Event, Source
from estampe.events.faults import NOTHING, Fault, InvalidEvent, excerpt

if TYPE_CHECKING:
    from collections.abc import Iterable

_OBJECT = msgspec.json.Decoder(dict[str, Raw])
_NULL = Raw(b"null")
_TEXT = msgspec.json.Decoder(str)
_WORDS: dict[Any, str] = {str: "a string", int: "an integer", UUID: "a UUID", Raw: "any JSON"}


class Shape(Protocol):
    """What may stand in one place."""

    allowed: str

    def read(self, json: Raw, path: str, faults: list[Fault]) -> Any:
        """Return the value of compact JSON; where something is wrong, add to `faults`."""


class Leaf:
    """A value without members."""

    def __init__(self, annotation: Any) -> None:
        self.allowed = _describe(annotation)
        self._decoder = msgspec.json.Decoder(annotation)

    def read(self, json: Raw, path: str, faults: list[Fault]) -> Any:
        """See `Shape`."""
        try:
            return self._decoder.decode(json)
        except msgspec.ValidationError:
            faults.append(Fault(path, excerpt(bytes(json)), self.allowed))
            return UNSET


class Refused:
    """A member that may not be there."""

    def __init__(self, allowed: str) -> None:
        self.allowed = allowed

    def read(self, json: Raw, path: str, faults: list[Fault]) -> Any:
        """See `Shape`."""
        faults.append(Fault(path, excerpt(bytes(json)), self.allowed))


class Member(NamedTuple):
    """A known member of an object."""

    shape: Shape
    required: bool = True
    nullable: bool = False

    def read(self, json: Raw | None, path: str, faults: list[Fault]) -> Any:
        """Return the member's value, `UNSET` where it is absent."""
        if json is None:
            if self.required:
                faults.append(Fault(path, NOTHING, self.shape.allowed))
            return UNSET
        if self.nullable and json == _NULL:
            return None
        return self.shape.read(json, path, faults)


class Record:
    """An object of one class."""

    allowed = "an object"

    def __init__(self, block: type[Block], **instead: Shape) -> None:
        self._block = block
        self._tag_field = block.__struct_config__.tag_field
        self._members = {
            field.encode_name: Member(
                instead.get(field.name) or _shape(field.type),
                required=field.default is NODEFAULT,
                nullable=field.default is None,
            )
            for field in msgspec.structs.fields(block)
            if field.name != "extra"
        }

    def refuse(self, name: str, allowed: str) -> Record:
        """Return the same record, in which a member of this name may not stand."""
        self._members[name] = Member(Refused(allowed), required=False)
        return self

    def read(self, json: Raw, path: str, faults: list[Fault]) -> Any:
        """See `Shape`."""
        values = _members(json, path, faults)
        return UNSET if values is None else self.build(values, path, faults)

    def build(self, values: dict[str, Raw], path: str, faults: list[Fault]) -> Any:
        """Return the object with these members."""
        known: dict[str, Any] = {}
        before = len(faults)
        for name, member in self._members.items():
            value = member.read(values.get(name), f"{path}.{name}", faults)
            if value is not UNSET:
                known[name] = value
        if len(faults) > before:
            return UNSET
        extra = {name: value for name, value in values.items() if name not in self._members and name != self._tag_field}
        if extra:
            known["extra"] = Members(extra)
        try:
            return self._block(**known)
        except InvalidEvent as invalid:
            faults.extend(fault.below(path) for fault in invalid.faults)
            return UNSET


class Choice:
    """An object whose member `type` tells its class."""

    allowed = "an object"

    def __init__(self, variants: Iterable[type[Block]]) -> None:
        self._records = {
            str(variant.__struct_config__.tag): Record(variant) for variant in variants if variant is not Other
        }
        self._open = Other in variants
        self._tags = ", ".join(f'"{tag}"' for tag in self._records)

    def read(self, json: Raw, path: str, faults: list[Fault]) -> Any:
        """See `Shape`."""
        values = _members(json, path, faults)
        if values is None:
            return UNSET
        record = self._records.get(_text(values.get("type")) or "")
        if record:
            return record.build(values, path, faults)
        if self._open and _text(values.get("type")) is not None:
            return Other(members=Members(values))
        found = excerpt(bytes(values["type"])) if "type" in values else NOTHING
        faults.append(Fault(f"{path}.type", found, f"a string: {self._tags}" if self._open else self._tags))
        return UNSET


def read_event(json: bytes) -> Event:
    """Read an event from compact JSON.

    Raises:
        InvalidEvent: it is not one.
    """
    event: Event = _read(Event, json)
    return event


def read_draft(json: bytes) -> Draft:
    """Read a draft from compact JSON.

    Raises:
        InvalidEvent: it is not one.
    """
    draft: Draft = _read(Draft, json)
    return draft


def _read(envelope: type[Event | Draft], json: bytes) -> Any:
    faults: list[Fault] = []
    values = _members(Raw(json), "$", faults) or {}
    detail = DETAILS.get(_text(values.get("type")) or "", OpenDetail)
    if not faults:
        event = _envelope(envelope, detail).build(values, "$", faults)
    if faults:
        raise InvalidEvent(*faults)
    return event


@cache
def _envelope(envelope: type[Event | Draft], detail: type[Block]) -> Record:
    record = Record(envelope, source=Record(Source, detail=Record(detail)))
    if envelope is Draft:
        record.refuse("timestamp", "nothing: the log sets it; use import for events that have one")
    return record


@cache
def _shape(annotation: Any) -> Shape:
    options = _options(annotation)
    classes = [option for option in options if isinstance(option, type) and issubclass(option, Block)]
    if not classes:
        return Leaf(Union[tuple(options)])  # noqa: UP007  a union made at run time
    if issubclass(classes[0], Variant):
        return Choice(classes)
    return Record(classes[0])


def _options(annotation: Any) -> list[Any]:
    """Return what a member's annotation allows, besides being absent."""
    union = get_origin(annotation) in {Union, types.UnionType}
    options = get_args(annotation) if union else (annotation,)
    return [option for option in options if option not in {UnsetType, types.NoneType}]


def _describe(annotation: Any) -> str:
    """Say in words what a value may be."""
    if get_origin(annotation) is Annotated:
        return next(str(meta.description) for meta in annotation.__metadata__ if isinstance(meta, Meta))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return " or ".join(f'"{word.value}"' for word in annotation)
    if get_origin(annotation) is tuple:
        return "a list of strings"
    return _WORDS[annotation]


def _members(json: Raw, path: str, faults: list[Fault]) -> dict[str, Raw] | None:
    """Return an object's members, each as JSON text."""
    try:
        return _OBJECT.decode(json)
    except msgspec.ValidationError:
        faults.append(Fault(path, excerpt(bytes(json)), "an object"))
        return None


def _text(json: Raw | None) -> str | None:
    """Return a member's value if it is a string."""
    try:
        return None if json is None else _TEXT.decode(json)
    except msgspec.ValidationError:
        return None
