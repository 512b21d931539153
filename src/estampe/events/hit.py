"""What somebody did with a message, and with which program."""

from msgspec import UNSET, UnsetType

from estampe.events.block import Block, Other, Variant


class Redirection(Variant, frozen=True, kw_only=True, tag="redirection"):
    """A link was followed; `source` is the part of the message that it stands in, such as `html`."""

    label: str | UnsetType = UNSET
    source: str | UnsetType = UNSET
    destination: str


class Open(Variant, frozen=True, kw_only=True, tag="open"):
    """The message was opened."""


class Form(Variant, frozen=True, kw_only=True, tag="form"):
    """The link to a form was followed; `form` is the form's id."""

    label: str | UnsetType = UNSET
    source: str | UnsetType = UNSET
    form: str | UnsetType = UNSET


class Unsubscribe(Variant, frozen=True, kw_only=True, tag="unsubscribe"):
    """The link that ends the subscription was followed."""

    label: str | UnsetType = UNSET
    source: str | UnsetType = UNSET


class Mirror(Variant, frozen=True, kw_only=True, tag="mirror"):
    """The message was looked at as a page on the web."""

    label: str | UnsetType = UNSET
    source: str | UnsetType = UNSET


Link = Redirection | Open | Form | Unsubscribe | Mirror | Other


class V4(Variant, frozen=True, kw_only=True, tag="v4"):
    """An IPv4 address."""

    value: str


class V6(Variant, frozen=True, kw_only=True, tag="v6"):
    """An IPv6 address."""

    value: str


Ip = V4 | V6 | Other


class Software(Block, frozen=True, kw_only=True):
    """The program behind a user agent, as far as it is known."""

    type: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    version: str | UnsetType = UNSET
    vendor: str | UnsetType = UNSET


class System(Block, frozen=True, kw_only=True):
    """The operating system behind a user agent, as far as it is known."""

    name: str | UnsetType = UNSET
    family: str | UnsetType = UNSET
    vendor: str | UnsetType = UNSET


class Device(Block, frozen=True, kw_only=True):
    """The device behind a user agent, as far as it is known."""

    type: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    brand: str | UnsetType = UNSET


class Parsed(Variant, frozen=True, kw_only=True, tag="parsed"):
    """A user agent (`ua`, RFC 9110 section 10.1.5) and what it tells."""

    ua: str
    client: Software | UnsetType = UNSET
    os: System | UnsetType = UNSET
    device: Device | UnsetType = UNSET


class Unparsed(Variant, frozen=True, kw_only=True, tag="raw"):
    """A user agent that tells nothing known."""

    ua: str


UserAgent = Parsed | Unparsed | Other


class Web(Variant, frozen=True, kw_only=True, tag="web"):
    """A program that came over HTTP."""

    ip: Ip | UnsetType = UNSET
    ua: UserAgent | UnsetType = UNSET


Client = Web | Other
