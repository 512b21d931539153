"""Who a message is for, and whose log an event is in."""

import re
from hashlib import md5
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from estampe.events.block import Other, Variant

Name = Annotated[
    str,
    Meta(
        pattern=r"\A[A-Za-z0-9_-]{1,64}\Z",
        description="1 to 64 letters, digits, hyphens or underscores",
    ),
]
Md5 = Annotated[str, Meta(pattern=r"\A[0-9A-Fa-f]{32}\Z", description="an MD5 in 32 hexadecimal digits")]
ContactId = Annotated[str, Meta(min_length=1, max_length=64, description="a contact's id, 1 to 64 characters")]

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Customer(Variant, frozen=True, kw_only=True, tag="customer"):
    """The tenant, such as `DEMO/028`."""

    agency: Name
    customer: Name

    @property
    def name(self) -> str:
        """Agency and customer in one word, `DEMO/028`."""
        return f"{self.agency}/{self.customer}"


class Id(Variant, frozen=True, kw_only=True, tag="id"):
    """A contact by its id."""

    value: ContactId


class Footprint(Variant, frozen=True, kw_only=True, tag="footprint"):
    """A contact by all that names it; `hash` is the MD5 of the unicity string."""

    id: ContactId
    unicity: str
    hash: Md5


class Unicity(Variant, frozen=True, kw_only=True, tag="unicity"):
    """A contact by the values of its unicity fields."""

    value: Annotated[tuple[str, ...], Meta(min_length=1, description="a list of one or more strings")]


class Hash(Variant, frozen=True, kw_only=True, tag="hash"):
    """A contact by the MD5 of its unicity string."""

    value: Md5


Identity = Id | Footprint | Unicity | Hash | Other


def hash_of(unicity: str) -> str:
    """Return the MD5 that the API knows a unicity string by, in hexadecimal digits."""
    return md5(unicity.encode(), usedforsecurity=False).hexdigest()


def set_of(campaign: str) -> UUID | None:
    """Return the set that a campaign's id names, which then is a UUID; any other id names an action."""
    return UUID(campaign) if _UUID.fullmatch(campaign) else None
