"""Targets: what a link may lead to, as HTTP writes it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estampe.tracking.linking.targets import target_of


@pytest.mark.parametrize(
    "address",
    [
        "https://shop.example",
        "HTTP://Shop.example:8080/a;b/%C3%A9?x=[1]&y={z}|^'#top",
        "https://user:word@shop.example/",
        "http://127.0.0.1/",
        "https://[2001:db8::1]/?",
        "https://shop.example/\\x",
    ],
)
def test_an_address_that_is_written_well_stays_as_it_is(address: str) -> None:
    assert target_of(address) == address


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("https://bücher.example/münchen?q=é", "https://xn--bcher-kva.example/m%C3%BCnchen?q=%C3%A9"),
        ("https://bücher.example:81", "https://xn--bcher-kva.example:81"),
        ('https://shop.example/a b?"<x>`', "https://shop.example/a%20b?%22%3Cx%3E%60"),
        ("https://shop.example/100%25/\u0085", "https://shop.example/100%25/%C2%85"),
    ],
)
def test_others_are_written_as_browsers_send_them(address: str, target: str) -> None:
    assert target_of(address) == target


@pytest.mark.parametrize(
    "address",
    [
        *("", "#", "/x", "//shop.example/", "shop.example", "mailto:a@b.example", "tel:+33", "ftp://a.example/"),
        *("javascript:alert(1)", "data:text/html,x", "https:", "https://", "https:///x", "https:shop.example"),
        *("https://shop.example/\r\nSet-Cookie: a=b", "https://shop.example/\x00", "https://shop.example/\x7f"),
        *("https://a b/", "https://evil.example\\@shop.example/", "https://shop.example\n.evil.example/"),
        *("https://℀.example/", "https://faß.example/", f"https://{'ü' * 64}.example/", "https://ü@shop.example/"),
        *(" https://shop.example/", "xhttps://shop.example/", "https://ü..example/"),
    ],
)
def test_what_is_no_page_of_the_web_or_unclear_is_no_target(address: str) -> None:
    assert target_of(address) == ""


@given(st.text(max_size=20), st.text(max_size=20))
@settings(deadline=None)
def test_a_target_is_one_word_of_ascii_and_the_target_of_itself(host: str, rest: str) -> None:
    target = target_of(f"https://{host}/{rest}")
    assert target.isascii()
    assert target.isprintable()
    assert " " not in target
    assert target_of(target) == target
