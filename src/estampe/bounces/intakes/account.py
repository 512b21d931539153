"""An account of an IMAP server, as an operator writes it, and the way in: nobody else hears the password."""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import unquote

from imapclient import IMAPClient, SocketTimeout

from estampe.settings import InvalidSetting

_WRITTEN = re.compile(
    r"(?P<scheme>imaps?)://(?P<user>[^\s:@/]{1,1000}):(?P<password>[^\s@/]{0,1000})@"
    r"(?:(?P<host>[^\s:/@\[\]]{1,255})|\[(?P<v6>[^\s\]]{1,255})\])(?::(?P<port>\d{1,5}))?(?:/(?P<folder>[^\s?#]{0,1000}))?"
)
_ALLOWED = "imaps://USER:PASSWORD@HOST/FOLDER or imap://..., what is special in USER or PASSWORD as %40 for @"
_SECRET = re.compile(r"\A((?:\w{0,20}:/+)?[^:]*):(?:.*(?=@)|.*)", re.DOTALL)
"""What may be a password, in what is written wrongly: from the first colon on, to the last `@` if there is one."""

_SPECIAL = re.compile(r"[\x00-\x1f\x7f]")

_PORTS = {"imaps": 993, "imap": 143}
_LAST_PORT = 65_535

_TIMES_S = SocketTimeout(connect=15, read=60)


class Account(NamedTuple):
    """Where a mailbox is, and who may read it.

    Parameters:
        host: the server.
        port: its port.
        tls: whether TLS comes first (RFC 8314); without it, it is asked for (RFC 3501 section 6.2.1).
        user: whose mailbox.
        password: the user's.
        folder: of the mailbox.
    """

    host: str
    port: int
    tls: bool
    user: str
    password: str
    folder: str

    @property
    def name(self) -> str:
        """What it is called where everybody can read it."""
        return f"mailbox {self.folder} of {self.user} at {self.host}:{self.port}"

    def hidden(self, text: str) -> str:
        """Return a text without the password."""
        return text.replace(self.password, "***") if self.password else text

    def entered(self) -> IMAPClient:
        """Connect and log in; the server proves by a certificate who it is, unless it is this machine.

        Raises:
            OSError: there is no way to it, or its certificate is not right.
            IMAPClientError: it does not let the user in, or has no TLS.
        """
        logging.getLogger("imapclient").setLevel(logging.WARNING)
        client = IMAPClient(self.host, self.port, ssl=self.tls, timeout=_TIMES_S)
        try:
            if not self.tls and not _is_here(self.host):
                client.starttls()
            if client.has_capability("AUTH=PLAIN"):
                client.plain_login(self.user, self.password)
            else:
                client.login(self.user, self.password)
        except BaseException:
            with suppress(OSError):
                client.shutdown()
            raise
        return client


def account_of(text: str) -> Account:
    """Return the account that `ESTAMPE_REPORTS_IMAP` names.

    Raises:
        InvalidSetting: it is not written as it should be; the password is not told.
    """
    found = _WRITTEN.fullmatch(text)
    port = int(found["port"] or _PORTS[found["scheme"]]) if found else 0
    if not found or not 0 < port <= _LAST_PORT or _SPECIAL.search(unquote(text)):
        raise InvalidSetting("ESTAMPE_REPORTS_IMAP", _SECRET.sub(r"\1:***", text), _ALLOWED)
    return Account(
        host=found["host"] or found["v6"],
        port=port,
        tls=found["scheme"] == "imaps",
        user=unquote(found["user"]),
        password=unquote(found["password"]),
        folder=unquote(found["folder"] or "") or "INBOX",
    )


def _is_here(host: str) -> bool:
    """Return whether a host is this machine, where nobody listens in between."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
