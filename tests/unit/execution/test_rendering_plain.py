"""A message's text is what its HTML says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estampe.execution.composing.plain import plain


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<h1>Title</h1>Text", "Title\n\nText"),
        ("a <b>b</b>\n  <i>c</i>", "a b c"),
        ("a<br>b<br/><br>c", "a\nb\n\nc"),
        ("<div>a</div><div><div>b</div></div>c", "a\nb\nc"),
        ("<div>a<br></div><div>b</div>", "a\nb"),
        ("a<hr>b", "a\n\n---\n\nb"),
        ("&eacute; &amp; &lt;p&gt;&nbsp;x", "é & <p>\xa0x"),
        ("<ul><li>a<li>b</ul>c", "- a\n- b\n\nc"),
        ("<ol><li>a<ul><li>x</ul><li>b</ol>", "1. a\n  - x\n2. b"),
        ("<li>alone", "- alone"),
        ("<table><tr><td>Total</td><td>10 €</td></tr><tr><td>Tax</td><td>2 €</td></tr></table>", "Total 10 €\nTax 2 €"),
        ("<table><tr><td><p>a</p></td><td><p>b</p></td></tr></table>", "a\n\nb"),
        ("<pre>a\n  b  c</pre>d", "a\n  b  c\n\nd"),
        ('<a href="https://x.example/y">Go</a> on', "Go <https://x.example/y> on"),
        ('<a href="https://x.example/">x.example</a>', "x.example"),
        ('<a href="mailto:a@b.example">a@b.example</a>', "a@b.example"),
        ('<a href="#top">Top</a> <a>none</a> <a href="javascript:x()">js</a>', "Top none js"),
        ('<a href="https://x.example"><img src="b.png" alt="Buy"></a>', "Buy <https://x.example>"),
        ('<img src="b.png"><img alt="Logo">', "Logo"),
        ("<head><title>T</title><style>p{}</style></head><body><script>x<y</script>a</body>", "a"),
        ('<div style="Display : none">hidden <a href="https://h.example">x</a><br><img alt="y"></div>seen', "seen"),
        ('<img alt="pixel" style="display:none">seen<p>all', "seen\n\nall"),
        ("a<!-- b --><!--[if mso]>c<![endif]-->d", "ad"),
        ('<?xml version="1.0" encoding="latin-1"?><p>é</p>', "é"),
        ('<meta charset="latin-1"><p>é</p>', "é"),
        ("no element", "no element"),
        ("", ""),
        ("<!-- nothing -->", ""),
        ("\x01a\x02b\x7f", "a b"),
        ("<pre>a\x01b\x02\tc</pre>", "a b     c"),
    ],
)
def test_html_reads_as_text(html: str, text: str) -> None:
    assert plain(html) == text


def test_deep_nesting_exhausts_nothing() -> None:
    assert plain("<a><ul><b>" * 50_000 + "x") in {"x", ""}


PIECES = (
    "<p>",
    "</p>",
    "<ul>",
    "<li>",
    "</ul>",
    "<a href='https://x.example'>",
    "</a>",
    "<pre>",
    "</pre>",
    "<br>",
    " ",
    "a",
    "</",
)


@pytest.mark.parametrize("page", ["unsubscribe", "mirror"])
def test_links_to_our_pages_lead_there(page: str) -> None:
    html = '<a href="MirrorPage">Web</a> <a href=" unsubscribe ">Stop</a>'
    address = f"https://news.example/{page}"
    assert f"<{address}>" in plain(html, {page: address})
    assert plain(html, {page: "#"}) == plain(html) == "Web Stop"


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3)).map("".join))
def test_any_html_has_a_text_that_is_whole_and_has_no_wide_gaps(html: str) -> None:
    try:
        html.encode()
    except UnicodeEncodeError:
        return
    text = plain(html)
    assert "\n\n\n" not in text
    assert text.encode() or not text
