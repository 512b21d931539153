"""Markup: HTML as the lines of text that it shows."""

from __future__ import annotations

import re
from html import unescape

_TAG = re.compile(r"<!--|-->|<(/?)([a-z][a-z0-9]{0,15})(?=[\s/>])[^<>]{0,8000}>|<[!?][^<>]{0,4000}>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});?")
_SPACES = re.compile(r"\s+")
_HIDDEN = frozenset({"style", "script", "title"})
_COMMENT = "<!--"
_BLOCKS = frozenset(
    {"br", "p", "div", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6", "li", "ul", "ol", "dl", "dt", "dd", "hr"}
    | {"pre", "blockquote", "center", "address", "section", "body", "html"}
)
_CELLS = frozenset({"td", "th"})


def shown(html: str) -> str:
    """Return what a reader sees of HTML: a line for each block, cells apart by a space, entities undone.

    What stands in angle brackets and is no tag, such as an address, is kept.
    """
    lines: list[str] = []
    at = 0
    hidden = ""
    verbatim = not any(found[2] and found[2].lower() in _BLOCKS for found in _TAG.finditer(html))
    for found in _TAG.finditer(html):
        name = (found[2] or found[0][:4]).lower()
        if hidden:
            if name in ("body", "-->" if hidden == _COMMENT else hidden):
                hidden, at = "", found.end()
            continue
        lines.append(_flowing(html[at : found.start()], verbatim=verbatim))
        at = found.end()
        if name == "pre":
            verbatim = not found[1]
        if name == _COMMENT or (name in _HIDDEN and not found[1]):
            hidden = name
        elif name in _BLOCKS:
            lines.append("\n")
        elif name in _CELLS and not found[1]:
            lines.append(" ")
    if not hidden:
        lines.append(_flowing(html[at:], verbatim=verbatim))
    text = _ENTITY.sub(lambda found: unescape(found[0]), "".join(lines))
    return "\n".join(map(str.strip, text.replace("\xa0", " ").split("\n")))


def _flowing(text: str, *, verbatim: bool) -> str:
    return text if verbatim or not text else _SPACES.sub(" ", text)
