"""Statuses: delivery status notifications (RFC 3464)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from estampe.bounces.reports.mail import Head
from estampe.bounces.reports.report import Kind
from estampe.bounces.reports.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estampe.bounces.reports.mail import Part

_KINDS = {
    "failed": Kind.BOUNCE,
    "delayed": Kind.DELAYED,
    "delivered": Kind.DELIVERED,
    "relayed": Kind.DELIVERED,
    "expanded": Kind.DELIVERED,
}


def statements(mail: Part) -> Iterator[Statement]:
    """Yield what a mail's message/delivery-status says of each recipient."""
    part = mail.first("message/delivery-status", "message/global-delivery-status")
    for group in part.text.split("\n\n") if part else ():
        fields = [line.partition(":") for line in re.sub(r"\n[ \t]+", " ", group).split("\n")]
        head = Head([(name.strip().lower(), value.strip()) for name, _, value in fields])
        final = head.get("original-recipient") or head.get("final-recipient")
        if final:
            yield Statement(
                kind=_KINDS.get(head.get("action").lower(), Kind.BOUNCE),
                recipient=final.partition(";")[2].strip(),
                format="rfc3464",
                enhanced=head.get("status"),
                diagnostic=head.get("diagnostic-code").partition(";")[2].strip(),
            )
