"""Executing actions: contacts kept up to date, and messages for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import msgspec

from estampe.client.calls import read
from estampe.client.conversation import Ask
from estampe.client.failures import InvalidSelection
from estampe.client.reading import answered
from estampe.client.selection import segment
from estampe.events import Footprint  # noqa: TC001  msgspec reads the annotation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from estampe.client.conversation import Talk
    from estampe.client.retries import Tries

JSON = "application/json"

LONGEST_KEY = 255


class ItemError(msgspec.Struct, frozen=True, kw_only=True):
    """Why an item was not executed: `recipient not found`, or `invalid item` with a message and a path within it."""

    type: str
    message: str = ""
    path: str = ""


class Result(msgspec.Struct, frozen=True, kw_only=True, rename={"error": "value"}):
    """What became of one item: the stamp's id and the contact, or else an error."""

    id: UUID | None = None
    recipient: Footprint | None = None
    error: ItemError | None = None


def execution(
    action: str | int, items: Iterable[Mapping[str, Any] | bytes], idempotency_key: str | None, tries: Tries
) -> Talk[list[Result]]:
    """Execute an action for contacts; what is sent again, for want of an answer, is executed once."""
    texts = (item if isinstance(item, bytes) else msgspec.json.encode(item) for item in items)
    headers = {"content-type": JSON, "idempotency-key": _checked(idempotency_key or f"{uuid4()}")}
    path = f"/actions/{segment(action)}/executions"
    _, answer = yield from answered(Ask("POST", path, {}, headers, b"[" + b",".join(texts) + b"]"), tries)
    return read(answer, list[Result])


def target(unicity: str, fields: Mapping[str, Any], tries: Tries) -> Talk[dict[str, Any]]:
    """Create a contact or update it."""
    body = msgspec.json.encode(fields)
    ask = Ask("PUT", "/targets", {"unicity": unicity}, {"content-type": JSON}, body)
    _, answer = yield from answered(ask, tries)
    return read(answer, dict[str, Any])


def targets(many: Iterable[Mapping[str, Any]], tries: Tries) -> Talk[list[dict[str, Any]]]:
    """Create contacts or update them, all or none."""
    ask = Ask("POST", "/targets/batch", {}, {"content-type": JSON}, msgspec.json.encode(list(many)))
    _, answer = yield from answered(ask, tries)
    return read(answer, list[dict[str, Any]])


def _checked(key: str) -> str:
    if not (key.isascii() and key.isprintable() and len(key) <= LONGEST_KEY):
        raise InvalidSelection(f"{key!r} is no idempotency key: write 1 to {LONGEST_KEY} printable ASCII characters")
    return key
