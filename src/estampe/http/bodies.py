"""Request bodies: decompressed within a limit, split into items, decoded as drafts."""

from __future__ import annotations

import zlib
from codecs import BOM_UTF8
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

import msgspec
import zstandard

from estampe.events import Draft, InvalidEvent, decode_draft
from estampe.http.exchange import body_too_large
from estampe.http.problems import FLAWS_LIMIT, Flaw, Kind, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from estampe.events import Customer

Read = TypeVar("Read")

_SLICE = 256
"""Decompress so many bytes at a time: zstd makes 128 KiB of four, so at most 8 MiB come beyond the limit."""

_WINDOW = 8 * 1_048_576
"""The largest zstd window (RFC 8878 asks a decoder for 8 MiB)."""


class Limits(NamedTuple):
    """How much one body may hold: decompressed bytes, and drafts."""

    body_bytes: int
    drafts: int


class _Decoder(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


_DECODERS: dict[str, Callable[[], _Decoder]] = {
    "gzip": lambda: zlib.decompressobj(wbits=31),
    "zstd": lambda: zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompressobj(),
}


def read_drafts(body: bytes, media_type: str, encoding: str, customer: Customer, limits: Limits) -> list[Draft]:
    """Read a body as drafts of a customer.

    Parameters:
        body: the bytes as they came.
        media_type: the header Content-Type.
        encoding: the header Content-Encoding.
        customer: whose drafts they must be.
        limits: how much the body may hold.

    Raises:
        Problem: the body is of another kind, too large or unreadable, or a draft is wrong or foreign.
    """
    split = _SPLITTERS[media_type_of(media_type, _SPLITTERS)]
    items = split(decompressed(body, encoding, limits.body_bytes))
    if len(items) > limits.drafts:
        detail = f"The body holds {len(items)} drafts; {limits.drafts} are allowed in one call."
        raise Problem(Kind.BATCH_TOO_LARGE, detail)
    drafts = _decode(items)
    _refuse_foreign(drafts, customer)
    return drafts


def media_type_of(header: str, allowed: Collection[str]) -> str:
    """Return the media type that a header names.

    Raises:
        Problem: it is none of the allowed ones.
    """
    media_type = header.partition(";")[0].strip().lower()
    if media_type not in allowed:
        names = ", ".join(allowed)
        flaw = Flaw(place="header", name="Content-Type", found=media_type[:100] or "nothing", allowed=names)
        raise Problem(Kind.UNSUPPORTED_MEDIA_TYPE, f"Content-Type must be one of {names}.", [flaw])
    return media_type


def decoded(body: bytes, encoding: str, limit: int, type_: Any) -> Any:
    """Read a body as JSON of one type.

    Parameters:
        body: the bytes as they came.
        encoding: the header Content-Encoding.
        limit: how many bytes it may have when it is decompressed.
        type_: what msgspec is to make of it.

    Raises:
        Problem: it is too large, or not of this type.
    """
    try:
        return msgspec.json.decode(decompressed(body, encoding, limit), type=type_)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise invalid_body(str(exc)) from exc


def converted(value: Any, type_: type[Read]) -> Read:
    """Return what a type makes of JSON that was decoded.

    Raises:
        Problem: it is not of this type.
    """
    try:
        return msgspec.convert(value, type_)
    except msgspec.ValidationError as exc:
        raise invalid_body(str(exc)) from exc


def invalid_body(fault: str) -> Problem:
    """Return the problem of a body that is not what it should be.

    Parameters:
        fault: what is wrong, and where, as msgspec says it (a path after ` - at `) or the catalog (before a colon).
    """
    what, _, path = fault.partition(" - at ")
    if fault.startswith("$"):
        path, _, what = fault.partition(": ")
    flaw = Flaw(place="body", path=path.strip("`") or "$", found=what)
    return Problem(Kind.INVALID_BODY, f"The body is not what is taken here: {fault}.", [flaw])


def _array(body: bytes) -> Sequence[msgspec.Raw]:
    try:
        return msgspec.json.decode(body, type=list[msgspec.Raw])
    except (msgspec.DecodeError, RecursionError) as exc:
        raise Problem(Kind.INVALID_BODY, f"The body is no JSON array: {exc}.") from exc


def _lines(body: bytes) -> Sequence[bytes]:
    return [line for line in body.split(b"\n") if line.strip()]


_SPLITTERS: dict[str, Callable[[bytes], Sequence[msgspec.Raw | bytes]]] = {
    "application/json": _array,
    "application/x-ndjson": _lines,
}


def decompressed(body: bytes, header: str, limit: int) -> bytes:
    """Return a body as it was before it was encoded, without a byte order mark.

    Parameters:
        body: the bytes as they came.
        header: the header Content-Encoding.
        limit: how many bytes it may have then.

    Raises:
        Problem: the encoding is not known, or the body is too large or not whole.
    """
    return _decompress(body, header, limit).removeprefix(BOM_UTF8)


def _decompress(body: bytes, header: str, limit: int) -> bytes:
    encoding = header.strip().lower()
    if encoding in {"", "identity"}:
        return body
    if encoding not in _DECODERS:
        allowed = ", ".join([*_DECODERS, "identity"])
        flaw = Flaw(place="header", name="Content-Encoding", found=encoding[:100], allowed=allowed)
        raise Problem(
            Kind.UNSUPPORTED_ENCODING,
            f"Content-Encoding must be one of {allowed}.",
            [flaw],
            headers=[("accept-encoding", ", ".join(_DECODERS))],
        )
    try:
        return _unpacked(body, _DECODERS[encoding], limit)
    except (zlib.error, zstandard.ZstdError) as exc:
        raise Problem(Kind.INVALID_BODY, f"The body is no whole {encoding} stream: {exc}.") from exc


def _unpacked(body: bytes, decoder_of: Callable[[], _Decoder], limit: int) -> bytes:
    decoder, whole = decoder_of(), bytearray()
    for at in range(0, len(body), _SLICE):
        data = body[at : at + _SLICE]
        while data:
            if decoder.eof:
                decoder = decoder_of()
            whole += decoder.decompress(data)
            data = decoder.unused_data if decoder.eof else b""
            if len(whole) > limit:
                raise body_too_large(limit)
    if not decoder.eof:
        raise zlib.error("it ends too early")
    return bytes(whole)


def _decode(items: Iterable[msgspec.Raw | bytes]) -> list[Draft]:
    drafts: list[Draft] = []
    flaws: list[Flaw] = []
    for index, item in enumerate(items):
        try:
            drafts.append(decode_draft(bytes(item)))
        except InvalidEvent as exc:
            flaws += _flaws(index, exc)
            if len(flaws) >= FLAWS_LIMIT:
                break
    if flaws:
        first = flaws[0]
        detail = f"Item {first.index} is wrong at {first.path}: found {first.found}, allowed is {first.allowed}."
        raise Problem(Kind.INVALID_EVENTS, detail, flaws)
    return drafts


def _flaws(index: int, exc: InvalidEvent) -> list[Flaw]:
    return [
        Flaw(place="body", index=index, path=fault.path, found=fault.found, allowed=fault.allowed)
        for fault in exc.faults
    ]


def _refuse_foreign(drafts: Iterable[Draft], customer: Customer) -> None:
    flaws = [
        Flaw(place="body", index=index, path="$.identity", found=draft.identity.name, allowed=customer.name)
        for index, draft in enumerate(drafts)
        if draft.identity is not None and draft.identity.name != customer.name
    ]
    if flaws:
        detail = f"Item {flaws[0].index} is of {flaws[0].found}; this key publishes for {customer.name} only."
        raise Problem(Kind.FOREIGN_IDENTITY, detail, flaws)
