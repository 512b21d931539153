"""Mails through a real Postfix: its Maildir, its log and the events agree message by message."""

from __future__ import annotations

import base64
import random
from contextlib import closing
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from mailing import Mailing, recipient

import postfix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path


pytestmark = pytest.mark.e2e

MESSAGES = 400
DOMAINS = 20
MAIL_DOMAIN = "sender.example"
PUBLIC_URL = "https://events.example"

REFUSED = {
    "unknown": ("5.1.1", 550, "hard", ["5.1.1"]),
    "full": ("5.2.2", 552, "soft", ["5.2.2"]),
    "spam": ("5.7.1", 550, "soft", ["5.7.1"]),
    "banned": ("5.7.1", 554, "soft", ["5.7.1"]),
    "busy": ("4.2.1", 450, "soft", ["4.2.1", "4.2.1"]),
}
"""By the beginning of the address: codes and verdict of the bounce, and what the log of Postfix says."""

TAKEN = {"later": ["4.2.1"], "ok": []}
KINDS = [*REFUSED, "later", *["ok"] * 14]
"""Three in ten are refused, some only once."""


class Sent:
    """What was sent, as each of the three has it.

    Parameters:
        stamps: of each address.
        events: of each stamp.
        mails: that arrived, by Message-ID.
        taken: by Message-ID, the recipient that Postfix's log says it was delivered to.
        refusals: of each address, with which codes Postfix refused it.
        dkim_record: what the sender's DNS says.
    """

    def __init__(self, server: Mailing, mail_server: postfix.Postfix, stamps: Mapping[str, str], record: bytes) -> None:
        self.stamps = stamps
        self.events = server.settled(set(stamps.values()))
        kept = sum(kind_of(address) in TAKEN for address in stamps)
        self.mails = {_message_id(mail): mail for mail in mail_server.mails(kept)}
        self.arrived = len(mail_server.mails(kept))
        self.taken = {each.message_id: each.recipient for each in mail_server.taken()}
        self.refusals = mail_server.refusals()
        self.dkim_record = record

    def of(self, *kinds: str) -> Iterator[tuple[str, str]]:
        """Yield address and stamp of messages of some kinds."""
        return ((address, stamp) for address, stamp in self.stamps.items() if kind_of(address) in kinds)


@pytest.fixture(scope="module")
def sent(start_shared: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sent]:
    """Everything is sent once, and looked at from many sides."""
    keys = tmp_path_factory.mktemp("dkim")
    record = make_key(keys)
    with postfix.serving() as mail_server:
        live = start_shared(
            tmp_path_factory.mktemp("mails"),
            relays=mail_server.url,
            retry_schedule="1s",
            mail_domain=MAIL_DOMAIN,
            dkim_keys=keys,
            public_url=PUBLIC_URL,
        )
        with closing(Mailing(live.url, live.data)) as server:
            server.validate()
            addresses = [address(number) for number in range(MESSAGES)]
            random.shuffle(addresses)
            server.keep(addresses)
            results = server.execute([item(each) for each in addresses])
            stamps = {each: result["id"] for each, result in zip(addresses, results, strict=True)}
            yield Sent(server, mail_server, stamps, record)


def test_each_message_has_one_execution_and_one_activation(sent: Sent) -> None:
    assert len(set(sent.stamps.values())) == len(sent.events) == MESSAGES
    for address_, stamp in sent.stamps.items():
        types = [event["type"] for event in sent.events[stamp]]
        assert types == ["execution", "activation", *["bounce"] * (kind_of(address_) in REFUSED)]
        assert sent.events[stamp][1]["source"]["detail"]["activation"]["recipient"] == address_


def test_what_is_activated_and_did_not_bounce_lies_in_the_maildir_once_and_nothing_else_does(sent: Sent) -> None:
    expected = {f"{stamp}@{MAIL_DOMAIN}": address_ for address_, stamp in sent.of(*TAKEN)}
    assert sent.taken == expected
    assert {message_id: delivered_to(mail) for message_id, mail in sent.mails.items()} == expected
    assert sent.arrived == len(expected)


def test_what_postfix_refused_for_good_or_again_and_again_bounced_as_it_said(sent: Sent) -> None:
    for address_, stamp in sent.of(*REFUSED):
        enhanced, basic, verdict, refusals = REFUSED[kind_of(address_)]
        bounce = sent.events[stamp][-1]["source"]["detail"]["bounce"]
        assert bounce["status"]["type"] == "sync"
        assert bounce["status"]["code"] == {"enhanced": enhanced, "basic": basic}
        assert bounce["status"]["mta"] == postfix.NAME
        assert bounce["analysis"]["verdict"] == verdict
        assert sent.refusals[address_] == refusals


def test_what_postfix_refused_for_now_is_taken_the_second_time(sent: Sent) -> None:
    for kind, refusals in TAKEN.items():
        assert all(sent.refusals.get(address_, []) == refusals for address_, _ in sent.of(kind))
    assert sent.refusals.keys() == {address_ for address_, _ in sent.of(*REFUSED, "later")}


def test_every_mail_is_signed_and_says_how_to_unsubscribe(sent: Sent) -> None:
    for mail in sent.mails.values():
        assert dkim.verify(mail, dnsfunc=lambda *_, **__: sent.dkim_record)
        parsed = message_from_bytes(mail, policy=policy.default)
        assert parsed["List-Unsubscribe"].startswith(f"<{PUBLIC_URL}/")
        assert parsed["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_every_mail_is_read_back_without_a_defect(sent: Sent) -> None:
    for mail in sent.mails.values():
        parsed = message_from_bytes(mail, policy=policy.default)
        assert not [part.defects for part in parsed.walk() if part.defects]
        text, html = parsed.get_body(("plain",)), parsed.get_body(("html",))
        for part in (text, html):
            assert part is not None
            assert f"It is on its way, {parsed['To']} — bientôt." in part.get_content()
        assert parsed["Subject"] == f"Your order, {parsed['To']}"


def kind_of(address_: str) -> str:
    return address_.partition("-")[0]


def address(number: int) -> str:
    return f"{KINDS[number % len(KINDS)]}-{number}@inbox{number % DOMAINS}.example"


def item(address_: str) -> dict[str, Any]:
    subject = {"subject": f"This is {postfix.FORBIDDEN}"} if kind_of(address_) == "spam" else {}
    return recipient(address_, **subject)


def delivered_to(mail: bytes) -> str:
    return str(message_from_bytes(mail, policy=policy.default)["Delivered-To"])


def _message_id(mail: bytes) -> str:
    return str(message_from_bytes(mail, policy=policy.default)["Message-ID"]).strip("<>")


def make_key(folder: Path) -> bytes:
    """Make a key to sign with; return the record that is published of it."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    (folder / "shop.example").mkdir()
    (folder / "shop.example/s1.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)
