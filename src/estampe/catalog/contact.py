"""A contact: what is known of it, and what names it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from estampe.catalog import tables
from estampe.errors import EstampeError
from estampe.events import Footprint, Hash, Id, Unicity, hash_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Row

    from estampe.events import Identity

ID = re.compile(r"[0-9A-Z]{8}", re.ASCII)
HASH = re.compile(r"[0-9a-f]{32}", re.ASCII)
_NAMED = 10


class UnknownContact(EstampeError):
    """No contact of the customer is so named."""

    def __init__(self, *names: str) -> None:
        shown = ", ".join(repr(name) for name in names[:_NAMED])
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        super().__init__(f"no target is {shown}{more}; POST /targets makes one")


class ContactExists(EstampeError):
    """Another contact has this unicity; `contact` is its id."""

    def __init__(self, unicity: str, contact: str) -> None:
        super().__init__(f"the target {contact} is {unicity!r} already; PUT /targets/{contact} changes it")
        self.contact = contact


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """A contact; times are Unix milliseconds.

    Parameters:
        id: 8 digits and capital letters.
        unicity: the text that tells it apart.
        hash: its MD5.
        address: where mail goes; empty: nowhere.
        values: of its fields, by their names.
        created_ms: when it was made.
        modified_ms: when its values changed last.
        redlisted_ms: since when it wants no messages; None: it takes them.
        redlist_origin: how that became known.
        bounced_ms: since when its address is dead; None: it is not, as far as is known.
    """

    id: str
    unicity: str
    hash: str
    address: str
    values: dict[str, Any]
    created_ms: int
    modified_ms: int
    redlisted_ms: int | None = None
    redlist_origin: int | None = None
    bounced_ms: int | None = None

    @property
    def footprint(self) -> Footprint:
        """All that names it, as events say it."""
        return Footprint(id=self.id, unicity=self.unicity, hash=self.hash)


COLUMNS = [tables.contacts.c["field_values" if name == "values" else name] for name in Contact.__struct_fields__]
"""What `contact_of` needs of a row."""


def contact_of(row: Row[Any]) -> Contact:
    """Read a row of `COLUMNS`."""
    members = dict(zip(Contact.__struct_fields__, row, strict=True))
    return Contact(**members | {"values": msgspec.json.decode(members["values"])})


def id_in(identity: Identity) -> str | None:
    """Return the contact's id that an identity has, if it can be one."""
    name = identity.value if isinstance(identity, Id) else identity.id if isinstance(identity, Footprint) else ""
    return name if ID.fullmatch(name) else None


def hash_in(identity: Identity) -> str | None:
    """Return the MD5 of the unicity string that an identity has or tells."""
    if isinstance(identity, Hash):
        return identity.value.lower()
    if isinstance(identity, Footprint):
        return identity.hash.lower()
    if isinstance(identity, Unicity) and len(identity.value) == 1:
        return hash_of(identity.value[0].strip())
    return None


def named(identity: Identity, by_id: Mapping[str, Contact], by_hash: Mapping[str, Contact]) -> Contact | None:
    """Return the contact that an identity names: by its id if hashes agree, else by its hash."""
    contact, hash_ = by_id.get(id_in(identity) or ""), hash_in(identity)
    if contact and hash_ in {None, contact.hash}:
        return contact
    return by_hash.get(hash_) if hash_ else None
