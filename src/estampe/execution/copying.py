"""Copying: what a message was made of is kept, so that its readers can look at it as a web page."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, Raw

from estampe.catalog import Copy
from estampe.execution.ordering import known

if TYPE_CHECKING:
    from collections.abc import Callable

    from estampe.catalog import Mail
    from estampe.execution.cases import Case
    from estampe.settings import Settings

_REMEMBERED = 256
"""Contents of which it is known whether they lead to their web page."""

_MIRROR = re.compile("mirror", re.IGNORECASE)
"""Is in `MirrorPage` and in `links.mirror`; where a template merely talks of mirrors, a copy is kept in vain."""


class Brought(msgspec.Struct, frozen=True, kw_only=True):
    """What a message's template could name.

    Parameters:
        values: the contact's fields, as they were.
        data: what the execution brought, JSON.
        own: the call's variables.
    """

    values: dict[str, Any]
    data: Raw
    own: dict[str, Any]


def copier(settings: Settings) -> Callable[[Case], Copy | None]:
    """Return what makes copies: none where nobody could look at them."""
    return copy_of if settings.public_url and settings.copy_days else lambda _: None


def copy_of(case: Case) -> Copy | None:
    """Return the copy of a message that was sent; None if nothing in it leads to its web page."""
    held, own, data = case.held, case.own, case.execution.data
    if own.html is not None or own.text is not None or not _leads_to_page(case.frozen.mail):
        return None
    brought = Brought(
        values=known(case.fields, case.contact), data=Raw(b"{}") if data is UNSET else data, own=own.variables
    )
    return Copy(held.customer, held.contact, held.stamp, held.content, msgspec.json.encode(brought))


@lru_cache(_REMEMBERED)
def _leads_to_page(mail: Mail) -> bool:
    return any(part and _MIRROR.search(part) for part in (mail.html, mail.text))
