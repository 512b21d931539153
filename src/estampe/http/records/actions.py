"""Actions as JSON, and what is done with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID  # noqa: TC003  msgspec reads the annotation

from msgspec import Meta, Struct

from estampe.catalog import ActionType, State  # noqa: TC001  msgspec reads the annotations
from estampe.http.bodies import converted
from estampe.http.records.desk import Date, date

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estampe.catalog import Action as Kept
    from estampe.http.records.desk import Desk

_SegmentIds = Annotated[tuple[Annotated[int, Meta(ge=1)], ...], Meta(max_length=1_000)]


class MailSender(Struct, frozen=True, kw_only=True):
    """Who mails are from.

    Parameters:
        prefix: what stands before the @.
        domain: what stands after it; empty or `defaultdomain` is the server's own.
        label: a name for people.
    """

    prefix: str | None = None
    domain: str | None = None
    label: str | None = None


class MailReply(Struct, frozen=True, kw_only=True):
    """Where answers go."""

    reply: str | None = None


class MailHeaders(Struct, frozen=True, kw_only=True, rename={"sender": "from"}):
    """Who mails are from, and where answers go if elsewhere."""

    sender: MailSender | None = None
    reply: str | MailReply | None = None


class ActionContent(Struct, frozen=True, kw_only=True, rename="camel"):
    """What messages are made of.

    Parameters:
        subject: a template.
        html: a template.
        text: a template; absent, it is made of the HTML.
        text_content: the text of an SMS.
    """

    headers: MailHeaders | None = None
    subject: str | None = None
    html: str | None = None
    text: str | None = None
    text_content: str | None = None


class ActionPressure(Struct, frozen=True, kw_only=True):
    """What marketing pressure means for an action.

    Parameters:
        use: whether messages are held back from contacts that have had enough; absent, they are.
        increment: whether messages count; absent, they do.
        topic: what they are about.
    """

    use: bool | None = None
    increment: bool | None = None
    topic: UUID | None = None


class ActionSettings(Struct, frozen=True, kw_only=True):
    """Settings of an action; members beyond these are kept as they come."""

    mp: ActionPressure | None = None


class ActionSegments(Struct, frozen=True, kw_only=True):
    """Whose contacts an action is for, and whose it is not for: ids of segments."""

    selected: _SegmentIds | None = None
    excluded: _SegmentIds | None = None


class ActionScheduler(Struct, frozen=True, kw_only=True, rename="camel"):
    """When and for whom a campaign is launched, once it is validated.

    Parameters:
        type: `asap`, or a word for a date such as `scheduled`.
        start_date: an instant; absent, as soon as the action is validated.
        segments: whose contacts get it.
        speed: kept as it comes.
    """

    type: str | None = None
    start_date: str | None = None
    segments: ActionSegments | None = None
    speed: Any = None


class Filing(Struct, frozen=True, kw_only=True):
    """Where an action is filed; Estampe only keeps it."""

    folder: int | None = None
    category: int | None = None


class Informations(Filing, frozen=True, kw_only=True):
    """Where an action is filed, and how far it is.

    Parameters:
        state: 10 created, 20 has its content, 38 validated for a test, 50 validated, 100 archived.
    """

    state: State


class _Described(Struct, frozen=True, kw_only=True):
    """What an action says; members beyond these are kept as they come."""

    settings: ActionSettings | None = None
    content: ActionContent | None = None
    scheduler: ActionScheduler | None = None


class NewAction(_Described, frozen=True, kw_only=True):
    """An action to be made; what the server sets itself (`id`, `creationDate`, the state) may stand in it."""

    type: ActionType
    name: str
    description: str | None = None
    informations: Filing | None = None


class ActionChange(_Described, frozen=True, kw_only=True):
    """Members that take the place of those an action has; in `content`, each member for itself."""

    name: str | None = None
    description: str | None = None
    informations: Filing | None = None


class Action(_Described, frozen=True, kw_only=True, rename="camel"):
    """An action; a list of actions leaves `content` out."""

    type: ActionType
    id: str
    name: str
    description: str
    creation_date: Date
    informations: Informations


class Validation(Struct, frozen=True, kw_only=True, rename="camel"):
    """A step of validation.

    Parameters:
        fortest: true for the first step, false for the second.
        test_segments: segments whose contacts get a test, after the first step.
    """

    fortest: bool
    test_segments: _SegmentIds | None = None


def list_actions(desk: Desk) -> Iterator[list[dict[str, Any]]]:
    """Yield all actions, without their content."""
    for action in desk.actions.list():
        yield [_shown(action, whole=False)]


def create_action(desk: Desk, body: dict[str, Any]) -> dict[str, Any]:
    """Make an action."""
    new = converted(body, NewAction)
    return _shown(desk.actions.create(new.type, new.name, body))


def get_action(desk: Desk, action: str) -> dict[str, Any]:
    """Return an action."""
    return _shown(desk.actions.get(action))


def update_action(desk: Desk, action: str, body: dict[str, Any]) -> dict[str, Any]:
    """Change an action."""
    change = converted(body, ActionChange)
    return _shown(desk.actions.update(action, change.name, body))


def delete_action(desk: Desk, action: str) -> None:
    """Delete an action."""
    desk.actions.delete(action)


def validate_action(desk: Desk, action: str, body: Validation) -> None:
    """Take a step of validation."""
    kept = desk.actions.get(action)
    for segment in (*(body.test_segments or ()), *kept.selected_segments, *kept.excluded_segments):
        desk.segments.get(segment)
    desk.actions.validate(action, for_test=body.fortest, test_segments=body.test_segments or ())


def unvalidate_action(desk: Desk, action: str) -> None:
    """Take validation back."""
    desk.actions.unvalidate(action)


def _shown(action: Kept, *, whole: bool = True) -> dict[str, Any]:
    others = dict(action.body)
    if not whole:
        others.pop("content", None)
    return {
        "type": action.type,
        "id": action.id,
        "name": action.name,
        "description": others.pop("description", None) or "",
        "creationDate": date(action.created_ms),
        "informations": {
            "folder": None,
            "category": None,
            **(others.pop("informations", None) or {}),
            "state": action.state,
        },
        **others,
    }
