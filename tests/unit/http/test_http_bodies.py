"""Bodies: decompressed within the limit, split, decoded; every wrong item is named."""

from __future__ import annotations

import gzip
from contextlib import suppress
from typing import Any

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from estampe.events import Customer
from estampe.http.bodies import Limits, read_drafts
from estampe.http.problems import Kind, Problem

CUSTOMER = Customer(agency="DEMO", customer="028")
LIMITS = Limits(100_000, 1_000)
JSON, NDJSON = "application/json", "application/x-ndjson"


def refusal(body: bytes, media_type: str = JSON, encoding: str = "", limits: Limits = LIMITS) -> Problem:
    with pytest.raises(Problem) as caught:
        read_drafts(body, media_type, encoding, CUSTOMER, limits)
    return caught.value


@pytest.mark.parametrize(
    ("encoding", "compress"), [("gzip", gzip.compress), ("zstd", zstandard.compress), ("identity", bytes)]
)
def test_every_encoding_and_form_gives_the_same_drafts(draft: dict[str, Any], encoding: str, compress: Any) -> None:
    one = msgspec.json.encode(draft)
    array, lines = b"[%b, %b]" % (one, one), b"%b\r\n\n%b" % (one, one)
    for body, media_type in ((array, JSON), (array, "application/json; charset=utf-8"), (lines, NDJSON)):
        assert len(read_drafts(compress(body), media_type, encoding, CUSTOMER, LIMITS)) == 2


def test_a_byte_order_mark_is_passed_over(draft: dict[str, Any]) -> None:
    one = msgspec.json.encode(draft)
    for body, media_type in ((b"[%b]" % one, JSON), (one, NDJSON)):
        assert len(read_drafts(b"\xef\xbb\xbf" + body, media_type, "", CUSTOMER, LIMITS)) == 1


def test_several_frames_or_members_are_one_body(draft: dict[str, Any]) -> None:
    line = msgspec.json.encode(draft) + b"\n"
    for encoding, compress in (("gzip", gzip.compress), ("zstd", zstandard.compress)):
        assert len(read_drafts(compress(line) + compress(line), NDJSON, encoding, CUSTOMER, LIMITS)) == 2


@pytest.mark.parametrize(("encoding", "compress"), [("gzip", gzip.compress), ("zstd", zstandard.compress)])
def test_a_body_cut_short_is_never_taken_for_whole(draft: dict[str, Any], encoding: str, compress: Any) -> None:
    body = compress(msgspec.json.encode(draft) + b"\n")
    for end in range(len(body)):
        assert refusal(body[:end], NDJSON, encoding).kind is Kind.INVALID_BODY
    assert refusal(b"rubbish", NDJSON, encoding).kind is Kind.INVALID_BODY
    assert refusal(body + b"rubbish", NDJSON, encoding).kind is Kind.INVALID_BODY


@pytest.mark.parametrize(("encoding", "compress"), [("gzip", gzip.compress), ("zstd", zstandard.compress)])
def test_a_bomb_is_refused_before_it_unfolds(encoding: str, compress: Any) -> None:
    problem = refusal(compress(bytes(30_000_000)), JSON, encoding)
    assert problem.kind is Kind.BODY_TOO_LARGE
    assert "100000" in str(problem)


def test_too_many_drafts_are_refused_with_the_limit() -> None:
    problem = refusal(b"[" + b"{}," * 1_000 + b"{}]")
    assert problem.kind is Kind.BATCH_TOO_LARGE
    assert "1000" in str(problem)


def test_each_wrong_item_is_named_by_index_and_path(draft: dict[str, Any]) -> None:
    wrong = draft | {"source": {"type": "email", "detail": {"activation": 7}}}
    problem = refusal(msgspec.json.encode([draft, wrong, draft, {}]))
    assert problem.kind is Kind.INVALID_EVENTS
    assert {flaw.index for flaw in problem.flaws} == {1, 3}
    assert problem.flaws[0].path == "$.source.detail.activation"
    assert problem.flaws[0].found == "7"


def test_at_most_a_hundred_wrong_things_are_listed() -> None:
    assert len(refusal(b"[" + b"1," * 500 + b"1]").flaws) == 100


def test_another_customers_event_is_refused_as_foreign(draft: dict[str, Any]) -> None:
    own = draft | {"identity": {"type": "customer", "agency": "DEMO", "customer": "028"}}
    foreign = draft | {"identity": {"type": "customer", "agency": "DEMO", "customer": "029"}}
    assert read_drafts(msgspec.json.encode([own]), JSON, "", CUSTOMER, LIMITS)
    problem = refusal(msgspec.json.encode([own, foreign]))
    assert problem.kind is Kind.FOREIGN_IDENTITY
    assert (problem.flaws[0].index, problem.flaws[0].found) == (1, "DEMO/029")


@pytest.mark.parametrize("body", [b"", b"{}", b"[", b"[1,]", b"null", b"[" * 100_000])
def test_what_is_no_array_is_refused(body: bytes) -> None:
    assert refusal(body).kind is Kind.INVALID_BODY


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx"])
def test_other_media_types_are_refused_with_those_allowed(media_type: str) -> None:
    problem = refusal(b"[]", media_type)
    assert problem.kind is Kind.UNSUPPORTED_MEDIA_TYPE
    assert NDJSON in str(problem)


def test_other_encodings_are_refused_with_those_allowed() -> None:
    problem = refusal(b"[]", encoding="br")
    assert problem.kind is Kind.UNSUPPORTED_ENCODING
    assert dict(problem.headers)["accept-encoding"] == "gzip, zstd"


@given(st.binary(max_size=200), st.sampled_from([JSON, NDJSON]), st.sampled_from(["", "gzip", "zstd"]))
def test_no_bytes_do_anything_but_be_read_or_be_refused(body: bytes, media_type: str, encoding: str) -> None:
    with suppress(Problem):
        read_drafts(body, media_type, encoding, CUSTOMER, LIMITS)
