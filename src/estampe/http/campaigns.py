"""The body that describes which events of a campaign to list."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import msgspec

from estampe.http.bodies import decoded, media_type_of
from estampe.http.problems import Flaw, Kind, Problem
from estampe.log import Clause

if TYPE_CHECKING:
    from collections.abc import Iterator

MEDIA_TYPES = ("application/json",)

BODY_LIMIT = 1_048_576
"""The most bytes of a description; there is little to say in it."""


class EventsOf(msgspec.Struct, frozen=True, kw_only=True):
    """Events of one type, and of some subtypes of it if there are any (`events` of an entry)."""

    type: str
    subtypes: tuple[str, ...] = ()


class ItemsEvents(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of `itemsEvents`.

    Parameters:
        type: the channel.
        events: which events of it; all if there are none.
        items: actions' or notifications' ids; all of the campaign if there are none.
    """

    type: str
    events: tuple[EventsOf, ...] = ()
    items: tuple[str | int, ...] = ()

    def clauses(self) -> Iterator[Clause]:
        """Yield a clause for each kind of event."""
        actions = tuple(map(str, self.items))
        for event in self.events:
            yield Clause(channel=self.type, types=(event.type,), subtypes=event.subtypes, actions=actions)
        if not self.events:
            yield Clause(channel=self.type, actions=actions)


class CampaignSelection(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The body: an event is listed that any entry describes; without entries, each of the campaign's is."""

    items_events: tuple[ItemsEvents, ...]


def read_clauses(body: bytes, media_type: str, encoding: str, body_limit: int, items_limit: int) -> tuple[Clause, ...]:
    """Read a body as clauses.

    Parameters:
        body: the bytes as they came.
        media_type: the header Content-Type.
        encoding: the header Content-Encoding.
        body_limit: how many bytes it may have when it is decompressed.
        items_limit: how many items and kinds of event it may name in all.

    Raises:
        Problem: the body is of another kind, too large, or not such a description.
    """
    media_type_of(media_type, MEDIA_TYPES)
    selection = decoded(body, encoding, body_limit, CampaignSelection)
    clauses = tuple(chain.from_iterable(entry.clauses() for entry in selection.items_events))
    named = sum(1 + len(clause.subtypes) + len(clause.actions) for clause in clauses)
    if named > items_limit:
        detail = f"The body names {named} items and kinds of event; {items_limit} are allowed. Ask in several calls."
        raise Problem(Kind.INVALID_BODY, detail, [Flaw(place="body", path="$.itemsEvents", allowed=f"{items_limit}")])
    return clauses
