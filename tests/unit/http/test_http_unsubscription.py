"""The page behind List-Unsubscribe: whatever is sent to it, only a plain POST of a link of ours acts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from estampe.catalog import CatalogUnavailable
from estampe.tracking import NoSuchMessage

if TYPE_CHECKING:
    from collections.abc import Callable

LINK = "/unsubscribe/abc"


class Acting:
    """Notes who unsubscribes, or raises."""

    def __init__(self) -> None:
        self.fault: Exception | None = None
        self.done: list[str] = []

    def find(self, token: str) -> object:
        if self.fault:
            raise self.fault
        return SimpleNamespace(token=token)

    def unsubscribe(self, token: str) -> None:
        self.find(token)
        self.done.append(token)


@pytest.fixture
def acting(call: Any, monkeypatch: pytest.MonkeyPatch) -> Acting:
    acting = Acting()
    monkeypatch.setattr(call.services, "_unsubscribing", acting)
    return acting


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_changes_nothing(call: Any, acting: Acting, method: str) -> None:
    assert call(method, LINK, key=None).status_code == 200
    assert acting.done == []


def test_no_other_site_shows_the_page_as_its_own(call: Any, acting: Acting) -> None:
    acting.fault = NoSuchMessage()
    for path in (LINK, "/unsubscribe/%3Cscript%3E"):
        answer = call("GET", path, key=None)
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "script" not in answer.text


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_catalog_that_does_not_answer_is_asked_again_later(call: Any, acting: Acting, method: str) -> None:
    acting.fault = CatalogUnavailable("the database", "it is away")
    answer = call(method, LINK, key=None)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


@pytest.mark.parametrize("body", [b"", b"List-Unsubscribe=One-Click", b"\0\xff", b"{" * 1_024])
def test_any_short_body_unsubscribes(call: Callable[..., Any], acting: Acting, body: bytes) -> None:
    """Mail programs differ in what they post."""
    assert call("POST", LINK, key=None, content=body).status_code == 200
    assert acting.done == ["abc"]


def test_a_long_body_does_not(call: Any, acting: Acting) -> None:
    assert call("POST", LINK, key=None, content=b"x" * 1_025).status_code == 413
    assert acting.done == []
