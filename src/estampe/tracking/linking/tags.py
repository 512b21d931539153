"""Tags: which ones stand in HTML, and where, read by the rules of the HTML standard (section 13.2.5, tokenization).

One expression runs over whatever is of no interest here, so that Python sees few tags. Scripting is off, as in all
mail readers. Outlook shows what stands in its conditional comments, so tags in them count.
"""

from __future__ import annotations

import re
from html import unescape
from html.entities import html5
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

OURS = ("tracking", "dataminingname", "linktype")
"""Attributes that speak to Estampe."""

_FOREIGN = frozenset({"svg", "math"})
_TEXTUAL = ("style", "title", "textarea", "xmp", "iframe", "noembed", "noframes")

_END = r"(?=[\t\n\f\r />])"
_WORD = r"[A-Za-z][^\t\n\f\r />]*+"
_GAP = r"[\t\n\f\r /]*+"
_NAME = r"(?:=[^\t\n\f\r />=]*+|[^\t\n\f\r />=]++)"
_IS = r"[\t\n\f\r ]*+="
_QUOTED = r"""(?:"[^"]*+"|'[^']*+'|[^"'>\t\n\f\r ][^>\t\n\f\r ]*+|(?=>))"""
_VALUE = rf"(?:{_IS}[\t\n\f\r ]*+{_QUOTED}|(?!{_IS}))"
_REST = rf"(?:{_GAP}{_NAME}{_VALUE})*+{_GAP}>"
_COMMENT = r"(?:[^-]++|-(?!-!?>))*+--!?>"

_TOKEN = re.compile(
    rf"""(?:
        [^<]++
      | </(?!(?i:body|svg|math){_END}){_WORD}{_REST}
      | <(?!(?i:a|area|v:[^\t\n\f\r />]*+|svg|math|script|plaintext|{"|".join(_TEXTUAL)}){_END}){_WORD}
        (?:{_GAP}(?!(?i:{"|".join(OURS)})(?:=|{_END})){_NAME}{_VALUE})*+{_GAP}>
      | <!--(?!\[if)(?:-?>|{_COMMENT})
      | <(?:!(?!--|\[CDATA\[)|\?|/(?![A-Za-z>]))[^>]*+>
      | <(?![A-Za-z!?/]) | </>
    )*+
    (?:
        <(?P<name>{_WORD})(?P<attributes>(?:{_GAP}{_NAME}{_VALUE})*+)(?P<gap>{_GAP})>
      | <(?P<ending>/{_WORD}){_REST}
      | <!--(?P<condition>\[if){_COMMENT}
      | <!\[(?P<data>CDATA)\[
    )?+""",
    re.VERBOSE | re.ASCII,
)
"""What is of no interest, and the next token that is; without one, up to the end, or to something that never ends."""

_ATTRIBUTE = re.compile(
    rf"(?:{_GAP}(?!(?i:href|{'|'.join(OURS)})(?:=|{_END})){_NAME}{_VALUE})*+"
    rf"({_GAP})({_NAME})(?:{_IS}[\t\n\f\r ]*+({_QUOTED})|(?!{_IS}))",
    re.ASCII,
)
"""The next attribute that is of interest."""

_TEXTS = {name: re.compile(rf"(?:[^<]++|<(?!/{name}{_END}))*+", re.IGNORECASE | re.ASCII) for name in _TEXTUAL} | {
    "plaintext": re.compile(r".*", re.DOTALL),
    "script": re.compile(
        rf"""(?:
            [^<]++
          | <(?!/script{_END}|!--)
          | <!(?=--)(?:(?!-->|</script{_END})(?:<script{_END}(?:(?!-->|</script{_END}).)*+(?:</script)?+|.))*+
        )*+""",
        re.VERBOSE | re.IGNORECASE | re.ASCII | re.DOTALL,
    ),
}
"""What stands in elements that hold text, whatever it looks like."""

_QUOTES = ('"', "'")
_DATA = re.compile(r"(?:[^\]]++|\](?!\]>))*+")
_BOGUS = re.compile(r"[^>]*+")

_REFERENCE = re.compile(r"&(?:#(?:[0-9]++|[xX][0-9a-fA-F]++);?+|[A-Za-z][A-Za-z0-9]*+(?:;|(?!=)))")


class Attribute(NamedTuple):
    """An attribute, and where it stands.

    Parameters:
        name: in lower case.
        value: as it is written, without quotes; empty if it has none.
        start: where the gap before it starts.
        begin: where it begins itself.
        quoted: where its value starts, with its quotes; its end if it has none.
        end: where it ends.
    """

    name: str
    value: str
    start: int
    begin: int
    quoted: int
    end: int


class Tag(NamedTuple):
    """A tag, and where it starts.

    Parameters:
        name: in lower case; an end tag's starts with `/`; empty: here ends what can be read.
        start: where it starts.
        attributes: `href` and ours, in order.
    """

    name: str
    start: int
    attributes: Sequence[Attribute] = ()


def tags(html: str) -> Iterator[Tag]:
    """Yield start tags that may be links or have attributes of ours, each `</body>`, and last where reading ends."""
    end = yield from _tags(html, 0, len(html))
    yield Tag("", end)


def _tags(html: str, at: int, end: int) -> Generator[Tag, None, int]:
    """Yield the tags between two places; return where reading ends."""
    foreign = 0
    while found := _TOKEN.match(html, at, end):
        at = found.end()
        match found.lastgroup:
            case "gap":
                tag = _tag(html, found)
                yield tag
                foreign += tag.name in _FOREIGN and not found["gap"].endswith("/")
                if not foreign and tag.name in _TEXTS:
                    at = _after(_TEXTS[tag.name], html, at, end)
            case "ending":
                if found["ending"].lower() == "/body":
                    yield Tag("/body", found.start("ending") - 1)
                else:
                    foreign = max(0, foreign - 1)
            case "condition":
                inside = _tags(html, found.end("condition"), at - len("-->"))
                yield from (tag for tag in inside if tag.name != "/body")
            case "data":
                at = _after(_DATA if foreign else _BOGUS, html, at, end)
            case _:
                break
    return at


def _tag(html: str, found: re.Match[str]) -> Tag:
    attributes = _attributes(html, found.start("attributes"), found.end())
    return Tag(found["name"].lower(), found.start("name") - 1, attributes)


def _attributes(html: str, at: int, end: int) -> list[Attribute]:
    attributes = []
    while found := _ATTRIBUTE.match(html, at, end):
        gap, name, value = found.groups("")
        at = found.end()
        quoted = at - len(value)
        begin = found.start(2)
        bare = value[1:-1] if value[:1] in _QUOTES else value
        attributes.append(Attribute(name.lower(), bare, begin - len(gap), begin, quoted, at))
    return attributes


def _after(expression: re.Pattern[str], html: str, at: int, end: int) -> int:
    found = expression.match(html, at, end)
    return found.end() if found else at


def text_of(value: str) -> str:
    """Return the text that an attribute's value stands for (13.2.5.73: `&copy=` in an address is no ©)."""
    return _REFERENCE.sub(_character, value) if "&" in value else value


def _character(found: re.Match[str]) -> str:
    reference = found[0]
    return unescape(reference) if reference[1] == "#" else html5.get(reference[1:], reference)
