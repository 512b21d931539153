"""Links: what is put in comes out, and nothing that anybody changed or made elsewhere is read."""

from __future__ import annotations

import os
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estampe.tracking.linking.links import (
    PATH,
    Addressed,
    InvalidLink,
    Link,
    LinkKind,
    Links,
    LinkTooLong,
    Part,
    Seal,
    glance,
    read,
)

BASE = f"https://mail.example{PATH}"
LINKS = Links({1: b"k" * 32}, BASE)
MESSAGE = Addressed(7, "000PE4", "0013KDC8", UUID("d52055cd-e854-4177-8ef5-b10fd8d568a7"))
TARGET = "https://shop.example/autumn?size=42&color=é#top"

short = st.text(st.characters(codec="utf-8"), max_size=60)
messages = st.builds(Addressed, st.integers(0, 2**32 - 1), short, short, st.uuids())
sayings = st.fixed_dictionaries(
    {
        "part": st.sampled_from(Part),
        "label": short,
        "target": st.text(st.characters(codec="utf-8"), max_size=900),
        "form": short,
        "decoy": st.booleans(),
    }
)


def sealed(links: Links = LINKS, message: Addressed = MESSAGE, **said: Any) -> str:
    """Return the token of a link."""
    kind = said.pop("kind", LinkKind.REDIRECTION)
    address = links.seal(message).address(kind, **{"target": TARGET, "label": "boots", **said})
    return address.removeprefix(BASE)


@given(messages, st.sampled_from(LinkKind), sayings)
def test_what_is_put_into_a_link_comes_out(message: Addressed, kind: LinkKind, said: dict[str, Any]) -> None:
    address = LINKS.seal(message).address(kind, **said)
    verified = LINKS.verify(address.removeprefix(BASE))
    assert read(verified) == Link(message=message, kind=kind, **said)
    assert glance(verified) == (kind, said["target"].encode())


@given(messages, sayings)
def test_a_link_is_made_of_letters_that_every_program_leaves_alone(message: Addressed, said: dict[str, Any]) -> None:
    address = LINKS.seal(message).address(LinkKind.MIRROR, **said)
    token = address.removeprefix(BASE)
    assert token.isascii()
    assert token.replace("-", "").replace("_", "").isalnum()


def test_a_link_is_always_the_same() -> None:
    assert sealed() == sealed()
    assert len(sealed(target="", label="", kind=LinkKind.OPEN)) < 70


def test_no_bit_can_be_changed() -> None:
    token = sealed()
    for place in range(len(token)):
        for letter in "ABCDwxyz0189-_=+/ \0é%":
            if letter != token[place]:
                with pytest.raises(InvalidLink):
                    LINKS.verify(token[:place] + letter + token[place + 1 :])


@given(st.data())
def test_no_end_can_be_cut_off_nor_anything_added(data: st.DataObject) -> None:
    token = sealed()
    start, end = (data.draw(st.integers(0, len(token))) for _ in "ab")
    for changed in (token[start:end], token + data.draw(st.text(min_size=1)), data.draw(st.text(min_size=1)) + token):
        if changed != token:
            with pytest.raises(InvalidLink):
                LINKS.verify(changed)


@given(st.one_of(st.text(), st.text("ABCDEFGHabcdefgh01234567-_", max_size=300), st.binary().map(bytes.hex)))
def test_whatever_else_is_read_it_is_refused(token: str) -> None:
    with pytest.raises(InvalidLink):
        LINKS.verify(token)


def test_a_token_is_written_in_one_way_only() -> None:
    """The bits that its last letter has too many say nothing, and must be zero."""
    for target in ("https://a.example/" + "x" * n for n in range(4)):
        token = sealed(target=target)
        for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
            if letter != token[-1]:
                with pytest.raises(InvalidLink):
                    LINKS.verify(token[:-1] + letter)


def test_a_foreign_secret_seals_nothing() -> None:
    with pytest.raises(InvalidLink):
        LINKS.verify(sealed(Links({1: b"f" * 32}, BASE)))


def test_the_newest_secret_seals_and_older_ones_still_verify() -> None:
    old, both, new = Links({1: b"a" * 32}, BASE), Links({1: b"a" * 32, 9: b"b" * 32}, BASE), Links({9: b"b" * 32}, BASE)
    assert both.verify(sealed(old))
    assert new.verify(sealed(both))
    with pytest.raises(InvalidLink):
        new.verify(sealed(old))
    with pytest.raises(InvalidLink):
        old.verify(sealed(new))


def test_what_composes_one_message_can_seal_no_other() -> None:
    seal = LINKS.seal(MESSAGE)
    other = LINKS.seal(MESSAGE._replace(stamp=uuid4()))
    forged = Seal(BASE, other.head, seal.key).address(LinkKind.UNSUBSCRIBE)
    with pytest.raises(InvalidLink):
        LINKS.verify(forged.removeprefix(BASE))


@given(messages, messages)
def test_words_cannot_move_from_one_message_to_another(one: Addressed, other: Addressed) -> None:
    if one != other:
        assert LINKS.seal(one).head != LINKS.seal(other).head
        assert LINKS.seal(one).key != LINKS.seal(other).key


def test_a_seal_travels_to_where_messages_are_composed() -> None:
    seal = LINKS.seal(MESSAGE)
    there = msgspec.msgpack.decode(msgspec.msgpack.encode(seal), type=Seal)
    assert there.address(LinkKind.OPEN) == seal.address(LinkKind.OPEN)


def test_a_link_says_only_so_much() -> None:
    assert LINKS.verify(sealed(target="https://a.example/" + "x" * 4_000))
    with pytest.raises(LinkTooLong, match="too long"):
        sealed(target="x" * 4_100)


def test_a_long_label_is_cut_between_letters() -> None:
    link = read(LINKS.verify(sealed(label="é" * 200)))
    assert link.label == "é" * 127


def test_long_tokens_are_refused_unread() -> None:
    with pytest.raises(InvalidLink):
        LINKS.verify("A" * 10_000_000)


def test_guesses_at_a_key_are_refused() -> None:
    head = LINKS.seal(MESSAGE).head
    for _ in range(1_000):
        guess = Seal(BASE, head, os.urandom(32)).address(LinkKind.OPEN)
        with pytest.raises(InvalidLink):
            LINKS.verify(guess.removeprefix(BASE))
