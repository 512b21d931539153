"""Linking: a message's links are there before it is composed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from estampe.settings import InvalidSetting, Settings
from estampe.tracking.linking.linking import Linking, MessageLinks, Pen
from estampe.tracking.linking.links import PATH, Addressed, Link, LinkKind, Links, Part, read

MESSAGE = Addressed(7, "000PE4", "000R4M0T", UUID(int=9))
SECRETS = Links({1: b"secret"}, f"https://news.example{PATH}")


def links(url: str = "https://news.example", *, pixel: bool = True, **chosen: Any) -> MessageLinks:
    return Linking(SECRETS, Settings(public_url=url, **chosen)).of(*MESSAGE, pixel=pixel)


def link_of(address: str) -> Link:
    return read(SECRETS.verify(address.removeprefix(f"https://news.example{PATH}")))


def test_the_header_and_templates_have_links_of_their_own() -> None:
    made = links()
    assert link_of(made.unsubscribe) == Link(message=MESSAGE, kind=LinkKind.UNSUBSCRIBE, part=Part.HEADER)
    assert {name: link_of(address) for name, address in made.variables.items()} == {
        "unsubscribe": Link(message=MESSAGE, kind=LinkKind.UNSUBSCRIBE),
        "mirror": Link(message=MESSAGE, kind=LinkKind.MIRROR),
    }


def test_the_header_has_one_only_if_mail_programs_may_post_to_it() -> None:
    """RFC 8058 section 3.1 asks for https."""
    made = links("http://127.0.0.1:8080")
    assert made.unsubscribe == ""
    assert made.seal


def test_where_nobody_reaches_the_server_there_are_no_links() -> None:
    assert links("") == MessageLinks("", {"unsubscribe": "#", "mirror": "#"}, b"")
    assert Pen.read(b"") is None


@pytest.mark.parametrize(
    ("chosen", "pixel", "decoy"),
    [
        ({}, True, False),
        ({"open_pixel": False, "decoy_link": True}, False, True),
        ({"pixel": False}, False, False),
    ],
)
def test_the_seal_says_what_is_wanted(chosen: dict[str, Any], pixel: bool, decoy: bool) -> None:
    pen = Pen.read(links(**chosen, form_url="https://forms.example/{form}").seal)
    assert pen == Pen(SECRETS.seal(MESSAGE), pixel, decoy, "https://forms.example/{form}")


def test_a_message_has_the_same_links_each_time() -> None:
    assert links() == links()


def test_a_form_stands_where_the_setting_says() -> None:
    pen = Pen(SECRETS.seal(MESSAGE), pixel=True, decoy=True, form_url="https://forms.example/{form}?from={form}")
    assert pen.form("S 1/é") == "https://forms.example/S%201%2F%C3%A9?from=S%201%2F%C3%A9"


@pytest.mark.parametrize("url", ["forms.example/{form}", "javascript:x", "https://", "https:// x", "/{form}"])
def test_an_address_of_forms_that_leads_nowhere_is_refused(url: str) -> None:
    with pytest.raises(InvalidSetting, match="ESTAMPE_FORM_URL"):
        links(form_url=url)
