"""A return path says whose message it belongs to, and which."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estampe.execution.composing.envelopes import NoReturnPath, Returns
from estampe.tokens import Tokens

RETURNS = Returns(Tokens([b"s" * 32]), "bounces.example.com")
STAMP = UUID("d52055cd-e854-4177-8ef5-b10fd8d568a7")

numbers = st.integers(0, 2**32 - 1)


@given(number=numbers, stamp=st.uuids())
def test_a_return_path_is_read_back_whatever_servers_do_to_its_case(number: int, stamp: UUID) -> None:
    address = RETURNS.address(number, stamp)
    assert re.fullmatch(r"b\+[a-z2-7]{48}@bounces\.example\.com", address)
    assert RETURNS.read(address) == (number, stamp)
    assert RETURNS.read(address.upper()) == (number, stamp)


@given(number=numbers, other=numbers)
def test_customers_have_no_return_path_in_common(number: int, other: int) -> None:
    if number != other:
        assert RETURNS.address(number, STAMP) != RETURNS.address(other, STAMP)


def test_a_return_path_holds_on_when_the_domain_changes() -> None:
    moved = Returns(Tokens([b"s" * 32]), "returns.example.org")
    assert moved.read(RETURNS.address(7, STAMP)) == (7, STAMP)


def test_a_token_for_another_purpose_is_no_return_path() -> None:
    token = Tokens([b"s" * 32]).make("unsubscribe", bytes(4) + STAMP.bytes)
    with pytest.raises(NoReturnPath):
        RETURNS.read(f"b+{token}@bounces.example.com")


@pytest.mark.parametrize("address", ["", "b+", "b+@", "tom@example.com", "b+tom@example.com", "@" * 10_000])
def test_another_address_is_none(address: str) -> None:
    with pytest.raises(NoReturnPath):
        RETURNS.read(address)
