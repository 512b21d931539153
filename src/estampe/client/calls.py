"""Single calls: publishing, figures, and up to when the log is final."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID, uuid4

import msgspec

from estampe.client.conversation import Ask
from estampe.client.failures import WrongServer
from estampe.client.reading import answered
from estampe.client.selection import segment
from estampe.client.windows import Watermark
from estampe.events import Draft, encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from estampe.client.conversation import Talk
    from estampe.client.retries import Tries
    from estampe.events import Event

PATH = "/actions/events"

T = TypeVar("T")


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What the server says about one draft: the event's id, its place in the log, and whether it was there before."""

    id: UUID
    position: int
    duplicate: bool = False


def publication(drafts: Iterable[Draft | Mapping[str, Any] | bytes], tries: Tries) -> Talk[list[Receipt]]:
    """Publish drafts; those without id get one, so that sending them again adds nothing."""
    body = b"[" + b",".join(map(_identified, drafts)) + b"]"
    _, answer = yield from answered(Ask("POST", PATH, {}, {"content-type": "application/json"}, body), tries)
    return read(answer, list[Receipt])


def statistics(action: str | int, tries: Tries) -> Talk[dict[str, Any]]:
    """Ask for an action's figures."""
    _, answer = yield from answered(Ask("GET", f"/actions/{segment(action)}/statistics"), tries)
    return read(answer, dict[str, Any])


def watermark(tries: Tries) -> Talk[Watermark]:
    """Ask up to when the log is final."""
    reply, _ = yield from answered(Ask("HEAD", PATH), tries)
    return Watermark.of(reply.headers)


def _identified(draft: Draft | Mapping[str, Any] | bytes) -> bytes:
    """Return a draft as JSON with an id; what is no JSON object is left for the server to refuse."""
    text = draft if isinstance(draft, bytes) else _text(draft)
    try:
        members = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        return text
    if bytes(members.get("id", b"null")) != b"null":
        return text
    members.pop("id", None)
    return msgspec.json.encode({"id": uuid4(), **members})


def _text(draft: Draft | Mapping[str, Any]) -> bytes:
    if not isinstance(draft, Draft):
        return msgspec.json.encode(draft)
    text = encode(cast("Event", draft))  # it writes any block
    members = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    absent = {name for name in ("id", "identity") if getattr(draft, name) is None}
    return msgspec.json.encode({name: value for name, value in members.items() if name not in absent})


def read(answer: bytes, kind: type[T]) -> T:
    """Return what an answer says.

    Raises:
        WrongServer: it is of another kind.
    """
    try:
        return msgspec.json.decode(answer, type=kind, strict=False)
    except msgspec.DecodeError as exc:
        raise WrongServer("what answers there does not answer as Estampe does; is this its address?") from exc
