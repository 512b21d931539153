"""What `source.detail` holds for each type of event: one table."""

from msgspec import UNSET, UnsetType

from estampe.events.block import Block
from estampe.events.bounce import Bounce
from estampe.events.cancellation import Cancellation
from estampe.events.hit import Client, Link
from estampe.events.message import Activation, Execution
from estampe.events.response import (
    Complaint,
    Creation,
    Impression,
    Modification,
    Optout,
    Reply,
    Suppression,
)
from estampe.events.vocabulary import EventType


class ExecutionDetail(Block, frozen=True, kw_only=True):
    """The message as it was accepted."""

    execution: Execution

    @property
    def block(self) -> Execution:
        """The block with the action, the contact and the stamp."""
        return self.execution

    @property
    def subtype(self) -> str:
        """The finer type, or nothing."""
        return ""


class CancellationDetail(ExecutionDetail, frozen=True, kw_only=True):
    """The message as it was accepted, and why it was not sent."""

    cancellation: Cancellation

    @property
    def subtype(self) -> str:
        """The reason."""
        return self.cancellation.type


class ActivationDetail(Block, frozen=True, kw_only=True):
    """The message as it was handed over."""

    activation: Activation

    @property
    def block(self) -> Activation:
        """The block with the action, the contact and the stamp."""
        return self.activation

    @property
    def subtype(self) -> str:
        """The finer type, or nothing."""
        return ""


class BounceDetail(ActivationDetail, frozen=True, kw_only=True):
    """The message that came back."""

    bounce: Bounce

    @property
    def subtype(self) -> str:
        """The verdict."""
        return self.bounce.analysis.verdict.value


class HitDetail(ActivationDetail, frozen=True, kw_only=True):
    """The message that was hit, where, and with what."""

    link: Link
    client: Client

    @property
    def subtype(self) -> str:
        """The kind of link."""
        return self.link.type


class ComplaintDetail(ActivationDetail, frozen=True, kw_only=True):
    """The message that was complained about."""

    complaint: Complaint

    @property
    def subtype(self) -> str:
        """The kind of complaint."""
        return self.complaint.type


class OptoutDetail(ActivationDetail, frozen=True, kw_only=True):
    """The message that made somebody opt out."""

    optout: Optout

    @property
    def subtype(self) -> str:
        """The way taken."""
        return self.optout.type


class ReplyDetail(ActivationDetail, frozen=True, kw_only=True):
    """The message that was answered."""

    reply: Reply

    @property
    def subtype(self) -> str:
        """The kind of reply."""
        return self.reply.type


class OpenDetail(Block, frozen=True, kw_only=True):
    """An activation or an execution as fits, and for a type of event that is not known anything else."""

    activation: Activation | UnsetType = UNSET
    execution: Execution | UnsetType = UNSET

    @property
    def block(self) -> Activation | Execution | None:
        """The block with the action, the contact and the stamp, if there is one."""
        if self.activation is not UNSET:
            return self.activation
        return None if self.execution is UNSET else self.execution

    @property
    def subtype(self) -> str:
        """Nothing."""
        return ""


class ImpressionDetail(OpenDetail, frozen=True, kw_only=True):
    """What was seen."""

    impression: Impression


class SuppressionDetail(OpenDetail, frozen=True, kw_only=True):
    """What was taken away."""

    suppression: Suppression


class CreationDetail(OpenDetail, frozen=True, kw_only=True):
    """What was made."""

    creation: Creation


class ModificationDetail(OpenDetail, frozen=True, kw_only=True):
    """What was changed."""

    modification: Modification


Detail = (
    ExecutionDetail
    | CancellationDetail
    | ActivationDetail
    | BounceDetail
    | HitDetail
    | CreationDetail
    | ModificationDetail
    | ImpressionDetail
    | SuppressionDetail
    | OptoutDetail
    | ReplyDetail
    | ComplaintDetail
    | OpenDetail
)

DETAILS: dict[str, type[Detail]] = {
    EventType.EXECUTION: ExecutionDetail,
    EventType.CANCELLATION: CancellationDetail,
    EventType.ACTIVATION: ActivationDetail,
    EventType.BOUNCE: BounceDetail,
    EventType.HIT: HitDetail,
    EventType.CREATION: CreationDetail,
    EventType.MODIFICATION: ModificationDetail,
    EventType.IMPRESSION: ImpressionDetail,
    EventType.SUPPRESSION: SuppressionDetail,
    EventType.OPTOUT: OptoutDetail,
    EventType.REPLY: ReplyDetail,
    EventType.COMPLAINT: ComplaintDetail,
}
"""The detail of each type; any other type has an `OpenDetail`."""
