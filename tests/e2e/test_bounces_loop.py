"""Reports come home: what one Postfix hands on and another bounces becomes events of the right messages."""

from __future__ import annotations

import smtplib
import time
from contextlib import ExitStack, closing
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from mailing import CUSTOMER, Mailing, recipient

import postfix
from estampe.catalog import Contacts, Customers, Origin, Quarantine, open_catalog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estampe.catalog import Contact, Quarantined

T = TypeVar("T")

pytestmark = pytest.mark.e2e

RETURNS = "returns.example"
FEEDBACK = f"feedback@{RETURNS}"
ROUTES = {
    "^moved": "error:5.1.6 User has moved, no forwarding address",
    "^stuffed": "error:5.2.2 Mailbox is over quota",
    "^spammy": "error:5.7.1 Message refused as spam",
}
"""How the second server bounces what it took, by the beginning of addresses; others it refuses to take at all."""

BOUNCED = {
    postfix.GONE: ("hard", "5.1.1"),
    "moved": ("hard", "5.1.6"),
    "stuffed": ("soft", "5.2.2"),
    "spammy": ("soft", "5.7.1"),
    "unknown": ("hard", "5.1.1"),
    "full": ("soft", "5.2.2"),
    "banned": ("soft", "5.7.1"),
}
"""By the beginning of addresses: the verdict on their bounces, and the code that was said."""

ARRIVED = ("ok-0@inbox.example", "ok-1@inbox.example")
EACH = 3
ADDRESSES = (*(f"{kind}-{number}@inbox{number}.example" for kind in BOUNCED for number in range(EACH)), *ARRIVED)
COMING = len(BOUNCED) * EACH
PATIENCE_S = 20


class Loop:
    """Estampe with its two servers, after one action for all addresses.

    Parameters:
        mailing: the customer.
        data: the server's data folder.
        relay: it takes Estampe's messages, and brings reports.
        inbox: where messages arrive, or do not.
    """

    def __init__(self, mailing: Mailing, data: Path, relay: postfix.Postfix, inbox: postfix.Postfix) -> None:
        self._mailing = mailing
        self._data = data
        self._relay = relay
        self.inbox = inbox
        mailing.validate()
        mailing.keep(ADDRESSES)
        results = mailing.execute([recipient(each) for each in ADDRESSES])
        self.stamps = {each: result["id"] for each, result in zip(ADDRESSES, results, strict=True)}

    def events(self, kind: str, count: int) -> list[dict[str, Any]]:
        """Wait until there are so many events of a kind; return them all."""
        return until(lambda: self._mailing.ask("GET", f"/actions/events/{kind}?start=0"), count)

    def quarantined(self, count: int) -> list[Quarantined]:
        """Wait until the quarantine has so many mails; return them all."""
        with closing(open_catalog(self._data)) as catalog:
            kept = Quarantine(catalog, 0)
            return until(kept.listed, count)

    def contacts(self) -> list[Contact]:
        """Return what the catalog has of each address."""
        with closing(open_catalog(self._data)) as catalog:
            contacts = Contacts(catalog, Customers(catalog).number_of(CUSTOMER))
            return [contacts.by_unicity(each) for each in ADDRESSES]

    def complain(self, original: bytes) -> None:
        """Send a complaint about a message, as operators of mailboxes do."""
        with smtplib.SMTP("127.0.0.1", self._relay.port) as session:
            session.sendmail("fbl@inbox.example", [FEEDBACK], complaint(original))


