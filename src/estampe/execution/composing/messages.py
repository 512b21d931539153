"""Messages: from what a contact is to read to the bytes that are sent.

RFC 5322 for the whole, RFC 2045 and 2046 for its parts. Lines are ASCII, end with CRLF and are never longer than 998
characters, so that every mail server takes them as they are, and a signature holds.
"""

from __future__ import annotations

import binascii
from base64 import encodebytes
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import blake2b
from typing import TYPE_CHECKING

from estampe.errors import EstampeError
from estampe.execution.composing import headers
from estampe.execution.composing.signing import sign
from estampe.execution.orders import Letter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estampe.execution.orders import Order, Rendered

_LONGEST_LINE = 998  # RFC 5322 section 2.1.1
_READABLE = b"\t\n" + bytes(range(0x20, 0x7F))


class MessageTooLarge(EstampeError):
    """A message has more bytes than one may have."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"the message has {size:,} bytes, and ESTAMPE_MESSAGE_LIMIT allows {limit:,}")


def compose(order: Order, rendered: Rendered, limit: int) -> Letter:
    """Return the letter for an order.

    Parameters:
        order: whom it is from and for, and what else stands in its head.
        rendered: what its contact reads.
        limit: how many bytes it may have.

    Raises:
        HeaderRefused: something cannot stand in its head.
        MessageTooLarge: it has more bytes.
        UnusableKey: it cannot be signed with the key.
    """
    fields = b"".join((*_about(order, rendered.subject), *_for_machines(order), *headers.brought(order.headers)))
    message = fields + _content(order, rendered)
    if order.signing and len(message) <= limit:
        message = sign(message, order.signing)
    if len(message) > limit:
        raise MessageTooLarge(len(message), limit)
    sender, recipient = headers.address("Return-Path", order.return_path), headers.address("To", order.to)
    return Letter(sender=sender, recipient=recipient, message=message)


def _about(order: Order, subject: str) -> Iterator[bytes]:
    """Yield what people see of a message's head."""
    yield headers.mailbox("From", order.sender.address, order.sender.label)
    if order.sender.reply:
        yield headers.mailbox("Reply-To", order.sender.reply)
    yield headers.mailbox("To", order.to)
    yield headers.words("Subject", subject)
    sent = format_datetime(datetime.fromtimestamp(order.time_ms // 1_000, UTC))
    yield f"Date: {sent}\r\n".encode()


def _for_machines(order: Order) -> Iterator[bytes]:
    """Yield what programs read: mailboxes that sort, sites that unsubscribe, answering machines, us."""
    yield f"Message-ID: <{headers.address('Message-ID', order.message_id)}>\r\n".encode()
    if order.unsubscribe:
        yield headers.link("List-Unsubscribe", order.unsubscribe)
        yield b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    if order.feedback_id:
        yield headers.words("Feedback-ID", order.feedback_id)
    yield b"Precedence: bulk\r\n" if order.bulk else b"Auto-Submitted: auto-generated\r\n"
    yield f"X-Estampe-Stamp: {order.stamp}\r\nMIME-Version: 1.0\r\n".encode()


def _content(order: Order, rendered: Rendered) -> bytes:
    parts = [_part(kind, text) for kind, text in (("plain", rendered.text), ("html", rendered.html)) if text]
    if len(parts) == 1:
        return parts[0]
    # No part can hold a mark that is made of it.
    mark = b"=_" + blake2b(b"".join(parts), digest_size=15, key=order.stamp.bytes).hexdigest().encode()
    inside = b"".join(b"--%b\r\n%b\r\n" % (mark, part) for part in parts)
    return b'Content-Type: multipart/alternative;\r\n boundary="%b"\r\n\r\n%b--%b--\r\n' % (mark, inside, mark)


def _part(kind: str, text: str) -> bytes:
    """Return a part with its head; its encoding is the most legible of those that are short."""
    octets = ("\n".join(text.rstrip("\r\n").splitlines()) + "\n").encode(errors="replace")
    encoding, body = ("7bit", octets) if _is_short_ascii(octets) else _encoded(octets)
    head = f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + body.replace(b"\n", b"\r\n")


def _is_short_ascii(octets: bytes) -> bool:
    return not octets.translate(None, _READABLE) and max(map(len, octets.split(b"\n"))) <= _LONGEST_LINE


def _encoded(octets: bytes) -> tuple[str, bytes]:
    quoted = binascii.b2a_qp(octets)
    if 3 * len(quoted) <= 4 * len(octets):
        return "quoted-printable", quoted
    return "base64", encodebytes(octets.replace(b"\n", b"\r\n"))
