"""Whom not to write to, as JSON, and what is done with it: the redlist of targets, the blacklist of addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from estampe.catalog import InvalidAddress, Origin
from estampe.http.problems import Flaw, Kind, Problem
from estampe.http.records.desk import Date, date, pages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estampe.catalog import Contact
    from estampe.http.records.desk import Desk


class RedlistEntry(Struct, frozen=True, kw_only=True):
    """A target that wants no messages.

    Parameters:
        origin: how that became known: 0 unknown, 1 API, 2 import, 3 form, 4 unsubscribe list, 5 complaint, 6 SMS stop,
            7 to 9 SMS lists.
        timestamp: since when.
    """

    id: str
    unicity: str
    hash: str
    origin: Origin
    timestamp: Date


class Redlisting(Struct, frozen=True, kw_only=True):
    """How it became known that a target wants no messages; other members, such as `timestamp`, are ours to say."""

    origin: Origin = Origin.API


def list_redlist(desk: Desk) -> Iterator[list[RedlistEntry]]:
    """Yield all targets that want no messages."""
    return (list(map(_shown, page)) for page in pages(desk.redlist.page))


def redlist_target(desk: Desk, contact: str, body: Redlisting | None) -> None:
    """Put a target on the redlist."""
    desk.redlist.add(contact, (body or Redlisting()).origin)


def forgive_target(desk: Desk, contact: str) -> None:
    """Take a target off the redlist."""
    desk.redlist.remove(contact)


def list_blacklist(desk: Desk) -> list[str]:
    """Return all addresses and domains that nothing is sent to."""
    return list(desk.blacklist.list())


def blacklist_address(desk: Desk, address: str) -> None:
    """Put an address or a domain on the blacklist."""
    try:
        desk.blacklist.add(address)
    except InvalidAddress as exc:
        raise _no_address(address, exc) from exc


def forgive_address(desk: Desk, address: str) -> None:
    """Take an address or a domain off the blacklist."""
    try:
        desk.blacklist.remove(address)
    except InvalidAddress as exc:
        raise _no_address(address, exc) from exc


def _no_address(text: str, exc: InvalidAddress) -> Problem:
    flaw = Flaw(place="path", name="address", found=text[:100], allowed="an address, or @ and a domain")
    return Problem(Kind.INVALID_PARAMETER, f"address: {exc}.", [flaw])


def _shown(contact: Contact) -> RedlistEntry:
    return RedlistEntry(
        id=contact.id,
        unicity=contact.unicity,
        hash=contact.hash,
        origin=Origin(contact.redlist_origin or 0),
        timestamp=date(contact.redlisted_ms or 0),
    )
