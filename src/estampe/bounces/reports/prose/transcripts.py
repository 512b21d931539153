"""Transcripts: the talk of two servers, as reports quote it, parted by the recipients that it is about."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from estampe.bounces.reports.prose.addresses import addresses

if TYPE_CHECKING:
    from collections.abc import Iterable

_ASKED = re.compile(r"^[ *]{0,20}(?:>>>|-->|C:|=>|SENT:|->) {0,8}RCPT TO", re.IGNORECASE)
_ASKED_ELSE = re.compile(r"^[ *]{0,20}(?:>>>|-->|C:|=>|SENT:|->) {0,8}[A-Z]{4}", re.IGNORECASE)
_REFUSED = re.compile(r"^[ *]{0,20}(?:<<<|<--|S:|<=|RECEIVED:|<-) {0,8}[45][0-9]{2}", re.IGNORECASE)
_CONCLUDED = re.compile(r"^ {0,20}[45][0-9]{2}[ -](?:[45]\.[0-9]{1,3}\.[0-9]{1,3} )?[^\n]{0,8}<?[^\s<>]{1,320}>?\W")
_TALKING = re.compile(r"^[. ]{0,20}while talking to", re.IGNORECASE)


def transcript(lines: Iterable[str]) -> dict[str, list[str]]:
    """Return what was said about each address in a transcript; addresses as they are written there.

    A recipient is named by `>>> RCPT TO`, and what is answered belongs to it; or by the line that concludes, such as
    `550 <a@example.org>... User unknown`, and what came before belongs to it.
    """
    said: dict[str, list[str]] = {}
    pending: list[str] = []
    asked = ""
    for line in lines:
        if _TALKING.match(line):
            pending, asked = [line], ""
        elif _ASKED.match(line):
            asked = next(iter(addresses(line)), "")
            pending.append(line)
        elif _ASKED_ELSE.match(line):
            asked = ""
            pending.append(line)
        elif asked and (_REFUSED.match(line) or (said.get(asked) and line.strip())):
            said.setdefault(asked, []).extend([*pending, line])
            pending = []
        elif line.strip():
            pending.append(line)
            named = addresses(line) if _CONCLUDED.match(line) else []
            if named:
                said.setdefault(named[0], []).extend(pending)
                pending = []
    return said
