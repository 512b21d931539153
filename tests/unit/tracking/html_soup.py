"""HTML as nobody should write it."""

from __future__ import annotations

from hypothesis import strategies as st

_BROKEN = (
    *(
        "<a ",
        "<A\n",
        "<area ",
        "<p ",
        "<b>",
        "</a>",
        "</p>",
        "</body>",
        "<br/>",
        ">",
        "/>",
        "/",
        " ",
        "\n",
        "=",
        '"',
        "'",
    ),
    *("<", "<!--", "-->", "--!>", "<!-->", "<!--->", "--", "-", "!", "<!", "<?", "</", "</>", "<!doctype html>"),
    *("<![CDATA[", "]]>", "<style>", "</style ", "<title>", "</title>", "<textarea>", "</textarea>", "<xmp>", "</xmp>"),
    *("<noscript>", "</noscript>", "<iframe>", "</iframe>", "text", "é", "&amp;", "&copy=1", "&#x41;"),
)
_ATTRIBUTES = (
    *(" href='https://y.example/'", ' href="https://x.example/?a=1&amp;b=2&copy=3"', " href=https://z.example/b/"),
    *(" HREF", ' href="MirrorPage"', " href=unsubscribe", " href=F0RM", " href='mailto:a@b.example'", " href="),
    *(' tracking="Enabled"', " TRACKING=enabled", "tracking", " tracking=no", " linktype=Form", ' LinkType="System"'),
    *(
        " dataminingname='l&lt;'",
        'dataminingname="two words"',
        " id=1",
        ' class="c"',
        'title="a>b"',
        " =x",
        " x='<a href=q>'",
    ),
)
_WHOLE = (
    '<a tracking="Enabled" href="https://w.example/">link</a>',
    "<area href=https://v.example/ tracking=enabled shape=default>",
    "<a href=unsubscribe linktype=system>",
    "<a href='MirrorPage'linktype=\"System\"id=2>",
    "<a href=S2 class=z linktype='Form'/>",
    "<img alt='<a tracking=enabled href=https://no.example/>'>",
    "<!-- <a tracking=enabled href=https://no.example/> -->",
)

soups = st.lists(st.sampled_from(_BROKEN + _ATTRIBUTES * 2 + _WHOLE * 3) | st.text(max_size=3), max_size=25).map(
    "".join
)
"""Tags, attributes and pieces of them in any order."""
