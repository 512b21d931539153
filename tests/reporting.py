"""Mails that mail servers send back, as they send them."""

from __future__ import annotations

from uuid import uuid4

_REPORT = """\
From: MAILER-DAEMON@mx.relay.example
To: {to}
Subject: {subject}
Message-ID: <{name}@mx.relay.example>
Date: Tue, 1 Dec 2026 12:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/report; report-type={kind}; boundary="=_report"

--=_report
Content-Type: text/plain; charset=us-ascii

{text}

--=_report
Content-Type: message/{kind}

{facts}

--=_report
Content-Type: message/rfc822

From: shop@shop.example
To: {recipient}
Subject: Your order
Message-ID: <{stamp}@shop.example>
X-Estampe-Stamp: {stamp}

Thank you.

--=_report--
"""


def bounce(
    *, to: str, recipient: str, status: str = "5.1.1", diagnostic: str = "550 5.1.1 User unknown", stamp: str = ""
) -> bytes:
    """Return a delivery status notification (RFC 3464) of a mail server.

    Parameters:
        to: the return path that it goes to.
        recipient: whom the message did not reach.
        status: the enhanced status code.
        diagnostic: what the other server said.
        stamp: the stamp of the message; empty for one that nobody knows.
    """
    return _report(
        kind="delivery-status",
        to=to,
        recipient=recipient,
        stamp=stamp,
        subject="Undelivered Mail Returned to Sender",
        text=f"The message to {recipient} could not be delivered: {diagnostic}",
        facts="Reporting-MTA: dns; mx.relay.example\n\n"
        f"Final-Recipient: rfc822; {recipient}\nAction: failed\nStatus: {status}\n"
        f"Remote-MTA: dns; mx.other.example\nDiagnostic-Code: smtp; {diagnostic}",
    )


def complaint(*, to: str, recipient: str, feedback: str = "abuse", stamp: str = "") -> bytes:
    """Return a complaint of a feedback loop (RFC 5965); the parameters are those of `bounce`."""
    return _report(
        kind="feedback-report",
        to=to,
        recipient=recipient,
        stamp=stamp,
        subject="FW: Your order",
        text="This is an email abuse report.",
        facts=f"Feedback-Type: {feedback}\nUser-Agent: Loop/1.0\nVersion: 1\nOriginal-Rcpt-To: {recipient}\n"
        "Reporting-MTA: dns; loop.other.example",
    )


def _report(stamp: str, **facts: str) -> bytes:
    return _REPORT.format(name=uuid4(), stamp=stamp or uuid4(), **facts).replace("\n", "\r\n").encode()
