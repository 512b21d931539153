"""The page on sending says what is so."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import UUID

import pytest

from estampe.execution.composing.envelopes import Returns
from estampe.execution.composing.headers import brought
from estampe.execution.composing.messages import compose
from estampe.execution.orders import Order, Rendered, Sender, Template
from estampe.tokens import Tokens

PAGE = (Path(__file__).parents[3] / "docs/sending.md").read_text()
STAMP = UUID("d52055cd-e854-4177-8ef5-b10fd8d568a7")


def section(title: str) -> str:
    return PAGE.partition(f"# {title}\n")[2].partition("\n#")[0]


@pytest.mark.parametrize("bulk", [True, False])
def test_every_header_of_a_message_is_in_the_table(*, bulk: bool) -> None:
    order = Order(
        stamp=STAMP,
        template=Template(),
        sender=Sender(address="a@b.example", reply="c@d.example"),
        to="e@f.example",
        message_id="g@h.example",
        return_path="i@j.example",
        time_ms=0,
        feedback_id="k",
        unsubscribe="https://l.example/",
        bulk=bulk,
    )
    head = compose(order, Rendered(subject="", text="-"), 10_000).message.decode().partition("\r\n\r\n")[0]
    names = set(re.findall(r"^([A-Za-z-]+):", head, re.MULTILINE))
    assert names <= set(re.findall(r"`([A-Za-z-]+)`", section("A message")))


def test_headers_that_a_call_may_bring_are_brought() -> None:
    allowed, refused = section("Headers of your own").split("With any other header")
    names = [name for name in re.findall(r"`([A-Z][A-Za-z-]+)`", allowed) if not name.endswith("-")]
    assert len(names) == 14
    assert len(list(brought(dict.fromkeys(names, "a")))) == 14
    for name in re.findall(r"`(X-[A-Za-z-]+)`", refused):
        with pytest.raises(Exception, match=name):
            list(brought({name: "a"}))


def test_the_return_path_looks_as_it_is_shown() -> None:
    address = Returns(Tokens([b"secret"]), "bounces.example.com").address(3, STAMP)
    assert f"\n{address}\n" in PAGE
