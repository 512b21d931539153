"""The one encoder and the decoders of events: compact UTF-8 JSON, members in the documented order.

The fast paths are msgspec's own over classes that refuse what they do not know; whatever stops them goes the
careful way (`shape`, `_plain`), which keeps it.
"""

from __future__ import annotations

import re
from itertools import accumulate
from typing import TYPE_CHECKING, Any
from uuid import UUID  # noqa: TC003  msgspec reads the annotation

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from estampe.events import shape
from estampe.events.block import Block, Other
from estampe.events.details import DETAILS, OpenDetail
from estampe.events.event import Draft, Event, Source, Word
from estampe.events.faults import Fault, InvalidEvent, excerpt
from estampe.events.identities import Customer  # noqa: TC001  msgspec reads the annotation
from estampe.events.message import TimeMs  # noqa: TC001  msgspec reads the annotation

if TYPE_CHECKING:
    from estampe.events.details import Detail


_DEEPEST = 64
_SHALLOW = f"JSON nested at most {_DEEPEST} levels deep"
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_NO_STEPS = bytes(byte for byte in range(256) if byte not in _STEPS)


class _SourceEnvelope(Struct, forbid_unknown_fields=True, gc=False):
    type: Word
    detail: Raw


class _DraftEnvelope(Struct, forbid_unknown_fields=True, gc=False):
    type: Word
    source: _SourceEnvelope
    id: UUID | None = None
    identity: Customer | None = None


class _EventEnvelope(Struct, forbid_unknown_fields=True, gc=False):
    type: Word
    id: UUID
    timestamp: TimeMs
    identity: Customer
    source: _SourceEnvelope


class _Head(Struct, gc=False):
    type: str
    id: UUID


class _Tail(Block, frozen=True, kw_only=True):
    identity: Customer
    source: Source


_encoder = msgspec.json.Encoder()
_drafts = msgspec.json.Decoder(_DraftEnvelope)
_events = msgspec.json.Decoder(_EventEnvelope)
_details = {name: msgspec.json.Decoder(detail) for name, detail in DETAILS.items()}
_open_detail = msgspec.json.Decoder(OpenDetail)


def encode(event: Event) -> bytes:
    """Return an event as compact UTF-8 JSON; unknown members follow the known ones of their object."""
    return _encode(event)


def encode_block(block: Block) -> bytes:
    """Return a part of an event as compact UTF-8 JSON, as it stands in the event."""
    return _encode(block)


def decode(json: bytes | Raw) -> Event:
    """Read one event.

    Parameters:
        json: one JSON object in UTF-8, of any layout.

    Raises:
        InvalidEvent: it is not an event.
    """
    compact = _compact(json)
    try:
        envelope = _events.decode(compact)
        source = _source(envelope)
    except msgspec.ValidationError:
        return shape.read_event(compact)
    return Event(
        type=envelope.type,
        id=envelope.id,
        timestamp=envelope.timestamp,
        identity=envelope.identity,
        source=source,
    )


def decode_draft(json: bytes | Raw) -> Draft:
    """Read one draft.

    Parameters:
        json: one JSON object in UTF-8, of any layout.

    Raises:
        InvalidEvent: it is not a draft; one that has a `timestamp` is none, since the log sets it.
    """
    compact = _compact(json)
    try:
        envelope = _drafts.decode(compact)
        source = _source(envelope)
    except msgspec.ValidationError:
        return shape.read_draft(compact)
    return Draft(type=envelope.type, id=envelope.id, identity=envelope.identity, source=source)


def draft_parts(draft: Draft, id: UUID, customer: Customer) -> tuple[bytes, bytes]:  # noqa: A002  the member's name
    """Return an event's JSON before and after the digits of its timestamp.

    Parameters:
        draft: what happened.
        id: the event's id; the draft's own is not looked at.
        customer: whose log it goes to; the draft's own identity is written only where it names the same.
    """
    identity = draft.identity
    if identity is None or identity.name != customer.name:
        identity = customer
    head = _encoder.encode(_Head(draft.type, id))
    tail = _encode(_Tail(identity=identity, source=draft.source, extra=draft.extra))
    return head[:-1] + b',"timestamp":', b"," + tail[1:]


def _compact(json: bytes | Raw) -> bytes:
    """Take layout out of JSON text; numbers and strings stay as they are written."""
    try:
        str(json, "utf-8")  # msgspec does not look into text that it keeps
        compact = bytes(msgspec.json.format(json, indent=-1))
    except UnicodeDecodeError as error:
        raise _unreadable(json, f"UTF-8, which byte {error.start} is not") from error
    except msgspec.DecodeError as error:
        raise _unreadable(json, f"one JSON object ({error})") from error
    except RecursionError:
        raise _unreadable(json, _SHALLOW) from None
    if is_deep(compact):
        raise _unreadable(json, _SHALLOW)
    return compact


def _unreadable(json: bytes | Raw, allowed: str) -> InvalidEvent:
    return InvalidEvent(Fault("$", excerpt(bytes(json)), allowed))


def is_deep(json: bytes) -> bool:
    """Tell whether JSON is nested too deeply to be taken, so that what is taken today can be read on any stack."""
    if json.count(b"{") + json.count(b"[") <= _DEEPEST:
        return False
    brackets = _STRING.sub(b"", json).translate(None, _NO_STEPS)
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0) > _DEEPEST


def _source(envelope: _EventEnvelope | _DraftEnvelope) -> Source:
    source = envelope.source
    decoder: msgspec.json.Decoder[Any] = _details.get(envelope.type, _open_detail)
    detail: Detail = decoder.decode(source.detail)
    return Source(type=source.type, detail=detail)


def _encode(block: Block) -> bytes:
    try:
        return _encoder.encode(block)
    except TypeError:  # there are `Members` in it
        return _encoder.encode(_plain(block))


def _plain(value: object) -> object:
    """Return a value with its extra members in their place."""
    if isinstance(value, Other):
        return dict(value.members)
    if not isinstance(value, Block):
        return value
    config = value.__struct_config__
    members: dict[str, object] = {str(config.tag_field): config.tag} if config.tag else {}
    for name in value.__struct_fields__:
        member = getattr(value, name)
        if name != "extra" and member is not UNSET:
            members[name] = _plain(member)
    return members if isinstance(value.extra, UnsetType) else members | dict(value.extra)
