"""Rewriting: links lead through us, and nothing else changes."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from html_soup import soups
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml.etree import HTMLParser, fromstring  # type: ignore[import-untyped]  # it brings no types

from estampe.settings import Settings
from estampe.tracking.linking.linking import Linking
from estampe.tracking.linking.links import PATH, Addressed, Link, LinkKind, Links, Part, read
from estampe.tracking.linking.rewriting import rewrite
from estampe.tracking.linking.tags import OURS
from estampe.tracking.linking.targets import target_of

BASE = f"https://news.example{PATH}"
MESSAGE = Addressed(7, "000PE4", "000R4M0T", UUID(int=9))
SECRETS = Links({1: b"secret"}, BASE)
LINK = re.compile(rf'"{BASE}([\w-]+)"')


def seal(*, open_pixel: bool = False, **chosen: Any) -> bytes:
    chosen = {"public_url": "https://news.example", "form_url": "https://forms.example/{form}", **chosen}
    return Linking(SECRETS, Settings(open_pixel=open_pixel, **chosen)).of(*MESSAGE).seal


def link(token: str) -> Link:
    return read(SECRETS.verify(token))


def links(html: str, **chosen: Any) -> list[Link]:
    """Return the links of ours in HTML that is rewritten."""
    return [link(token) for token in LINK.findall(rewrite(html, seal(**chosen)))]


def shown(html: str, **chosen: Any) -> str:
    """Return HTML rewritten, with `LINK` in place of each address of ours."""
    return LINK.sub('"LINK"', rewrite(html, seal(**chosen)))


def made(kind: LinkKind, **told: Any) -> Link:
    return Link(message=MESSAGE, kind=kind, part=Part.HTML, **told)


SHOP = "https://shop.example/?a=1&b=2"
TRACKED = made(LinkKind.REDIRECTION, target=SHOP)
HREF = 'href="https://shop.example/?a=1&amp;b=2"'


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        (f'<a tracking="Enabled" dataminingname="big &lt;sale&gt;" {HREF}>', {"label": "big <sale>"}),
        (f"<a {HREF} TRACKING=enabled>", {}),
        (f"<AREA tracking='ENABLED' {HREF}>", {}),
        ("<a tracking=Enabled href=' \n https://shop.example/?a=1&b=2 '>", {}),
        (f"<!--[if mso]><v:roundrect tracking=Enabled {HREF}><![endif]-->", {}),
        (f"<a tracking=Enabled tracking=no {HREF} href=https://other.example/>", {}),
    ],
)
def test_a_tracked_link_leads_to_its_target_through_us(html: str, wanted: dict[str, str]) -> None:
    assert links(html) == [made(LinkKind.REDIRECTION, target=SHOP, **wanted)]


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        ('<a href="MirrorPage">', made(LinkKind.MIRROR)),
        ('<a href="mirrorpage" linktype="System" dataminingname="web">', made(LinkKind.MIRROR, label="web")),
        ('<area href="Unsubscribe" linktype="System">', made(LinkKind.UNSUBSCRIBE)),
        ('<a linktype=system href=UnsubscribePage tracking="Enabled">', made(LinkKind.UNSUBSCRIBE)),
        (
            '<a href="S 1" linktype="Form"><a href="S1" linktype="Form" dataminingname="poll">',
            made(LinkKind.FORM, form="S1", target="https://forms.example/S1", label="poll"),
        ),
    ],
)
def test_links_to_pages_and_forms_become_ours(html: str, wanted: Link) -> None:
    assert links(html) == [wanted]


@pytest.mark.parametrize(
    "html",
    [
        f"<a {HREF}>",
        f"<a {HREF} tracking=Disabled>",
        f"<link {HREF} tracking=Enabled>",
        "<a tracking=Enabled href='mailto:a@b.example'>",
        "<a tracking=Enabled href='JavaScript:x()'>",
        "<a tracking=Enabled href='#top'>",
        "<a tracking=Enabled href=''>",
        "<a tracking=Enabled href>",
        "<a tracking=Enabled name=x>",
        f"<a tracking=Enabled href='https://shop.example/{'x' * 5000}'>",
        "<a href=Unsubscribe>",
        "<a href=https://shop.example/ linktype=Form>",
        f"<!-- <a tracking=Enabled {HREF}> -->",
    ],
)
def test_others_keep_their_targets(html: str) -> None:
    assert links(html) == []
    kept = re.sub(r" (tracking|linktype)=\w+", "", html)
    assert rewrite(html, seal()) == (html if "<!--" in html else kept)


def test_forms_lead_nowhere_where_nobody_says_where_they_are() -> None:
    assert rewrite("<a href=S1 linktype=Form>", seal(form_url="")) == "<a href=S1>"


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        ("<A  HREF = MirrorPage  CLASS=b>", '<A  HREF = "LINK"  CLASS=b>'),
        ("<a tracking='Enabled' href='https://x.example/'\n class=b>", '<a href="LINK"\n class=b>'),
        ("<a class=z tracking=Enabled>", "<a class=z>"),
        ("<a class=z tracking='Enabled'id=y>", "<a class=z /id=y>"),
        ("<a class='z'tracking='Enabled'id=y>", "<a class='z'/id=y>"),
        ("<a class=z tracking/>", "<a class=z //>"),
        ("<a class=z tracking linktype=x dataminingname  =  'y' id=y>", "<a class=z id=y>"),
        ("<a x tracking='' =y>", "<a x / =y>"),
        ("<p\tTRACKING=1>é</p>", "<p>é</p>"),
        ("<title tracking=1><a tracking=1></title>", "<title><a tracking=1></title>"),
    ],
)
def test_only_what_must_change_does(html: str, wanted: str) -> None:
    assert shown(html) == wanted


def test_a_picture_of_a_dot_tells_of_opens() -> None:
    assert links("<p>x</p></body></html>", open_pixel=True) == [made(LinkKind.OPEN)]


@pytest.mark.parametrize(
    ("html", "before"),
    [
        ("<body>x</body></html>", "<body>x"),
        ("<body>x</body><p>y</BODY >\n", "<body>x</body><p>y"),
        ("x", "x"),
        ("x<!-- </body> -->", "x<!-- </body> -->"),
        ("x<a href='", "x"),
        ("<p>x</p><!-- never ends", "<p>x</p>"),
    ],
)
def test_the_picture_stands_where_readers_load_it(html: str, before: str) -> None:
    written = shown(html, open_pixel=True)
    assert written.startswith(f'{before}<img src="LINK" width="1" height="1" alt="" style="')
    assert written.endswith(html.removeprefix(before))


def test_a_link_that_no_person_sees_leads_to_the_first_target() -> None:
    html = f"<body><a tracking=Enabled {HREF}>a</a> <a tracking=Enabled href=https://x.example>b</a></body>"
    first, _, decoy = links(html, decoy_link=True)
    assert (first, decoy) == (TRACKED, made(LinkKind.REDIRECTION, target=SHOP, decoy=True))
    hidden = r'<a href="LINK" aria-hidden="true" tabindex="-1" style="display:none;[^"]*"></a></body>$'
    assert re.search(hidden, shown(html, decoy_link=True))


@pytest.mark.parametrize(
    "html", [f"<a {HREF}>", "<a href=MirrorPage>", "<a tracking=Enabled href='mailto:a@b.example'>"]
)
def test_without_a_tracked_target_there_is_no_such_link(html: str) -> None:
    assert not any(link.decoy for link in links(html, decoy_link=True))


def test_without_a_seal_there_are_no_links() -> None:
    html = f"<a {HREF} tracking><a href=MirrorPage><a href=Unsubscribe linktype=System><a href=S1 linktype=Form>"
    assert rewrite(html, b"") == f'<a {HREF}><a href="#"><a href="#"><a href=S1>'


def test_an_address_is_written_so_that_it_cannot_leave_its_attribute() -> None:
    links = Links({1: b"secret"}, 'https://news.example/"><script>&/t/')
    written = rewrite("<a href=MirrorPage>", Linking(links, Settings(public_url="https://x")).of(*MESSAGE).seal)
    assert written.startswith('<a href="https://news.example/&quot;&gt;&lt;script&gt;&amp;/t/')


class Listener:
    """Hears what another parser reads."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Note a start tag."""
        self.heard.append((tag, dict(attributes)))

    def end(self, tag: str) -> None:
        """Note an end tag."""
        self.heard.append(f"/{tag}")

    def data(self, text: str) -> None:
        """Note text, of which parts may come one by one."""
        if self.heard and isinstance(self.heard[-1], list):
            self.heard[-1].append(text)
        else:
            self.heard.append([text])

    def comment(self, text: str) -> None:
        """Note a comment."""
        self.heard.append(("comment", text))

    def close(self) -> list[Any]:
        """Return what was heard."""
        return ["".join(each) if isinstance(each, list) else each for each in self.heard]


