"""An event, and the draft that a producer hands in."""

from uuid import UUID

from estampe.events.block import Block
from estampe.events.details import Detail
from estampe.events.identities import Customer
from estampe.events.message import TimeMs


class Source(Block, frozen=True, kw_only=True):
    """Where an event comes from: the channel (`type`, see `Channel`), and what happened there."""

    type: str
    detail: Detail


class Event(Block, frozen=True, kw_only=True):
    """An event as published; `timestamp` is the publication time in Unix milliseconds, set by the log."""

    type: str
    id: UUID
    timestamp: TimeMs
    identity: Customer
    source: Source


class Draft(Block, frozen=True, kw_only=True):
    """An event without timestamp, as a producer hands it in.

    `id` makes sending it again harmless; the log gives one where it is absent. `identity` is the log's
    customer.
    """

    type: str
    id: UUID | None = None
    identity: Customer | None = None
    source: Source
