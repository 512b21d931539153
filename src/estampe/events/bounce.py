"""A message that came back: what the other server said, and what it means."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from estampe.events.block import Block, Other, Variant
from estampe.events.vocabulary import Verdict


class Code(Block, frozen=True, kw_only=True):
    """The enhanced status code (RFC 3463 section 2) and the SMTP reply code (RFC 5321 section 4.2)."""

    enhanced: Annotated[
        str,
        Meta(
            pattern=r"\A[245]\.[0-9]{1,3}\.[0-9]{1,3}\Z",
            description="an enhanced status code of RFC 3463, such as 5.1.2",
        ),
    ]
    basic: (
        Annotated[int, Meta(ge=200, le=599, description="an SMTP reply code, an integer from 200 to 599")] | UnsetType
    ) = UNSET


class Sync(Variant, frozen=True, kw_only=True, tag="sync"):
    """Refused in the SMTP dialogue; `mta` may be empty."""

    code: Code
    diagnostic: str
    mta: str


class Async(Variant, frozen=True, kw_only=True, tag="async"):
    """Accepted at first, then reported as not delivered; `mta` may be empty."""

    code: Code
    diagnostic: str
    mta: str


Status = Sync | Async | Other


class SubjectDetail(Block, frozen=True, kw_only=True):
    """What exactly is wrong; `StatusDetail` has the known words."""

    type: str


class Subject(Block, frozen=True, kw_only=True):
    """What the bounce is about; `StatusSubject` has the known words."""

    type: str
    detail: SubjectDetail | UnsetType = UNSET


class Analysis(Block, frozen=True, kw_only=True):
    """What the bounce means: hard, the address is dead, or soft."""

    verdict: Verdict
    subject: Subject


class Bounce(Block, frozen=True, kw_only=True):
    """What was said and what it means."""

    status: Status
    analysis: Analysis
