"""Plain text of HTML, as it reads in a message: no layout, links in angle brackets, lists with bullets.

Tables are taken for layout, which they mostly are in messages: what stands in one row reads on, a row is a line.
"""

from __future__ import annotations

import re
from itertools import count
from types import MappingProxyType
from typing import TYPE_CHECKING

from lxml.etree import HTMLParser, fromstring  # type: ignore[import-untyped]  # it brings no types

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SPACE, _LINE, _BREAK, _PARAGRAPH = "\ud800", "\ud801", "\ud802", "\ud803"
"""A space that stays; where a line ends at least, a line ends, a paragraph ends. Surrogates cannot come from HTML."""

_BREAKS = {
    **dict.fromkeys(("p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "blockquote", "pre"), _PARAGRAPH),
    **dict.fromkeys(("table", "tr", "div", "section", "article", "header", "footer", "center"), _LINE),
    **dict.fromkeys(("li", "dt", "dd"), _LINE),
    **dict.fromkeys(("td", "th"), " "),
}
"""What stands before and after an element."""

_MARKS = {"br": _BREAK, "hr": f"{_PARAGRAPH}---{_PARAGRAPH}"}
_UNREAD = frozenset(
    {"head", "style", "script", "template", "svg", "math", "select", "object", "iframe", "video", "audio"}
)
_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})

_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_LINKED = re.compile(r"(?:https?|mailto|tel):(?://)?(\S.*)", re.IGNORECASE | re.DOTALL)

_SPACES = re.compile(r"[\x00-\x20\x7f]+")
_GAP = re.compile(r" ?[\ud801-\ud803][ \ud801-\ud803]*")

_VERBATIM = str.maketrans({"\r": None, "\n": _BREAK, "\t": _SPACE * 4, " ": _SPACE})


_PAGES = {"mirrorpage": "mirror", "unsubscribe": "unsubscribe", "unsubscribepage": "unsubscribe"}
"""What links to pages of ours say as `href`, and what those pages are called."""


def plain(html: str, links: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return what HTML says, as text; empty if it says nothing.

    Parameters:
        html: as it was rendered.
        links: the message's own, by what templates call them as `links.…`.
    """
    if not html.strip():
        return ""
    pages = {said: links[page] for said, page in _PAGES.items() if page in links}
    text: str = fromstring(html.encode(), HTMLParser(encoding="utf-8", target=_Reading(pages)))
    return text


class _Reading:
    """Hears a parser read HTML, and writes its text.

    Parameters:
        pages: where links to pages of ours lead, by what they say in lower case.
    """

    def __init__(self, pages: Mapping[str, str]) -> None:
        self._pages = pages
        self._words: list[str] = []
        self._links: list[tuple[str, int]] = []
        self._lists: list[Iterator[int] | None] = []
        self._verbatim = 0
        self._unread = 0

    def data(self, text: str) -> None:
        """Hear text."""
        if not self._unread:
            self._words.append(text.translate(_VERBATIM) if self._verbatim else text)

    def start(self, tag: str, members: Mapping[str, str]) -> None:
        """Hear an element begin."""
        if self._unread or tag in _UNREAD or ("style" in members and _HIDDEN.search(members["style"])):
            self._unread += tag not in _VOID
            return
        if tag in _BREAKS:
            self._break(tag)
        if tag == "a":
            address = members.get("href", "").strip()
            self._links.append((self._pages.get(address.lower(), address), len(self._words)))
        elif tag == "img":
            self.data(members.get("alt", ""))
        elif tag in _MARKS:
            self._words.append(_MARKS[tag])
        elif tag == "li":
            self._bullet()
        elif tag in {"ul", "ol"}:
            self._lists.append(count(1) if tag == "ol" else None)
        elif tag == "pre":
            self._verbatim += 1

    def end(self, tag: str) -> None:
        """Hear an element end."""
        if self._unread:
            self._unread -= tag not in _VOID
            return
        if tag == "a":
            self._link(*self._links.pop())
        elif tag in {"ul", "ol"}:
            self._lists.pop()
        elif tag == "pre":
            self._verbatim -= 1
        if tag in _BREAKS:
            self._break(tag)

    def close(self) -> str:
        """Hear the end, and return the text."""
        text = _GAP.sub(_gap, _SPACES.sub(" ", "".join(self._words)))
        return text.strip(" \n").replace(_SPACE, " ")

    def _break(self, tag: str) -> None:
        # A list in a list stands right below what it belongs to.
        self._words.append(_LINE if self._lists and tag in {"ul", "ol"} else _BREAKS[tag])

    def _bullet(self) -> None:
        numbers = self._lists[-1] if self._lists else None
        self._words.append(_SPACE * 2 * (len(self._lists) - 1) + (f"{next(numbers)}. " if numbers else "- "))

    def _link(self, address: str, start: int) -> None:
        """Write where a link leads, unless it says so itself."""
        found = _LINKED.match(address)
        if found and found[1].rstrip("/") not in "".join(self._words[start:]):
            self._words.append(f" <{address}>")


def _gap(found: re.Match[str]) -> str:
    gap = found[0]
    return "\n\n" if _PARAGRAPH in gap or gap.count(_BREAK) > 1 else "\n"
