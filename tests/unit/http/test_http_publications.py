"""Publications: all or nothing, once an id, answered with places in order."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import msgspec
import pytest

from estampe.log import LogBusy, LogClosed, LogFull


def test_receipts_come_in_order_with_positions_as_text(call: Any, draft: dict[str, Any]) -> None:
    ids = [str(uuid4()) for _ in range(3)]
    answer = call.post([draft | {"id": each} for each in ids])
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/json"
    receipts = answer.json()
    assert [receipt["id"] for receipt in receipts] == ids
    assert all(isinstance(receipt["position"], str) for receipt in receipts)
    assert sorted(int(receipt["position"]) for receipt in receipts) == [int(r["position"]) for r in receipts]
    assert all(set(receipt) == {"id", "position"} for receipt in receipts)


def test_a_duplicate_says_so(call: Any, draft: dict[str, Any]) -> None:
    known = draft | {"id": str(uuid4())}
    call.post([known])
    assert [receipt.get("duplicate") for receipt in call.post([known, draft]).json()] == [True, None]


def test_an_empty_array_is_kept_as_such(call: Any) -> None:
    answer = call.post([])
    assert (answer.status_code, answer.json()) == (201, [])


def test_one_wrong_item_keeps_all_out(call: Any, draft: dict[str, Any]) -> None:
    answer = call.post([draft, {"type": "hit"}])
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["index"] == 1
    assert call.log.bodies == []


def test_a_large_batch_is_read_in_a_thread_with_the_same_answer(call: Any, draft: dict[str, Any]) -> None:
    answer = call.post([draft] * 500)
    assert (answer.status_code, len(answer.json())) == (201, 500)


@pytest.mark.parametrize(
    ("refusal", "status", "slug"),
    [
        (LogFull("No room."), 507, "log-full"),
        (LogBusy("Too many wait."), 503, "log-busy"),
        (LogClosed("Closing."), 503, "not-ready"),
    ],
)
def test_a_log_that_takes_nothing_says_why_and_when_to_try_again(
    call: Any, draft: dict[str, Any], refusal: Exception, status: int, slug: str
) -> None:
    call.log.refusal = refusal
    answer = call.post([draft])
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}")
    assert answer.json()["detail"] == str(refusal)
    assert answer.headers["retry-after"] == "1"


def test_a_body_that_declares_too_much_is_refused_unread(call: Any) -> None:
    answer = call.post(b"[" + b" " * call.settings.body_limit + b"]")
    assert answer.status_code == 413
    assert str(call.settings.body_limit) in answer.json()["detail"]


def test_a_body_without_length_is_refused_at_the_limit(call: Any) -> None:
    async def parts() -> Any:
        for _ in range(20):
            yield bytes(1_048_576)

    headers = {"content-type": "application/json"}
    assert call("POST", "/actions/events", content=parts(), headers=headers).status_code == 413


def test_publications_are_counted(call: Any, draft: dict[str, Any]) -> None:
    known = draft | {"id": str(uuid4())}
    call.post([known, draft])
    call.post([known])
    counted = call("GET", "/metrics", key=None).text
    for line in ("estampe_publishes_total 2.0", "estampe_events_total 2.0", "estampe_duplicates_total 1.0"):
        assert line in counted


def test_another_customers_key_publishes_into_its_own_log(call: Any, draft: dict[str, Any]) -> None:
    other = msgspec.structs.replace(call.log.customer, customer="029")
    key = call.make_key(customer=other)
    assert call.post([draft], key=key).status_code == 201
    assert call.log.bodies == []
    assert len(call.logs.of(other).bodies) == 1
