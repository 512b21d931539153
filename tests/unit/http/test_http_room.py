"""Room: bodies that are held at once are limited, in all and for each key."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from estampe.http.problems import Kind, Problem
from estampe.http.room import Room
from estampe.settings import Settings

ROOM = Settings(body_limit=2_000, bodies_limit=5_000, bodies_per_key=3_000)


def test_a_key_takes_no_more_than_its_share_and_gives_it_back() -> None:
    room = Room(ROOM)
    with room.taken("a") as take, room.taken("a") as take_too:
        take(2_000)
        take_too(1_000)
        with pytest.raises(Problem) as caught:
            take_too(1)
        assert caught.value.kind is Kind.TOO_MANY_BODIES
        assert caught.value.headers
    with room.taken("a") as take:
        take(3_000)


def test_all_keys_together_take_no_more_than_there_is() -> None:
    room = Room(ROOM)
    with ExitStack() as stack:
        for key in "ab":
            stack.enter_context(room.taken(key))(2_500)
        with pytest.raises(Problem) as caught:
            stack.enter_context(room.taken("c"))(1)
        assert caught.value.kind is Kind.NO_ROOM
    with room.taken("c") as take:
        take(3_000)


def test_there_is_always_room_for_one_whole_body() -> None:
    with Room(Settings(body_limit=9_000, bodies_limit=5_000, bodies_per_key=3_000)).taken("a") as take:
        take(9_000)
