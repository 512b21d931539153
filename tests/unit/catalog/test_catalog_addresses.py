"""What counts as an address of electronic mail, and what its domain is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estampe.catalog import InvalidAddress, domain_of, parse_address


@pytest.mark.parametrize(
    ("text", "address", "domain"),
    [
        ("ann@example.com", "ann@example.com", "example.com"),
        (" Ann.B+tag@Mail.Example.COM ", "Ann.B+tag@Mail.Example.COM", "mail.example.com"),
        ("ann@exämple.com", "ann@xn--exmple-cua.com", "xn--exmple-cua.com"),
        ("ann@EXÄMPLE.com", "ann@xn--exmple-cua.com", "xn--exmple-cua.com"),
        ("root@localhost", "root@localhost", "localhost"),
        ("o'neil.@a_b.example", "o'neil.@a_b.example", "a_b.example"),
        (f"{'a' * 64}@example.com", f"{'a' * 64}@example.com", "example.com"),
    ],
)
def test_an_address_is_read(text: str, address: str, domain: str) -> None:
    assert parse_address(text) == address
    assert domain_of(address) == domain


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ann",
        "@example.com",
        "ann@",
        "ann@@example.com",
        "ann b@example.com",
        '"ann b"@example.com',
        "ann,bob@example.com",
        "Ann <ann@example.com>",
        "ann@exa mple.com",
        "ann@example..com",
        "ann@.example.com",
        "ann@example.com.",
        "ann@-example.com",
        "ann@[127.0.0.1]",
        "änn@example.com",
        "ann@example.com\nBcc: bob@example.com",
        "ann\r\n@example.com",
        "ann\0@example.com",
        f"{'a' * 65}@example.com",
        f"ann@{'a' * 64}.com",
        f"ann@ä{'a' * 62}.com",
        f"ann@{'a' * 60}.{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 10}",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidAddress, match="no e-mail address"):
        parse_address(text)


def test_no_address_has_no_domain() -> None:
    assert domain_of("") == ""


@given(st.text() | st.builds("{}@{}".format, st.text(min_size=1), st.text(min_size=1)))
def test_an_address_is_ascii_without_room_for_anything_else(text: str) -> None:
    try:
        address = parse_address(text)
    except InvalidAddress:
        return
    assert address.isascii()
    assert address.isprintable()
    assert not set(address) & set(' ,;:<>()[]"\\')
    assert parse_address(address) == address
    assert domain_of(address) == domain_of(address).lower() != ""