def heard(html: str) -> list[Any]:
    return fromstring(html.encode(), HTMLParser(encoding="utf-8", target=Listener())) if html.strip() else []


def expected(event: Any) -> Any:
    """Return what is to be heard of rewritten HTML where this was before, by rules that are said once more."""
    if not isinstance(event, tuple) or not isinstance(event[1], dict):
        return event
    tag, said = event
    kept = {name: value for name, value in said.items() if name not in OURS}
    wanted = _wanted(said) if tag in {"a", "area"} and "href" in said else None
    return tag, kept | ({"href": wanted} if wanted else {})


def _wanted(said: dict[str, str]) -> Link | None:
    href, label, linktype = said["href"].strip(), said.get("dataminingname", ""), said.get("linktype", "").lower()
    if href.lower() == "mirrorpage" and linktype in {"", "system"}:
        return made(LinkKind.MIRROR, label=label)
    if href.lower() in {"unsubscribe", "unsubscribepage"} and linktype == "system":
        return made(LinkKind.UNSUBSCRIBE, label=label)
    if linktype == "form" and re.fullmatch(r"[^\s/:?#]+", href):
        return made(LinkKind.FORM, label=label, form=href, target=f"https://forms.example/{quote(href, safe='')}")
    if said.get("tracking", "").lower() == "enabled" and (target := target_of(href)):
        return made(LinkKind.REDIRECTION, label=label, target=target)
    return None


