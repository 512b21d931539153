"""Tokens come back as they were or not at all."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estampe.tokens import InvalidToken, Tokens

OLD, NEW = b"o" * 32, b"n" * 32
TOKENS = Tokens([NEW, OLD])

purposes = st.sampled_from(["return", "unsubscribe", ""]) | st.text(max_size=20)
payloads = st.binary(max_size=60)


@given(purpose=purposes, payload=payloads)
def test_a_token_brings_back_what_it_carries(purpose: str, payload: bytes) -> None:
    token = TOKENS.make(purpose, payload)
    assert re.fullmatch("[a-z2-7]+", token)
    assert TOKENS.read(purpose, token) == payload
    assert TOKENS.read(purpose, token.upper()) == payload


@given(purpose=purposes, other=purposes, payload=payloads)
def test_a_token_is_of_no_use_for_another_purpose(purpose: str, other: str, payload: bytes) -> None:
    if purpose != other:
        with pytest.raises(InvalidToken):
            TOKENS.read(other, TOKENS.make(purpose, payload))


@given(payload=payloads, data=st.data())
def test_a_token_with_another_letter_is_none(payload: bytes, data: st.DataObject) -> None:
    token = TOKENS.make("return", payload)
    at = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz234567").filter(lambda letter: letter != token[at]))
    with pytest.raises(InvalidToken):
        TOKENS.read("return", token[:at] + letter + token[at + 1 :])


@given(st.text(max_size=60))
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    with pytest.raises(InvalidToken):
        TOKENS.read("return", text)


@pytest.mark.parametrize("text", ["", "a", "====", "ß" * 32, "a" * 1_000_000, "é", "\N{KELVIN SIGN}" * 16])
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(InvalidToken):
        TOKENS.read("return", text)


def test_the_first_secret_signs_and_all_verify() -> None:
    assert Tokens([NEW]).read("return", TOKENS.make("return", b"x")) == b"x"
    assert TOKENS.read("return", Tokens([OLD]).make("return", b"x")) == b"x"
    with pytest.raises(InvalidToken):
        Tokens([OLD]).read("return", TOKENS.make("return", b"x"))
