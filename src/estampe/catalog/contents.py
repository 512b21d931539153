"""Contents: what messages of an action are made of, read from its body; frozen when the action is validated."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID  # noqa: TC003  msgspec reads the annotation

import msgspec
from msgspec import Meta
from sqlalchemy import select

from estampe.catalog import tables
from estampe.catalog.addresses import InvalidAddress, is_domain, is_local_part, parse_address
from estampe.errors import EstampeError
from estampe.instants import InvalidInstant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection

    from estampe.catalog.store import Catalog


class InvalidAction(EstampeError):
    """An action is not one: the message says where, and what may stand there."""


class ActionType(StrEnum):
    """What an action's messages are: sent one by one when something happens, or to many alike."""

    MAIL_MESSAGE = "mailMessage"
    MAIL_CAMPAIGN = "mailCampaign"
    SMS_MESSAGE = "smsMessage"
    SMS_CAMPAIGN = "smsCampaign"

    @property
    def is_mail(self) -> bool:
        """Whether its messages are electronic mail."""
        return self in {ActionType.MAIL_MESSAGE, ActionType.MAIL_CAMPAIGN}


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """The content of mails.

    Parameters:
        from_prefix: what stands before the @ of their sender.
        from_domain: what stands after it; empty or `defaultdomain` is the server's own.
        from_label: the sender's name, for people.
        reply: where answers go, if elsewhere.
        subject, html, text: templates.
    """

    from_prefix: str = ""
    from_domain: str = ""
    from_label: str = ""
    reply: str = ""
    subject: str = ""
    html: str | None = None
    text: str | None = None

    def missing(self) -> Iterator[str]:
        """Yield where the body of an action lacks something that a mail needs."""
        if not self.from_prefix:
            yield "content.headers.from.prefix"
        if not self.subject:
            yield "content.subject"
        if not self.html and not self.text:
            yield "content.html or content.text"


_AT_ONCE = frozenset({None, "asap"})
"""How a scheduler says that it waits for no date."""

NO_DOMAIN = frozenset({"", "defaultdomain"})
"""How a mail's `from_domain` says that it is the server's own."""


class _Given(msgspec.Struct, frozen=True, kw_only=True):
    """An object of a body as callers give it; unknown members are none of ours."""


class _From(_Given, frozen=True):
    prefix: str | None = None
    domain: str | None = None
    label: str | None = None


class _Reply(_Given, frozen=True):
    reply: str | None = None


class _Headers(_Given, frozen=True):
    sender: _From | None = msgspec.field(name="from", default=None)
    reply: str | _Reply | None = None


class _Content(_Given, frozen=True):
    headers: _Headers | None = None
    subject: str | None = None
    html: str | None = None
    text: str | None = None
    sms: str | None = msgspec.field(name="textContent", default=None)


class _Pressure(_Given, frozen=True):
    use: bool | None = None
    increment: bool | None = None
    topic: UUID | None = None


class _Settings(_Given, frozen=True):
    mp: _Pressure | None = None


_SegmentIds = tuple[Annotated[int, Meta(ge=1)], ...]


class _Segments(_Given, frozen=True):
    selected: _SegmentIds | None = None
    excluded: _SegmentIds | None = None


class _Scheduler(_Given, frozen=True):
    type: str | None = None
    start: str | None = msgspec.field(name="startDate", default=None)
    segments: _Segments | None = None


