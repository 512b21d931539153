"""What people answered (complaints, optouts, replies), and what happened to actions and notifications."""

from msgspec import UNSET, UnsetType

from estampe.events.block import Block
from estampe.events.hit import Client


class Complaint(Block, frozen=True, kw_only=True):
    """Somebody called the message unwanted; `FeedbackType` has the known words for `type` (RFC 5965).

    `agent` is the program that reports (User-Agent), `mta` the server that does (Reporting-MTA).
    """

    type: str
    agent: str | UnsetType = UNSET
    mta: str | UnsetType = UNSET


class Optout(Block, frozen=True, kw_only=True):
    """Somebody wants no more messages; `OptoutType` has the known words for `type`."""

    type: str
    label: str | UnsetType = UNSET
    client: Client | UnsetType = UNSET


class Reply(Block, frozen=True, kw_only=True):
    """Somebody wrote back; `ReplyType` has the known words for `type`."""

    type: str
    sender: str | UnsetType = UNSET
    text: str | UnsetType = UNSET


class Impression(Block, frozen=True, kw_only=True):
    """A notification or a display was seen."""

    client: Client | UnsetType = UNSET


class Suppression(Block, frozen=True, kw_only=True):
    """A notification was taken away."""

    reason: str | UnsetType = UNSET


class Creation(Block, frozen=True, kw_only=True):
    """Something was made."""

    author: str | UnsetType = UNSET


class Modification(Block, frozen=True, kw_only=True):
    """Something was changed: these members, by this author."""

    author: str | UnsetType = UNSET
    members: tuple[str, ...] | UnsetType = UNSET
