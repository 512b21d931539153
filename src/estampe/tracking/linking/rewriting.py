"""Rewriting: links in HTML become links of ours; everything else stays as it is, to the byte."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from estampe.tracking.linking.linking import NOWHERE, Pen
from estampe.tracking.linking.links import LinkKind, LinkTooLong, Part
from estampe.tracking.linking.tags import tags, text_of
from estampe.tracking.linking.targets import target_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from estampe.tracking.linking.tags import Attribute, Tag

_PAGES = {
    ("mirrorpage", ""): LinkKind.MIRROR,
    ("mirrorpage", "system"): LinkKind.MIRROR,
    ("unsubscribe", "system"): LinkKind.UNSUBSCRIBE,
    ("unsubscribepage", "system"): LinkKind.UNSUBSCRIBE,
}
"""What links to pages of ours say as `href` and `linktype`."""

_LINKS = frozenset({"a", "area"})
_FORM = re.compile(r"[^\s/:?#]+")
_JOINS = re.compile(r"[\t\n\f\r ]*+=|[^\t\n\f\r >]")
_STRIPPED = "".join(map(chr, range(0x21)))  # browsers strip these from an address

_DECOY = (
    '<a href="{}" aria-hidden="true" tabindex="-1" style="display:none;visibility:hidden;mso-hide:all;font-size:0;'
    'line-height:0;max-height:0;overflow:hidden"></a>'
)
_PIXEL = '<img src="{}" width="1" height="1" alt="" style="display:block;width:1px;height:1px;border:0">'


def rewrite(html: str, seal: bytes) -> str:
    """Return HTML whose links are links of ours, without the attributes that ask for that.

    Parameters:
        html: as it was rendered.
        seal: a `Pen` in bytes; empty: no links are made, and those to pages of ours lead nowhere.
    """
    page = _Page(html, Pen.read(seal))
    for tag in tags(html):
        page.hear(tag)
    return page.written()


class _Page:
    """HTML, and what becomes different in it.

    Parameters:
        html: as it is.
        pen: makes links; None makes none.
    """

    def __init__(self, html: str, pen: Pen | None) -> None:
        self._html = html
        self._pen = pen
        self._edits: list[tuple[int, int, str]] = []
        self._end: int | None = None
        self._lure = ""

    def hear(self, tag: Tag) -> None:
        """Hear of a tag, in the order in which they stand."""
        if tag.name == "/body" or (not tag.name and self._end is None):
            self._end = tag.start
        said: dict[str, Attribute] = {}
        for attribute in tag.attributes:
            said.setdefault(attribute.name, attribute)  # of two with one name the first counts
            if attribute.name != "href":
                self._cut(attribute)
        if "href" in said and (tag.name in _LINKS or tag.name.startswith("v:")):
            self._link(said)

    def written(self) -> str:
        """Return the HTML as it has become."""
        if self._pen and self._end is not None:
            self._edits.append((self._end, self._end, "".join(self._additions(self._pen))))
        pieces: list[str] = []
        at = 0
        for start, end, text in sorted(self._edits):
            pieces += (self._html[at:start], text)
            at = end
        return "".join((*pieces, self._html[at:]))

    def _link(self, said: Mapping[str, Attribute]) -> None:
        address = self._address({name: text_of(attribute.value) for name, attribute in said.items()})
        if address:
            self._edits.append((said["href"].quoted, said["href"].end, f'"{escape(address)}"'))

    def _address(self, said: Mapping[str, str]) -> str:
        """Return where a link leads now; empty: where it did."""
        href, label = said["href"].strip(_STRIPPED), said.get("dataminingname", "")
        linktype = said.get("linktype", "").strip().lower()
        if kind := _PAGES.get((href.lower(), linktype)):
            return _made(self._pen, kind, label) if self._pen else NOWHERE
        if self._pen and linktype == "form" and _FORM.fullmatch(href):
            target = target_of(self._pen.form(href))
            return _made(self._pen, LinkKind.FORM, label, target, href) if target else ""
        if self._pen and said.get("tracking", "").strip().lower() == "enabled" and (target := target_of(href)):
            address = _made(self._pen, LinkKind.REDIRECTION, label, target)
            self._lure = self._lure or (address and target)
            return address
        return ""

    def _cut(self, attribute: Attribute) -> None:
        """Take an attribute out, and let those beside it be two."""
        gap = ""
        if _JOINS.match(self._html, attribute.end):
            gap = self._html[attribute.start : attribute.begin] + "/"
        self._edits.append((attribute.start, attribute.end, gap))

    def _additions(self, pen: Pen) -> Iterator[str]:
        if pen.decoy and self._lure:
            address = pen.seal.address(LinkKind.REDIRECTION, part=Part.HTML, target=self._lure, decoy=True)
            yield _DECOY.format(escape(address))
        if pen.pixel and (address := escape(pen.seal.address(LinkKind.OPEN, part=Part.HTML))) not in self._html:
            yield _PIXEL.format(address)


def _made(pen: Pen, kind: LinkKind, label: str, target: str = "", form: str = "") -> str:
    try:
        return pen.seal.address(kind, part=Part.HTML, label=label, target=target, form=form)
    except LinkTooLong:
        return ""
