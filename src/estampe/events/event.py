"""An event, and the draft that a producer hands in."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from estampe.events.block import Block
from estampe.events.details import Detail
from estampe.events.identities import Customer
from estampe.events.message import TimeMs

Word = Annotated[str, Meta(min_length=1, max_length=64, description="a word, 1 to 64 characters")]


class Source(Block, frozen=True, kw_only=True):
    """Where an event comes from: the channel (`type`, see `Channel`), and what happened there."""

    type: Word
    detail: Detail


class Event(Block, frozen=True, kw_only=True):
    """An event as published; `timestamp` is the publication time in Unix milliseconds, set by the log."""

    type: Word
    id: UUID
    timestamp: TimeMs
    identity: Customer
    source: Source


class Draft(Block, frozen=True, kw_only=True):
    """An event without timestamp, as a producer hands it in.

    `id` makes sending it again harmless; the log gives one where it is absent. `identity` is the log's
    customer.
    """

    type: Word
    id: UUID | None = None
    identity: Customer | None = None
    source: Source
