"""Tags are found where browsers find them."""

from __future__ import annotations

import pytest
from html_soup import soups
from hypothesis import given, settings
from lxml.etree import HTMLParser, fromstring  # type: ignore[import-untyped]  # it brings no types

from estampe.tracking.linking.tags import OURS, Tag, tags, text_of

LINK = "<a href=x tracking>"


class Listener:
    """Hears libxml2 read HTML, which it does by the same standard."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, dict[str, str]]] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Note a start tag with attributes that matter."""
        told = {name: value for name, value in attributes.items() if name in {"href", *OURS}}
        if told and (tag in {"a", "area"} or told.keys() & set(OURS)):
            self.heard.append((tag, told))

    def end(self, tag: str) -> None:
        """Hear an end tag."""

    def close(self) -> list[tuple[str, dict[str, str]]]:
        """Return what was heard."""
        return self.heard


def heard(html: str) -> list[tuple[str, dict[str, str]]]:
    return fromstring(html.encode(), HTMLParser(encoding="utf-8", target=Listener())) if html.strip() else []


def found(html: str) -> list[tuple[str, dict[str, str]]]:
    return [
        (tag.name, {each.name: text_of(each.value) for each in reversed(tag.attributes)})
        for tag in tags(html)
        if tag.attributes and (tag.name in {"a", "area"} or any(each.name in OURS for each in tag.attributes))
    ]


@given(soups)
@settings(max_examples=500, deadline=None)
def test_tags_are_those_that_another_parser_finds(html: str) -> None:
    html = html.replace("\r", "").replace("\0", "")
    assert found(html) == heard(html)


@pytest.mark.parametrize(
    "html",
    [
        "<!-- {} -->",
        "<!--{}",
        "<!--[if mso]>{}",  # it never ends, so it shows nothing
        "<!doctype {}",
        "<style>{}</style>",
        "<STYLE media=x>{}</style >",
        "<title>{}",
        "<textarea>{}</textarea>",
        "<iframe>{}</iframe>",
        "<script>{}</script>",
        "<script>'</scripty>'{}</script>",
        "<script><!-- <script>x</script> {} --></script>",
        "<style></\u017ftyle>{}",
        "<plaintext>{}</plaintext>",
        "<img alt='{}'>",
        '<img alt = "{}">',
        "<svg><![CDATA[ > {} ]]></svg>",
        "<![CDATA[{}",
        "<a href='x {}",
        "<a href=x tracking",
    ],
)
def test_what_only_looks_like_a_tag_is_none(html: str) -> None:
    assert found(html.replace("{}", LINK)) == []


@pytest.mark.parametrize(
    "html",
    [
        "{}",
        "<!-->{}",
        "<!--->{}-->",
        "<!-- --!>{}-->",
        "<!-- > -->{}",
        "<!--[if mso]>{}<![endif]-->",
        "<!--[if !mso]><!-->{}<!--<![endif]-->",
        "<![if !mso]>{}<![endif]>",
        "<style></style>{}",
        "<script></script >{}",
        "<script><!--</script>{}",
        "<script><!-- <script> </script> --></script>{}",
        "<noscript>{}</noscript>",
        "<![CDATA[ > {} ]]>",
        "<svg/><style></style>{}",
        "<svg><style>{}</style></svg>",
        "<svg><![CDATA[ > ]]>{}</svg>",
        "<math><svg></svg></math><style></style>{}",
        '</a " > {}',
        "<? > {}",
        "</ x='>{}",
        "< a>{}",
        '<img alt="\'">{}',
        "<img alt=a'b>{}",
        '<img =">{}',
    ],
)
def test_a_tag_is_found_wherever_readers_show_it(html: str) -> None:
    assert found(html.replace("{}", LINK)) == [("a", {"href": "x", "tracking": ""})]


@pytest.mark.parametrize(
    ("tag", "told"),
    [
        ("<A HREF='x'TRACKING=\"y\"linktype=z>", {"href": "x", "tracking": "y", "linktype": "z"}),
        ("<a/href=x/ tracking/>", {"href": "x/", "tracking": ""}),
        ("<a href = x\n tracking\t=\f'y'>", {"href": "x", "tracking": "y"}),
        ("<a href=1 HREF=2 href=3>", {"href": "1"}),
        ("<a href=>", {"href": ""}),
        ("<a xhref=1 href.x=2 href=3>", {"href": "3"}),
        ("<a data-tracking=1 trackings=2 trac\u212aing=3 href=4>", {"href": "4"}),
    ],
)
def test_attributes_are_read_as_browsers_do(tag: str, told: dict[str, str]) -> None:
    assert found(tag) == [("a", told)]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a&amp;b", "a&b"),
        ("?a=1&copy=2&region=3&notit=4", "?a=1&copy=2&region=3&notit=4"),
        ("&copy; &copy &copy", "© © ©"),
        ("&#x41;&#66&#X43;&#150;", "ABC\u2013"),
        ("&#0;&#xD800;", "\ufffd\ufffd"),
        ("&nosuch; &; &#; & &", "&nosuch; &; &#; & &"),
    ],
)
def test_references_in_values_are_read_as_browsers_do(value: str, text: str) -> None:
    assert text_of(value) == text


def test_a_place_is_told_for_each_part_of_an_attribute() -> None:
    html = "é<a id=1  HREF = 'x' tracking>"
    tag, end = tags(html)
    href, tracking = tag.attributes
    assert (html[href.start : href.begin], html[href.begin : href.end]) == ("  ", "HREF = 'x'")
    assert html[href.quoted : href.end] == "'x'"
    assert tracking.quoted == tracking.end == len(html) - 1
    assert (tag.start, end.start) == (1, len(html))


@pytest.mark.parametrize(
    ("html", "places"),
    [
        ("a</body></html>", [1]),
        ("a</BODY ></body>", [1, 9]),
        ("a<!--</body>--><style></body></style>", []),
        ("<!--[if mso]></body><![endif]-->", []),
    ],
)
def test_ends_of_the_body_are_told(html: str, places: list[int]) -> None:
    assert [tag.start for tag in tags(html) if tag.name == "/body"] == places


@pytest.mark.parametrize("broken", ["<a href='x", "<p title='>", "<!-- x", "<!--[if mso]>", "</body", "<? x", "<!x"])
def test_reading_ends_before_what_never_ends(broken: str) -> None:
    *_, end = tags(f"<p>x</p>{broken}")
    assert end == Tag("", len("<p>x</p>"))
