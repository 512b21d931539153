"""A format: how one program writes its reports, as data, and what is read with it."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from estampe.bounces.reports.prose.addresses import ADDRESS, tidy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estampe.bounces.reports.prose.letter import Letter

LEADING = r"^[ >*\"'<]{0,20}(?P<to>ADDRESS)[>\"']{0,2}"
"""An address that begins a line."""

MARKED = r"^ {0,20}<(?P<to>ADDRESS)>"
"""An address in angle brackets that begins a line."""

_PERSONS = 1_000


class Mention(NamedTuple):
    """A recipient, and the lines about it."""

    recipient: str
    lines: Sequence[str]


class Format(NamedTuple):
    """A row: how a program's reports are known, and where in them stands what.

    Parameters:
        name: of the program.
        example: a mail that it wrote, shortened.
        gives: what the example says: recipient and diagnostic, for each recipient.
        signs: one of them is in the text, in small letters, spaces single.
        heads: one of them is in the header, in small letters; where both are given, both are asked for.
        recipient: a pattern of a line that names a recipient: `ADDRESS` stands for one, the group `to` is who, and the
            group `why`, if there is one, belongs to what is said.
        begin: recipients stand after this, in small letters; empty for anywhere.
        end: recipients, and what is said, stand before this.
        means: what every such report means, for programs that say it in the reader's language; empty for what it says.
        said: a pattern whose first group is what was said, looked for among the lines about a recipient, and if it is
            not there in the whole text; empty for those lines as they are.
    """

    name: str
    example: str
    gives: tuple[tuple[str, str], ...]
    signs: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    recipient: str = LEADING
    begin: str = ""
    end: str = ""
    said: str = ""
    means: str = ""

    def knows(self, letter: Letter) -> bool:
        """Return whether a mail is one of these."""
        return (not self.heads or any(each in letter.head for each in self.heads)) and (
            not self.signs or any(each in letter.flat for each in self.signs)
        )

    def mentions(self, letter: Letter) -> list[Mention]:
        """Return the recipients of a mail with what is said of each, at most 1,000."""
        text = self._part(letter.text)
        found = _apart(list(islice(_pattern(self.recipient).finditer(text), _PERSONS)))
        ends = [*(each.start() for each in found[1:]), len(text)]
        return [
            Mention(tidy(each["to"]), self._about(_kept(each) + text[each.end() : end], letter.text))
            for each, end in zip(found, ends, strict=False)
        ]

    def _part(self, text: str) -> str:
        small = text.lower()
        begin = small.find(self.begin) + len(self.begin) if self.begin in small else 0
        end = small.find(self.end, begin) if self.end else -1
        return text[begin : len(text) if end < 0 else end]

    def _about(self, about: str, whole: str) -> list[str]:
        if self.said:
            pattern = _pattern(self.said)
            found = pattern.search(about) or pattern.search(whole)
            about = found[1] if found else about
        return about.lstrip(" >:;,-\n").split("\n")


def _apart(found: list[re.Match[str]]) -> list[re.Match[str]]:
    """Leave out where the recipient of the one before is named again."""
    return [each for at, each in enumerate(found) if not at or each["to"].lower() != found[at - 1]["to"].lower()]


@lru_cache(maxsize=512)
def _pattern(written: str) -> re.Pattern[str]:
    return re.compile(written.replace("ADDRESS", ADDRESS), re.MULTILINE | re.IGNORECASE)


def _kept(found: re.Match[str]) -> str:
    return f"{found['why']} " if found.re.groupindex.get("why") and found["why"] else ""
