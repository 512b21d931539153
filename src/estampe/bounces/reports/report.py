"""Reports: what a mail says of one recipient, before anybody judges it."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What a mail says of a recipient."""

    BOUNCE = "bounce"  # the message was not delivered, and nobody tries any more
    COMPLAINT = "complaint"  # the recipient calls it unwanted (RFC 5965)
    AUTOREPLY = "autoreply"  # a program answers in the recipient's place (RFC 3834)
    DELIVERED = "delivered"  # the message came, or was handed on to a place that reports no more
    DELAYED = "delayed"  # the message was not delivered yet, and is still tried
    NONE = "none"  # the mail is no report


class Original(msgspec.Struct, frozen=True, kw_only=True):
    """What names the message that a mail is about; empty where the mail does not say.

    Parameters:
        message_id: its Message-ID, without angle brackets.
        return_paths: addresses that may be its return path: where the mail went, and what the returned part says.
        stamp: the value of its X-Estampe-Stamp.
        subject: its subject.
    """

    message_id: str = ""
    return_paths: tuple[str, ...] = ()
    stamp: str = ""
    subject: str = ""


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """What one place in a mail says of one recipient; empty where it says nothing.

    What reads a form of report returns these; `reading` joins them to reports.

    Parameters:
        kind: what happened.
        recipient: the address that the mail is about.
        sent_to: the address that the message was sent to, where that is another: it was passed on (Original-Recipient).
        format: who could read it: a name of `formats`, or of a standard such as `rfc3464`.
        enhanced: the enhanced status code as it was said (RFC 3463).
        basic: the SMTP reply code as it was said (RFC 5321), None for none.
        diagnostic: what was said, in one line.
        mta: the server that said so (Remote-MTA), a host's name or address.
        reporting_mta: the server that reports.
        command: the SMTP command that was answered, such as `RCPT TO`.
        arrival_ms: when the message came to the server that reports, Unix milliseconds.
        feedback: the type of a complaint, as it was said.
        agent: the program that reports a complaint.
    """

    kind: Kind = Kind.BOUNCE
    recipient: str = ""
    sent_to: str = ""
    format: str = ""
    enhanced: str = ""
    basic: int | None = None
    diagnostic: str = ""
    mta: str = ""
    reporting_mta: str = ""
    command: str = ""
    arrival_ms: int | None = None
    feedback: str = ""
    agent: str = ""


class Report(Statement, frozen=True, kw_only=True):
    """What a mail says of one recipient, all of it, and what names the message.

    Parameters:
        original: what names the message.
    """

    original: Original = Original()