class _Body(_Given, frozen=True):
    content: _Content | None = None
    settings: _Settings | None = None
    scheduler: _Scheduler | None = None

    @property
    def pressure(self) -> _Pressure:
        return (self.settings and self.settings.mp) or _Pressure()

    @property
    def segments(self) -> _Segments:
        return (self.scheduler and self.scheduler.segments) or _Segments()

    @property
    def start_ms(self) -> int:
        """When it is to be launched, Unix milliseconds; 0: as soon as it is validated."""
        if self.scheduler is None or self.scheduler.type in _AT_ONCE or not self.scheduler.start:
            return 0
        return parse_instant(self.scheduler.start)


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """What is described by the body of an action: its members as callers gave them.

    Parameters:
        type: what its messages are.
        body: all members but type, id, name, state and creation date.
    """

    type: ActionType
    body: dict[str, Any]

    @property
    def topic(self) -> UUID | None:
        """The topic of marketing pressure that its messages belong to."""
        return _read(self.body).pressure.topic

    @property
    def uses_pressure(self) -> bool:
        """Whether its messages are held back when a contact has had enough; so it is unless the body says no."""
        return _read(self.body).pressure.use is not False

    @property
    def counts_pressure(self) -> bool:
        """Whether its messages count for marketing pressure."""
        return _read(self.body).pressure.increment is not False

    @property
    def selected_segments(self) -> tuple[int, ...]:
        """Whose contacts it is for."""
        return _read(self.body).segments.selected or ()

    @property
    def start_ms(self) -> int:
        """When it is to be launched, Unix milliseconds; 0: as soon as it is validated."""
        return _read(self.body).start_ms

    @property
    def excluded_segments(self) -> tuple[int, ...]:
        """Whose contacts it is not for."""
        return _read(self.body).segments.excluded or ()


class Frozen(Described, frozen=True, kw_only=True):
    """The content of an action as it was when validated; never changes."""

    id: int
    customer: int
    action: str
    mail: Mail


def frozen_content(catalog: Catalog, content_id: int) -> Frozen:
    """Return a frozen content by its id.

    Raises:
        KeyError: there is none.
    """
    kept = tables.contents
    with catalog.reading() as connection:
        row = connection.execute(select(kept).where(kept.c.id == content_id)).first()
    if row is None:
        raise KeyError(content_id)
    described = msgspec.json.decode(row.body, type=Described)
    return Frozen(
        id=row.id,
        customer=row.customer,
        action=row.action,
        type=described.type,
        mail=mail_in(described.body) or Mail(),
        body=described.body,
    )


def freeze(connection: Connection, customer: int, action: str, described: Described, now_ms: int) -> int:
    """Keep the content of an action for good, inside the caller's transaction; return its id."""
    body = msgspec.json.encode(Described(type=described.type, body=described.body)).decode()
    row = {"customer": customer, "action": action, "body": body, "frozen_ms": now_ms}
    kept = tables.contents
    content_id: int = connection.execute(kept.insert().values(row).returning(kept.c.id)).scalar_one()
    return content_id


def mail_in(body: Mapping[str, Any]) -> Mail | None:
    """Return the content of mails in a body; None if there is none."""
    content = _read(body).content
    if content is None:
        return None
    headers = content.headers or _Headers()
    sender = headers.sender or _From()
    reply = headers.reply.reply if isinstance(headers.reply, _Reply) else headers.reply
    return Mail(
        from_prefix=sender.prefix or "",
        from_domain=sender.domain or "",
        from_label=sender.label or "",
        reply=reply or "",
        subject=content.subject or "",
        html=content.html,
        text=content.text,
    )


def missing_in(type_: ActionType, body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return where a body lacks something that messages need."""
    if type_.is_mail:
        return tuple((mail_in(body) or Mail()).missing())
    content = _read(body).content
    return () if content and content.sms else ("content.textContent",)


def check(body: Mapping[str, Any]) -> None:
    """Check what Estampe understands of a body.

    Raises:
        InvalidAction: a member cannot be as it is.
    """
    mail = mail_in(body) or Mail()
    if mail.from_prefix and not is_local_part(mail.from_prefix):
        raise InvalidAction("$.content.headers.from.prefix: allowed: what stands before the @ of an address")
    if mail.from_domain not in NO_DOMAIN and not is_domain(mail.from_domain):
        raise InvalidAction("$.content.headers.from.domain: allowed: a domain, or defaultdomain for the server's own")
    if not mail.from_label.isprintable():
        raise InvalidAction("$.content.headers.from.label: allowed: characters that can be seen")
    try:
        _ = _read(body).start_ms
    except InvalidInstant as exc:
        raise InvalidAction(f"$.scheduler.startDate: {exc}") from exc
    if mail.reply:
        try:
            parse_address(mail.reply)
        except InvalidAddress as exc:
            raise InvalidAction(f"$.content.headers.reply: {exc}") from exc


def _read(body: Mapping[str, Any]) -> _Body:
    try:
        return msgspec.convert(body, _Body)
    except msgspec.ValidationError as exc:
        raise InvalidAction(str(exc)) from exc