@pytest.fixture(scope="module")
def loop(start_shared: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    """Everything is sent once, and looked at from many sides."""
    listener, relay_port, inbox_port = (postfix.free_port() for _ in range(3))
    home = f"@{RETURNS}$"
    out = {home: f"lmtp:inet:127.0.0.1:{listener}", "@inbox": f"smtp:[127.0.0.1]:{inbox_port}"}
    back = {home: f"smtp:[127.0.0.1]:{relay_port}"}
    with ExitStack() as stack:
        relay = stack.enter_context(postfix.serving(host="relay.example", port=relay_port, refused={}, routes=out))
        inbox = stack.enter_context(postfix.serving(host="mx.inbox.example", port=inbox_port, routes=back | ROUTES))
        live = start_shared(
            tmp_path_factory.mktemp("loop"),
            relays=relay.url,
            mail_domain="shop.example",
            return_domain=RETURNS,
            reports_listen=f"lmtp://127.0.0.1:{listener}",
            reports_addresses=FEEDBACK,
        )
        mailing = stack.enter_context(closing(Mailing(live.url, live.data)))
        yield Loop(mailing, live.data, relay, inbox)


def test_each_message_that_came_back_has_one_bounce_of_its_own(loop: Loop) -> None:
    bounces = loop.events("bounces", COMING)
    found = {stamp_of(bounce): bounce["source"]["detail"]["bounce"] for bounce in bounces}
    assert len(bounces) == COMING
    assert found.keys() == {loop.stamps[each] for each in ADDRESSES if each not in ARRIVED}
    for address, stamp in loop.stamps.items():
        if address not in ARRIVED:
            status, analysis = found[stamp]["status"], found[stamp]["analysis"]
            assert status["type"] == "async"
            assert (analysis["verdict"], status["code"]["enhanced"]) == BOUNCED[kind_of(address)]


def test_what_arrived_lies_in_the_maildir(loop: Loop) -> None:
    mails = [message_from_bytes(mail, policy=policy.default) for mail in loop.inbox.mails(len(ARRIVED))]
    assert sorted(str(mail["To"]) for mail in mails) == sorted(ARRIVED)


def test_contacts_whose_addresses_are_dead_are_noted_and_no_others(loop: Loop) -> None:
    loop.events("bounces", COMING)
    dead = [each for each in ADDRESSES if BOUNCED.get(kind_of(each), ("",))[0] == "hard"]
    assert until(lambda: [each.address for each in loop.contacts() if each.bounced_ms], len(dead)) == dead


def test_who_complains_is_on_the_redlist(loop: Loop) -> None:
    (original,) = [mail for mail in loop.inbox.mails(len(ARRIVED)) if ARRIVED[0].encode() in mail]
    loop.complain(original)
    (event,) = loop.events("complaints", 1)
    assert stamp_of(event) == loop.stamps[ARRIVED[0]]
    assert event["source"]["detail"]["complaint"]["type"] == "abuse"
    redlisted = until(lambda: [each for each in loop.contacts() if each.redlist_origin is not None], 1)
    assert [(each.address, each.redlist_origin) for each in redlisted] == [(ARRIVED[0], Origin.COMPLAINT)]


def test_a_complaint_about_nobody_s_message_is_kept_aside(loop: Loop) -> None:
    loop.complain(
        b"From: shop@other.example\r\nTo: tom@inbox.example\r\nMessage-ID: <1@other.example>\r\n\r\nHello\r\n"
    )
    (kept,) = loop.quarantined(1)
    assert (kept.way, kept.recipients) == ("lmtp", (FEEDBACK,))


def kind_of(address: str) -> str:
    return address.partition("-")[0]


def stamp_of(event: dict[str, Any]) -> str:
    stamp: str = event["source"]["detail"]["activation"]["stamp"]["id"]
    return stamp


def complaint(original: bytes) -> bytes:
    """Return a complaint about a message (RFC 5965)."""
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"], mail["To"], mail["Subject"] = "fbl@inbox.example", FEEDBACK, "Complaint"
    mail["Message-ID"] = f"<{time.monotonic_ns()}@inbox.example>"
    mail.set_content("This is an email abuse report.")
    mail.make_mixed()
    facts = b"Feedback-Type: abuse\r\nUser-Agent: InboxFBL/1.0\r\nVersion: 1\r\n"
    mail.add_attachment(facts, "message", "feedback-report", cte="7bit")
    mail.add_attachment(message_from_bytes(original, policy=policy.SMTP))
    mail.replace_header("Content-Type", "multipart/report; report-type=feedback-report")
    return mail.as_bytes()


def until(asked: Callable[[], list[T]], count: int) -> list[T]:
    """Ask until so many are answered; return the last answer."""
    deadline_s = time.monotonic() + PATIENCE_S
    while len(found := asked()) < count and time.monotonic() < deadline_s:
        time.sleep(0.1)
    return found
