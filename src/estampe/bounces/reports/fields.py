"""Fields: the blocks of named values in reports for programs, as servers really write them.

RFC 3464 section 2.1 has them as headers, with empty lines between the groups. Many servers leave such lines out, put
them elsewhere, forget to indent what continues a line, or indent all of it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from estampe.bounces.reports.mail import Head

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST = 20_000
_LONGEST = 4_000
_NAMED = re.compile(r"([ \t]{0,16})([A-Za-z][A-Za-z0-9-]{1,60})[ \t]{0,4}:(?!//)")
_WHOLE = frozenset({"final-recipient", "original-recipient", "action", "status", "diagnostic-code"})
_KNOWN = _WHOLE | frozenset(
    {
        "arrival-date",
        "dsn-gateway",
        "final-log-id",
        "last-attempt-date",
        "original-envelope-id",
        "received-from-mta",
        "remote-mta",
        "reporting-mta",
        "will-retry-until",
    }
)
_COPIED = frozenset({"received", "return-path", "mime-version", "content-type", "dkim-signature"})


def fields(text: str) -> Iterator[tuple[str, str]]:
    """Yield names, in small letters, and values of the fields in a text; an empty line as two empty texts.

    What is indented goes on with the field before it, and so does what follows a diagnostic and is no known field.
    """
    name, values = "", [""]
    for line in text.split("\n", _MOST)[:_MOST]:
        found = _NAMED.match(line)
        if found and _begins(found[1], found[2].lower(), name):
            if name:
                yield name, " ".join(values)[:_LONGEST]
            name, values = found[2].lower(), [line[found.end() :].strip()]
        elif not line.strip():
            if name:
                yield name, " ".join(values)[:_LONGEST]
            yield "", ""
            name, values = "", [""]
        elif name and (line[0] in " \t" or name == "diagnostic-code") and not line.startswith("--"):
            values.append(line.strip())
    if name:
        yield name, " ".join(values)[:_LONGEST]


def _begins(indent: str, name: str, before: str) -> bool:
    if name in _KNOWN:
        return True
    return not indent and (before != "diagnostic-code" or name.startswith("x-"))


def groups(text: str) -> Iterator[Head]:
    """Yield the groups of fields in a status part, or in a text that holds one: of the message, then of each recipient.

    A group ends where a field comes again, or at an empty line if it is whole; it ends for good where the copy of the
    message begins.
    """
    group: list[tuple[str, str]] = []
    names: set[str] = set()
    for name, value in fields(text):
        is_over = not name and (names.isdisjoint(_WHOLE) or _is_whole(names))
        if group and (is_over or (name in _WHOLE and name in names)):
            yield Head(group)
            group, names = [], set()
        if name in _COPIED and not names.isdisjoint(_WHOLE):
            break
        if name:
            group.append((name, value))
            names.add(name)
    if group:
        yield Head(group)


def _is_whole(names: set[str]) -> bool:
    has_recipient = "final-recipient" in names or "original-recipient" in names
    return has_recipient and ("action" in names or "status" in names)
