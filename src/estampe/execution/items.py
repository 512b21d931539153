"""Items of a call that executes an action: one message each, read and checked one by one."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID, uuid4, uuid5

import msgspec
from msgspec import UNSET, Raw, UnsetType

from estampe.errors import EstampeError
from estampe.events import InvalidEvent, is_deep
from estampe.execution.cases import Own, execution_of
from estampe.execution.composing.headers import HeaderRefused, brought

if TYPE_CHECKING:
    from estampe.events import Execution


_PLACE = "$.source.detail.execution"
"""Where a draft has its execution block: faults are of the whole draft."""


class InvalidItem(EstampeError):
    """An item is not one; `path` is where it is wrong."""

    def __init__(self, message: str, path: str) -> None:
        super().__init__(message)
        self.path = path


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """The content of one message alone, instead of the action's; it is sent as it is."""

    html: str | None = None
    text: str | None = None


class Item(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An item as callers send it; members beside these are of no use here and ignored.

    Parameters:
        recipient: names the contact.
        data: free JSON for the template; all events of the message keep it.
        stamp: the message's stamp, if it is not to be a new one.
        content: instead of the action's; one text is HTML.
        subject: instead of the action's.
        headers: further headers of the message.
        variables: for the template, beside the contact's fields.
    """

    recipient: Raw
    data: Raw | UnsetType = UNSET
    stamp: Raw | UnsetType = UNSET
    content: str | Parts | None = None
    subject: str | None = None
    headers: dict[str, str] | None = None
    variables: dict[str, Any] | None = None

    def own(self) -> bytes | None:
        """Return what the call says of this message alone, as the outbox keeps it."""
        parts = Parts(html=self.content) if isinstance(self.content, str) else self.content or Parts()
        own = Own(
            subject=self.subject,
            html=parts.html,
            text=parts.text,
            headers=self.headers or {},
            variables=self.variables or {},
        )
        return None if own == Own() else msgspec.json.encode(own)


class Wanted(NamedTuple):
    """A message that is wanted.

    Parameters:
        recipient: the contact as it was named, JSON.
        execution: the block of its events, the recipient as it was named.
        named: whether the stamp's id was known before the call, so that the message may be known too.
        item: what else was said of it.
    """

    recipient: bytes
    execution: Execution
    named: bool
    item: Item


def read_item(json: bytes | Raw, action: str, now_ms: int, stamp: UUID | None) -> Wanted:
    """Read an item.

    Parameters:
        json: its text.
        action: the action's id.
        now_ms: the time of a new stamp, Unix milliseconds.
        stamp: the id of a new stamp; None makes one.

    Raises:
        InvalidItem: it is not one.
    """
    try:
        str(json, "utf-8")  # msgspec does not look at what it leaves raw
        item = msgspec.json.decode(json, type=Item)
        _check_readable(item.data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        what, _, path = str(exc).partition(" - at ")
        raise InvalidItem(what, path.strip("`") or "$") from exc
    if is_deep(bytes(json)):
        raise InvalidItem("it is nested too deeply", "$")
    try:
        deque(brought(item.headers or {}), maxlen=0)
    except HeaderRefused as exc:
        raise InvalidItem(str(exc), "$.headers") from exc
    given = item.stamp if item.stamp is not UNSET else _new_stamp(now_ms, stamp)
    try:
        execution = execution_of(_block(action, item, given))
    except InvalidEvent as exc:
        fault = exc.faults[0]
        fault = fault._replace(path="$" + fault.path.removeprefix(_PLACE))
        raise InvalidItem(fault.sentence, fault.path) from exc
    return Wanted(bytes(item.recipient), execution, item.stamp is not UNSET or stamp is not None, item)


def _check_readable(data: Raw | UnsetType) -> None:
    """See that templates can be given it: msgspec reads no number that no float holds.

    Raises:
        DecodeError: they cannot.
    """
    if data is not UNSET:
        try:
            msgspec.json.decode(data)
        except msgspec.ValidationError as exc:
            what, _, path = str(exc).partition(" - at `$")
            raise msgspec.ValidationError(f"{what} - at `$.data{path}") from exc


def _new_stamp(now_ms: int, stamp: UUID | None) -> bytes:
    made = stamp or uuid4()
    return b'{"time":%d,"id":"%b","thread":"%b"}' % (now_ms, str(made).encode(), str(uuid5(made, "thread")).encode())


def _block(action: str, item: Item, stamp: bytes | Raw) -> bytes:
    data = b"" if item.data is UNSET else b'"data":%b,' % item.data
    name = msgspec.json.encode(action)
    return b'{"id":%b,"kind":"message","recipient":%b,%b"stamp":%b}' % (name, item.recipient, data, stamp)
