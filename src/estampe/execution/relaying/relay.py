"""A relay, as the setting names it: an SMTP server that takes messages from us."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import unquote, urlsplit

import msgspec

from estampe.settings import InvalidSetting

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE: Final = "ESTAMPE_RELAYS"

_ALLOWED = (
    "smtp://HOST:PORT, smtp+starttls://USER:PASSWORD@HOST:PORT or smtps://…, commas between, "
    "with %XX for characters of a password that have a meaning in addresses"
)

_ENCRYPTED = (
    "smtp+starttls:// or smtps:// where there is a password: whoever sits in between could read it over smtp://"
)

_HOST = re.compile(r"[\w.:%-]{1,253}", re.ASCII)

Tls = Literal["offered", "required", "implicit"]
"""When a connection is encrypted: where the relay offers STARTTLS, by STARTTLS or not used at all, from the start."""

_SCHEMES: Mapping[str, tuple[Tls, int]] = {
    "smtp": ("offered", 25),
    "smtp+starttls": ("required", 587),
    "smtps": ("implicit", 465),
}
"""Each scheme's TLS and port."""


class Relay(msgspec.Struct, frozen=True, kw_only=True):
    """Where a relay is, and how it is spoken to.

    Parameters:
        host: name or address.
        port: TCP port.
        tls: when the connection is encrypted.
        verified: whether its certificate has to be good; never where TLS is merely taken when offered (RFC 7435).
        user: who logs in, empty for nobody.
        password: with what.
    """

    host: str
    port: int
    tls: Tls = "offered"
    verified: bool = False
    user: str = ""
    password: str = ""

    @property
    def name(self) -> str:
        """Host and port, as people write them; no secret."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __repr__(self) -> str:
        return f"Relay({self.name!r})"  # what is logged shows no password


def parse_relays(text: str) -> tuple[Relay, ...]:
    """Read the setting `relays`.

    Raises:
        InvalidSetting: a relay is not written as it should be; the message shows no password.
    """
    shown = re.sub(r"(?s).*@", "***@", text)
    try:
        relays = tuple(_relay(part.strip()) for part in text.split(","))
    except ValueError:
        # What urllib says may quote a part of the password.
        raise InvalidSetting(VARIABLE, shown, _ALLOWED) from None
    if any(relay.password and relay.tls == "offered" and not _is_near(relay.host) for relay in relays):
        raise InvalidSetting(VARIABLE, shown, _ENCRYPTED)
    return relays


def _is_near(host: str) -> bool:
    """Whether a host is this machine itself."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _relay(text: str) -> Relay:
    parts = urlsplit(text)
    if parts.scheme not in _SCHEMES or parts.path not in {"", "/"} or parts.query not in {"", "verify=no"}:
        raise ValueError
    tls, port = _SCHEMES[parts.scheme]
    return Relay(
        host=_host(parts.hostname or ""),
        port=port if parts.port is None else _port(parts.port),
        tls=tls,
        verified=tls != "offered" and not parts.query,
        **_credentials(parts.username, parts.password),
    )


def _host(text: str) -> str:
    host = text.encode("idna").decode("ascii")
    if not _HOST.fullmatch(host):
        raise ValueError
    return host


def _port(port: int) -> int:
    if not port:
        raise ValueError
    return port


def _credentials(user: str | None, password: str | None) -> dict[str, str]:
    """Return who logs in, both parts or neither."""
    found = {"user": unquote(user or "", errors="strict"), "password": unquote(password or "", errors="strict")}
    if bool(user) != bool(password) or not all(map(str.isprintable, found.values())):
        raise ValueError
    return found
