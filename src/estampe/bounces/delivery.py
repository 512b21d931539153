"""Deliveries: mails as they come to this house, by whichever door."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

import msgspec

from estampe.errors import EstampeError


class Way(StrEnum):
    """How a mail came."""

    SMTP = "smtp"
    LMTP = "lmtp"
    MAILDIR = "maildir"
    IMAP = "imap"
    FILE = "file"
    REPLAY = "replay"


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A mail that came.

    Parameters:
        mail: its bytes, as they came.
        way: by which door.
        time_ms: when, Unix milliseconds.
        sender: the envelope's sender (RFC 5321 section 4.4), empty for none or where nobody knows.
        recipients: the envelope's recipients; empty where nobody knows.
    """

    mail: bytes
    way: Way
    time_ms: int
    sender: str = ""
    recipients: tuple[str, ...] = ()


class Taken(StrEnum):
    """What became of a mail."""

    PUBLISHED = "published"  # events of it are in the log
    KNOWN = "known"  # they were there before
    NOTED = "noted"  # it tells what makes no event, such as that a message is late
    QUARANTINED = "quarantined"  # nobody knows which message it is about, or it is no report: it is kept aside


class NotTaken(EstampeError):
    """A mail could not be kept now; who brings it keeps it and comes again."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the mail cannot be taken now: {reason}; bring it again later")


class Receiver(Protocol):
    """Takes mails for good; thread-safe."""

    def accepts(self, recipient: str) -> bool:
        """Return whether mail to an address is for us: a return path that we signed, or an address of the settings."""

    def take(self, delivery: Delivery) -> Taken:
        """Take a mail; once it returns, all that the mail says is durable, in the log or aside. Blocking.

        Raises:
            NotTaken: nothing is kept; bring it again.
            MailTooLarge: it has more bytes than may be read, and never will be taken.
        """
