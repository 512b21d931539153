"""Targets, the contacts of actions, as JSON, and what is done with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import UNSET, Struct, UnsetType

from estampe.http.problems import Flaw, Kind, Problem
from estampe.http.records.desk import Date, date, pages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estampe.catalog import Contact
    from estampe.http.records.desk import Desk

Value = str | int | float | bool | list[str] | None
"""What a field may hold; null takes a value away."""

_HARD = 1


class TargetBounce(Struct, frozen=True, kw_only=True):
    """That a target's address is dead.

    Parameters:
        timestamp: since when, Unix seconds.
        type: 1, a hard bounce.
    """

    timestamp: str
    type: int = _HARD


class TargetRedlisting(Struct, frozen=True, kw_only=True):
    """That a target wants no messages.

    Parameters:
        timestamp: since when, Unix seconds.
        reason: how that became known, as `origin` of the redlist.
    """

    timestamp: str
    reason: int


class TargetRedlistings(Struct, frozen=True, kw_only=True):
    """By channel, that a target wants no messages; empty if it takes them."""

    mail: TargetRedlisting | UnsetType = UNSET


class Target(Struct, frozen=True, kw_only=True, rename="camel"):
    """A target.

    Parameters:
        unicity: the text that tells targets apart.
        hash: MD5 of the unicity.
        fields: what is known of it, by the names of fields.
        bounce: whether its address is dead; empty if that is not known.
    """

    id: str
    creation_date: Date
    last_update_date: Date
    unicity: str
    hash: str
    fields: dict[str, Any]
    bounce: list[TargetBounce]
    red_list: TargetRedlistings


class TargetField(Struct, frozen=True, kw_only=True, rename="camel"):
    """A field: what a customer knows of targets.

    Parameters:
        is_unicity: whether its text tells targets apart.
        is_mandatory: whether every target has it.
    """

    type: str
    id: int
    name: str
    is_unicity: bool
    is_mandatory: bool


def find_targets(
    desk: Desk,
    unicity: str | None = None,
    hash: str | None = None,  # noqa: A002  the API's word
) -> Target | Iterator[list[Target]]:
    """Return one target, or yield all."""
    if unicity is not None and hash is not None:
        flaws = [Flaw(place="query", name=name, allowed="one of them") for name in ("unicity", "hash")]
        raise Problem(Kind.REPEATED_PARAMETER, "Give one of unicity and hash, not both.", flaws)
    if unicity is not None:
        return shown(desk.contacts.by_unicity(unicity))
    if hash is not None:
        return shown(desk.contacts.by_hash(hash))
    return (list(map(shown, page)) for page in pages(desk.contacts.page))


def create_target(desk: Desk, body: dict[str, Any]) -> Target:
    """Make a target."""
    return shown(desk.contacts.create(body))


def put_target(desk: Desk, unicity: str, body: dict[str, Any]) -> Target:
    """Make or change a target."""
    return shown(desk.contacts.put(unicity, body))


def put_targets(desk: Desk, body: list[dict[str, Any]]) -> list[Target]:
    """Make or change targets."""
    return list(map(shown, desk.contacts.put_many(body)))


def get_target(desk: Desk, contact: str) -> Target:
    """Return a target."""
    return shown(desk.contacts.get(contact))


def update_target(desk: Desk, contact: str, body: dict[str, Any]) -> Target:
    """Change a target."""
    return shown(desk.contacts.update(contact, body))


def delete_target(desk: Desk, contact: str) -> None:
    """Delete a target."""
    desk.contacts.delete(contact)


def list_fields(desk: Desk) -> list[TargetField]:
    """Return all fields."""
    return [
        TargetField(
            type=field.type,
            id=field.id,
            name=field.name,
            is_unicity=field.is_unicity,
            is_mandatory=field.is_mandatory,
        )
        for field in desk.fields.list()
    ]


def shown(contact: Contact) -> Target:
    """Return a contact as the API shows it."""
    return Target(
        id=contact.id,
        creation_date=date(contact.created_ms),
        last_update_date=date(contact.modified_ms),
        unicity=contact.unicity,
        hash=contact.hash,
        fields=contact.values,
        bounce=[] if contact.bounced_ms is None else [TargetBounce(timestamp=_seconds(contact.bounced_ms))],
        red_list=_redlistings(contact),
    )


def _redlistings(contact: Contact) -> TargetRedlistings:
    if contact.redlisted_ms is None:
        return TargetRedlistings()
    mail = TargetRedlisting(timestamp=_seconds(contact.redlisted_ms), reason=contact.redlist_origin or 0)
    return TargetRedlistings(mail=mail)


def _seconds(time_ms: int) -> str:
    return str(time_ms // 1_000)
