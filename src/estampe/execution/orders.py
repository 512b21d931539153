"""What the parts of execution hand to each other: an order for a message, the letter made of it, its delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID  # noqa: TC003  msgspec reads the annotation

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping


class MessageLinks(Protocol):
    """The links of one message."""

    @property
    def unsubscribe(self) -> str:
        """An https address for List-Unsubscribe (RFC 8058); empty without one."""

    @property
    def variables(self) -> Mapping[str, str]:
        """What templates may name as `links.…`."""

    @property
    def seal(self) -> bytes:
        """What its HTML is rewritten with, for a `Rewrite`; empty: no links."""


class LinksOf(Protocol):
    """Makes the links of a message."""

    def __call__(self, customer: int, action: str, contact: str, stamp: UUID, *, pixel: bool = True) -> MessageLinks:
        """Return them, from the customer's number and the ids; `pixel`: whether it may tell that it is opened."""


class Rewrite(Protocol):
    """Writes links into HTML."""

    def __call__(self, html: str, seal: bytes) -> str:
        """Return the HTML with links made by a seal; an empty one makes none."""


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """Who a message is from: an address, and a name for people; `reply` is where answers go, if elsewhere."""

    address: str
    label: str = ""
    reply: str = ""


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """What a message's parts are rendered from; None or empty parts are absent, `text` is then made of `html`."""

    subject: str = ""
    html: str | None = None
    text: str | None = None


class Rendered(msgspec.Struct, frozen=True, kw_only=True):
    """A message's parts as its contact reads them; at least one of `html` and `text` is there."""

    subject: str
    html: str | None = None
    text: str | None = None


class Signing(msgspec.Struct, frozen=True, kw_only=True):
    """With what a message is signed (RFC 6376): the key is PEM."""

    domain: str
    selector: str
    key: str


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """All that a message is made of; it goes to a composer process as it is.

    Parameters:
        stamp: the message's stamp.
        template: what is rendered.
        as_is: parts of the template (`subject`, `html`, `text`) that are not rendered but taken as they are.
        variables: what templates may name: the contact's fields, what the execution brought.
        sender: who it is from.
        to: the contact's address.
        headers: further headers, as the execution brought them.
        message_id: without angle brackets.
        return_path: the envelope's sender.
        time_ms: for the header Date, Unix milliseconds.
        feedback_id: the header Feedback-ID.
        seal: what links in its HTML are made with; empty: there are none.
        unsubscribe: an https address for List-Unsubscribe (RFC 8058), empty without one.
        bulk: sent to many alike, not triggered by what its contact did.
        signing: with what to sign; None does not.
    """

    stamp: UUID
    template: Template
    as_is: tuple[str, ...] = ()
    variables: dict[str, Any] = {}
    sender: Sender
    to: str
    headers: dict[str, str] = {}
    message_id: str
    return_path: str
    time_ms: int
    feedback_id: str = ""
    seal: bytes = b""
    unsubscribe: str = ""
    bulk: bool = False
    signing: Signing | None = None


class Letter(msgspec.Struct, frozen=True, kw_only=True, tag="letter"):
    """A message ready to be sent: envelope and bytes, lines ended by CRLF."""

    sender: str
    recipient: str
    message: bytes


class NoLetter(msgspec.Struct, frozen=True, kw_only=True, tag="none"):
    """No message could be made, or the template wants none; `message` says why, for people."""

    message: str


class Delivered(msgspec.Struct, frozen=True, kw_only=True):
    """A relay took a message: it is its business now. `answer` is what it said."""

    mta: str
    answer: str


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """A relay refused a message or its recipient: for good (5xx), or for now (4xx).

    Parameters:
        code: SMTP reply code (RFC 5321 section 4.2).
        enhanced: enhanced status code (RFC 3463), empty where the relay gave none.
        diagnostic: the rest of its answer, lines joined by spaces.
        mta: the relay's name, as it calls itself.
        command: what it answered, such as `RCPT`; empty if nothing was asked.
    """

    code: int
    enhanced: str = ""
    diagnostic: str
    mta: str
    command: str = ""

    @property
    def permanent(self) -> bool:
        """Whether it is of no use to try again."""
        return self.code >= 500  # noqa: PLR2004  RFC 5321 section 4.2.1
