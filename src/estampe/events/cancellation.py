"""Why an accepted message was not sent."""

from uuid import UUID

from estampe.events.block import Other, Variant


class Render(Variant, frozen=True, kw_only=True, tag="render"):
    """The message could not be made."""

    message: str


PolicyValue = Render | Other


class UserDefinedPolicy(Variant, frozen=True, kw_only=True, tag="user defined policy"):
    """The action's own rules stopped it."""

    value: PolicyValue


class MarketingPressure(Variant, frozen=True, kw_only=True, tag="marketing pressure"):
    """The contact has had enough messages, says a rule."""

    rule: UUID


class RedlistedTarget(Variant, frozen=True, kw_only=True, tag="redlisted target"):
    """The contact is on the redlist."""


class BouncedTarget(Variant, frozen=True, kw_only=True, tag="bounced target"):
    """The contact's address is known as dead."""


class BlacklistedTarget(Variant, frozen=True, kw_only=True, tag="blacklisted target"):
    """The contact's address is on the blacklist."""


class EmptyAddress(Variant, frozen=True, kw_only=True, tag="empty address"):
    """The contact has no address."""


class ExcludedTarget(Variant, frozen=True, kw_only=True, tag="excluded target"):
    """The action excludes the contact."""


Cancellation = (
    UserDefinedPolicy
    | MarketingPressure
    | RedlistedTarget
    | BouncedTarget
    | BlacklistedTarget
    | EmptyAddress
    | ExcludedTarget
    | Other
)
