"""Compressed answers come out as they went in, wherever frames and pieces are cut, and in bounded memory."""

from __future__ import annotations

import gzip
import tracemalloc
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from estampe.client import IncompleteList, WrongServer
from estampe.client.coding import Coding

if TYPE_CHECKING:
    from collections.abc import Callable

COMPRESS: dict[str, Callable[[bytes], bytes]] = {"zstd": zstandard.compress, "gzip": gzip.compress, "identity": bytes}
NAMES = st.sampled_from(sorted(COMPRESS))
CODED = ["gzip", "zstd"]


@given(NAMES, st.lists(st.binary(max_size=3_000), max_size=5), st.lists(st.integers(0, 9_999), max_size=8))
def test_frames_laid_end_to_end_may_be_cut_anywhere(name: str, frames: list[bytes], cuts: list[int]) -> None:
    coded = b"".join(map(COMPRESS[name], frames))
    ends = sorted({0, len(coded), *(cut % (len(coded) + 1) for cut in cuts)})
    coding = Coding(name)
    plain = b"".join(piece for start, end in pairwise(ends) for piece in coding.decode(coded[start:end]))
    coding.end()
    assert plain == b"".join(frames)


@pytest.mark.parametrize("name", CODED)
def test_a_frame_that_is_cut_short_is_not_whole(name: str) -> None:
    coding = Coding(name)
    list(coding.decode(COMPRESS[name](b"x" * 5_000)[:-3]))
    with pytest.raises(IncompleteList, match="broke off"):
        coding.end()


@pytest.mark.parametrize("name", CODED)
def test_damage_is_told(name: str) -> None:
    with pytest.raises(IncompleteList, match="damaged"):
        list(Coding(name).decode(b"no such thing" * 10))


@pytest.mark.parametrize("name", CODED)
def test_a_bomb_comes_in_bearable_pieces(name: str) -> None:
    bomb = COMPRESS[name](bytes(64 << 20))
    coding = Coding(name)
    tracemalloc.start()
    size = sum(map(len, coding.decode(bomb)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size == 64 << 20
    assert peak < 40 << 20


def test_a_coding_that_was_not_asked_for_is_refused() -> None:
    with pytest.raises(WrongServer, match="'br'"):
        Coding("br")
