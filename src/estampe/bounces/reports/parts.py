"""Parts: what a mail itself says, apart from the mails that it carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estampe.bounces.reports.mail import Part


def own(mail: Part) -> Iterator[Part]:
    """Yield the parts of a mail, each before what it holds, without those of another mail within it."""
    yield mail
    for part in mail.parts if mail.kind.startswith("multipart/") else ():
        yield from own(part)
