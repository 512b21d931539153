"""The drafts of the FastAPI peer, validated by pydantic as its author would write it."""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID  # noqa: TC003  pydantic reads the annotations

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class Open(BaseModel):
    """A block that keeps members which it does not know."""

    model_config = ConfigDict(extra="allow")


class Customer(Open):
    """Whose event it is."""

    type: Literal["customer"]
    agency: str
    customer: str


class Stamp(Open):
    """What binds the events of one message."""

    time: int
    id: UUID
    thread: UUID
    set: UUID | None = None


class ById(Open):
    """A contact by its id."""

    type: Literal["id"]
    value: str


class Footprint(Open):
    """A contact by all that is known of it."""

    type: Literal["footprint"]
    id: str
    unicity: str
    hash: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]


Identity = Annotated[ById | Footprint, Field(discriminator="type")]


class Execution(Open):
    """A message that was accepted."""

    id: str
    kind: Literal["message"]
    recipient: Identity
    data: dict[str, Any] | None = None
    stamp: Stamp


class Activation(Open):
    """A message that was handed over."""

    id: str
    kind: Literal["message"]
    receiver: Identity
    stamp: Stamp
    recipient: str


class Named(Open):
    """A block of a type, with members of its own."""

    type: str


class Code(Open):
    """What the other side's code was."""

    enhanced: Annotated[str, Field(pattern=r"^[245]\.\d{1,3}\.\d{1,3}$")]
    basic: Annotated[int, Field(ge=200, le=599)] | None = None


class Status(Open):
    """How a message bounced."""

    type: Literal["sync", "async"]
    code: Code
    diagnostic: str
    mta: str


class Subject(Open):
    """What the bounce was about."""

    type: str
    detail: Named | None = None


class Analysis(Open):
    """What the bounce means."""

    verdict: Literal["hard", "soft"]
    subject: Subject


class Bounce(Open):
    """A bounce."""

    status: Status
    analysis: Analysis


class Client(Open):
    """Who opened or clicked."""

    type: Literal["web"]
    ip: Named
    ua: Named


class ExecutionDetail(Open):
    """The detail of an execution."""

    execution: Execution


class CancellationDetail(Open):
    """The detail of a cancellation."""

    execution: Execution
    cancellation: Named


class ActivationDetail(Open):
    """The detail of an activation, and of what may follow."""

    activation: Activation


class BounceDetail(ActivationDetail):
    """The detail of a bounce."""

    bounce: Bounce


class HitDetail(ActivationDetail):
    """The detail of a hit."""

    link: Named
    client: Client


Detail = TypeVar("Detail", bound=Open)


class Source(Open, Generic[Detail]):
    """The channel, and the detail."""

    type: str
    detail: Detail


class Base(Open):
    """What all drafts have."""

    type: str
    id: UUID
    timestamp: int = 0
    identity: Customer


class ExecutionDraft(Base):
    """An execution."""

    type: Literal["execution"]
    source: Source[ExecutionDetail]


class CancellationDraft(Base):
    """A cancellation."""

    type: Literal["cancellation"]
    source: Source[CancellationDetail]


class ActivationDraft(Base):
    """An activation or what may follow it."""

    type: Literal["activation", "complaint", "optout", "reply", "impression", "suppression", "creation", "modification"]
    source: Source[ActivationDetail]


class BounceDraft(Base):
    """A bounce."""

    type: Literal["bounce"]
    source: Source[BounceDetail]


class HitDraft(Base):
    """A hit."""

    type: Literal["hit"]
    source: Source[HitDetail]


Draft = Annotated[
    ExecutionDraft | CancellationDraft | ActivationDraft | BounceDraft | HitDraft, Field(discriminator="type")
]
DRAFTS: TypeAdapter[list[Draft]] = TypeAdapter(list[Draft])
