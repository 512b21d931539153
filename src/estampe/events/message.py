"""The blocks that every event of one message shares: its execution, its activation, and the stamp on both."""

from typing import Annotated
from uuid import UUID, uuid5

from msgspec import UNSET, Meta, Raw, UnsetType

from estampe.events.block import Block
from estampe.events.faults import NOTHING, Fault, InvalidEvent
from estampe.events.identities import Identity
from estampe.events.vocabulary import Kind

TimeMs = Annotated[
    int, Meta(ge=0, le=2**63 - 1, description="Unix milliseconds, an integer from 0 to 9223372036854775807")
]
ActionId = Annotated[
    Annotated[str, Meta(min_length=1, max_length=64)] | Annotated[int, Meta(ge=0, le=2**63 - 1)],
    Meta(description="an action's id, 1 to 64 characters, or a notification's, a positive integer"),
]


class Stamp(Block, frozen=True, kw_only=True):
    """Made when a message is executed and copied unchanged into each of its later events.

    `time` is in Unix milliseconds.
    """

    time: TimeMs
    id: UUID
    thread: UUID
    set: UUID | UnsetType = UNSET


class Execution(Block, frozen=True, kw_only=True):
    """A message as it was accepted. Beware: here `recipient` is the contact, in an activation the address.

    `data` is free JSON, kept byte for byte in compact form.
    """

    id: ActionId
    kind: str
    recipient: Identity
    data: Raw | UnsetType = UNSET
    stamp: Stamp

    @property
    def contact(self) -> Identity:
        """Who the message is for."""
        return self.recipient


class Activation(Block, frozen=True, kw_only=True):
    """A message as it was handed over: to the contact `receiver`, at the address `recipient`.

    Notifications (`kind` `application`) have an integer `id` and a `version`, and no `recipient`.

    Raises:
        InvalidEvent: the activation of a `message` has no `recipient`.
    """

    id: ActionId
    kind: str
    version: UUID | UnsetType = UNSET
    receiver: Identity
    stamp: Stamp
    recipient: str | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.recipient is UNSET and self.kind == Kind.MESSAGE:
            raise InvalidEvent(Fault("$.recipient", NOTHING, "the address that the message was sent to"))

    @property
    def contact(self) -> Identity:
        """Who the message is for."""
        return self.receiver


def event_id(stamp: UUID, event_type: str) -> UUID:
    """Return the id of the one event of a type that a message has.

    It is known before the event is published, so whatever publishes it again adds nothing.
    """
    return uuid5(stamp, event_type)
