"""Linking: the links of one message, before it is composed, and what those in its HTML are made with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from estampe.settings import InvalidSetting
from estampe.tracking.linking.links import Addressed, LinkKind, Part, Seal

if TYPE_CHECKING:
    from uuid import UUID

    from estampe.settings import Settings
    from estampe.tracking.linking.links import Links

NOWHERE = "#"
"""Where links of ours lead in messages that have none."""


class Pen(msgspec.Struct, frozen=True, array_like=True):
    """What the links in a message's HTML are written with.

    Parameters:
        seal: makes them.
        pixel: whether the message tells when it is opened.
        decoy: whether it has a link that no person can see.
        form_url: where forms are; `{form}` stands for a form's id.
    """

    seal: Seal
    pixel: bool
    decoy: bool
    form_url: str

    @staticmethod
    def read(octets: bytes) -> Pen | None:
        """Return the pen that bytes stand for; none if there are none."""
        return _decode(octets) if octets else None

    def form(self, form: str) -> str:
        """Return where a form is; empty if forms lead nowhere."""
        return self.form_url.replace("{form}", quote(form, safe=""))


class MessageLinks(msgspec.Struct, frozen=True):
    """The links of one message.

    Parameters:
        unsubscribe: for List-Unsubscribe (RFC 8058): https, or empty.
        variables: what templates may name as `links.…`.
        seal: a `Pen` in bytes, for `rewriting.rewrite`; empty if there are no links.
    """

    unsubscribe: str
    variables: dict[str, str]
    seal: bytes


_NONE = MessageLinks("", {"unsubscribe": NOWHERE, "mirror": NOWHERE}, b"")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Pen).decode


class Linking:
    """Makes the links of messages.

    Parameters:
        links: seals them.
        settings: `public_url`, without which there are none; `open_pixel`, `decoy_link`, `form_url`.

    Raises:
        InvalidSetting: the address of forms is none.
    """

    def __init__(self, links: Links, settings: Settings) -> None:
        if settings.form_url and not re.fullmatch(r"https?://[^\s/]\S*", settings.form_url):
            raise InvalidSetting("ESTAMPE_FORM_URL", settings.form_url, "https://… with {form} where the id goes")
        self._links = links
        self._settings = settings
        self._reached = bool(settings.public_url)
        self._one_click = settings.public_url.startswith("https://")  # RFC 8058 section 3.1 asks for it

    def of(self, customer: int, action: str, contact: str, stamp: UUID, *, pixel: bool = True) -> MessageLinks:
        """Return the links of a message, the same ones each time.

        Parameters:
            customer: its customer's number.
            action: the action's id.
            contact: the contact's id.
            stamp: the stamp's id.
            pixel: whether it may tell when it is opened; a page that shows it again does not.
        """
        if not self._reached:
            return _NONE
        seal = self._links.seal(Addressed(customer, action, contact, stamp))
        settings = self._settings
        return MessageLinks(
            unsubscribe=seal.address(LinkKind.UNSUBSCRIBE, part=Part.HEADER) if self._one_click else "",
            variables={
                "unsubscribe": seal.address(LinkKind.UNSUBSCRIBE),
                "mirror": seal.address(LinkKind.MIRROR),
            },
            seal=_encode(Pen(seal, pixel and settings.open_pixel, settings.decoy_link, settings.form_url)),
        )