def read_links(event: Any) -> Any:
    if not isinstance(event, tuple) or not isinstance(event[1], dict) or BASE not in event[1].get("href", ""):
        return event
    return event[0], event[1] | {"href": link(event[1]["href"].removeprefix(BASE))}


KEPT = (
    *(
        "text",
        "é",
        "&copy",
        "&amp;",
        "\r\n",
        "\t",
        "\0",
        "< a>",
        ">",
        '"',
        "'",
        "</ x='>",
        "</>",
        "<br/>",
        "<?x?>",
    ),
    *("<!-- <a tracking href=MirrorPage> -->", "<!-->", "<!---->", "<!doctype html>", "<![if !mso]>", "<![endif]>"),
    *(
        "<p class='a>b' ID=x/>",
        "<P\nTitle = \"<a tracking href='MirrorPage'>\" >",
        "</p\n>",
        "<a>",
        "<a name=x>",
        "</A>",
    ),
    *("<style>p { top: 0 } <a tracking></style>", "<script>'<a tracking>'</script>", "<title><p tracking></title>"),
    *(
        "<svg><![CDATA[ > <a tracking> ]]></svg>",
        "<svg><style></style><path d='M0'/></svg>",
        "<textarea><a tracking></textarea>",
    ),
    *(
        "<!--[if mso]><table><tr><td><![endif]-->",
        "<!--[if !mso]><!-->",
        "<!--<![endif]-->",
        '<a href="https://x.example">',
    ),
)
CHANGED = (
    ("<a\n href='MirrorPage'  id=x>", '<a\n href="LINK"  id=x>'),
    ('<a tracking="Enabled" dataminingname="l" href="https://x.example" class=z>', '<a href="LINK" class=z>'),
    ("<AREA HREF=Unsubscribe LinkType=System />", '<AREA HREF="LINK" />'),
    (
        "<!--[if mso]><v:rect href=https://x.example tracking=enabled><![endif]-->",
        '<!--[if mso]><v:rect href="LINK"><![endif]-->',
    ),
    ("<p tracking title='>'>", "<p title='>'>"),
)


@given(soups)
@settings(max_examples=300, deadline=None)
def test_another_parser_hears_the_same_but_for_links(html: str) -> None:
    html = html.replace("\r", "").replace("\0", "")
    assert [*map(read_links, heard(rewrite(html, seal())))] == [*map(expected, heard(html))]


@given(st.lists(st.sampled_from(KEPT) | st.sampled_from(CHANGED)))
@settings(deadline=None)
def test_between_links_everything_stays_to_the_byte(pieces: list[str | tuple[str, str]]) -> None:
    html, wanted = ("".join(piece if isinstance(piece, str) else piece[n] for piece in pieces) for n in (0, 1))
    assert shown(html) == wanted


@given(soups)
@settings(max_examples=300, deadline=None)
def test_what_is_rewritten_already_stays_as_it_is(html: str) -> None:
    once = rewrite(html, seal(open_pixel=True, decoy_link=True))
    assert rewrite(once, seal(open_pixel=True, decoy_link=True)) == once


@given(soups)
@settings(deadline=None)
def test_what_asks_for_nothing_stays_to_the_byte(html: str) -> None:
    html = re.sub("tracking|linktype|dataminingname|mirrorpage", "x", html, flags=re.IGNORECASE)
    assert rewrite(html, b"") == html
    assert rewrite(html, seal()) == html


def test_addresses_are_read_back_as_they_were_written() -> None:
    written = rewrite(f"<a tracking=Enabled {HREF}>", seal())
    (address,) = re.findall(r'href="([^"]+)"', written)
    assert link(unescape(address).removeprefix(BASE)) == TRACKED
