"""Bounces: each report is one event of the right message, draws its consequences, or is kept aside."""

from __future__ import annotations

import asyncio
import time
from contextlib import closing
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import msgspec
import pytest

from estampe.bounces.bounces import Bounces
from estampe.bounces.delivery import Delivery, NotTaken, Taken, Way
from estampe.bounces.reports import MailTooLarge
from estampe.catalog import (
    CatalogUnavailable,
    Contact,
    Contacts,
    Customers,
    QuarantineState,
    Redlist,
    open_catalog,
)
from estampe.events import Customer, EventType, decode, decode_draft, event_id
from estampe.execution.composing.envelopes import Returns
from estampe.instants import clock_ms
from estampe.log import Logs, Query
from estampe.settings import InvalidSetting, Settings
from estampe.tokens import Tokens
from reporting import bounce, complaint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estampe.catalog import Catalog
    from estampe.events import Event
    from estampe.log import EventLog

OURS = Customer(agency="DEMO", customer="028")
THEIRS = Customer(agency="DEMO", customer="029")
LOOP = "loop@return.example"
FULL = {"status": "5.2.2", "diagnostic": "552 5.2.2 Mailbox full"}
BLOCKED = {"status": "5.7.1", "diagnostic": "554 5.7.1 Message rejected as spam"}
PERSON = {"type": "web", "ip": {"type": "v4", "value": "192.0.2.1"}, "ua": {"type": "raw", "ua": "Mozilla/5.0"}}
RETURNS = Returns(Tokens([bytes(32)]), "return.example")


class House:
    """A bounces on a catalog and logs, and messages that were sent.

    Parameters:
        catalog: the catalog.
        logs: the logs.
        settings: choices of the operator.
    """

    def __init__(self, catalog: Catalog, logs: Logs, **settings: Any) -> None:
        self.catalog = catalog
        self.logs = logs
        self.customers = Customers(catalog)
        self.counted: list[str] = []
        self.bounces = Bounces(
            catalog=catalog,
            customers=self.customers,
            log_of=logs.of,
            message_of=RETURNS.read,
            settings=Settings(**{"reports_addresses": f"{LOOP}, @loops.example", **settings}),
            count=self.counted.append,
        )

    def contact(self, address: str = "", customer: Customer = OURS) -> Contact:
        """Make a contact."""
        email = address or f"{uuid4().hex}@a.example"
        return Contacts(self.catalog, self.customers.number_of(customer)).put_many([{"Email": email}])[0]

    def send(self, contact: Contact, customer: Customer = OURS, stamp: UUID | None = None) -> UUID:
        """Note that a message was sent to a contact; return its stamp."""
        stamp = stamp or uuid4()
        self.publish(customer, stamp, EventType.ACTIVATION, contact, {})
        return stamp

    def publish(
        self, customer: Customer, stamp: UUID, kind: EventType, contact: Contact, members: dict[str, Any]
    ) -> None:
        """Publish an event of a message."""
        block = {
            "id": "000PE4",
            "kind": "message",
            "receiver": {"type": "id", "value": contact.id},
            "stamp": {"time": clock_ms(), "id": f"{stamp}", "thread": f"{stamp}"},
            "recipient": contact.address,
        }
        source = {"type": "email", "detail": {"activation": block, **members}}
        draft = {"type": kind.value, "id": f"{event_id(stamp, kind)}", "source": source}
        self.logs.of(customer).publish([decode_draft(msgspec.json.encode(draft))]).result()

    def path(self, stamp: UUID, customer: Customer = OURS) -> str:
        """Return the return path of a message."""
        return RETURNS.address(self.customers.number_of(customer), stamp)

    def take(self, mail: bytes, *recipients: str, way: Way = Way.LMTP) -> Taken:
        """Take a mail that has just come."""
        return self.bounces.take(Delivery(mail=mail, way=way, time_ms=clock_ms(), recipients=recipients))

    def bounce(self, contact: Contact, **facts: str) -> UUID:
        """Send a message to a contact and take the report that it bounced; return its stamp."""
        stamp = self.send(contact)
        path = self.path(stamp)
        assert self.take(bounce(to=path, recipient=contact.address, **facts), path) is Taken.PUBLISHED
        return stamp

    def events(self, *types: str, customer: Customer = OURS) -> list[Event]:
        """Return events of a log."""
        log: EventLog = self.logs.of(customer)
        return [decode(line) for chunk in log.scan(Query(types=types, sort="asc")) for line in chunk.splitlines()]

    def is_bounced(self, contact: Contact, customer: Customer = OURS) -> bool:
        """Return whether a contact gets no more messages."""
        return Contacts(self.catalog, self.customers.number_of(customer)).get(contact.id).bounced_ms is not None

    def kept(self) -> list[tuple[str, QuarantineState]]:
        """Return why mails are in the quarantine, and what they wait for."""
        return [(each.reason, each.state) for each in self.bounces.quarantine.listed()]


@pytest.fixture
def houses(tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Makes houses on one folder."""
    with closing(open_catalog(tmp_path)) as catalog, closing(Logs(tmp_path)) as logs:
        yield lambda **settings: House(catalog, logs, **settings)


@pytest.fixture
def house(houses: Callable[..., House]) -> House:
    return houses()


def test_a_bounce_is_an_event_of_its_message(house: House) -> None:
    contact = house.contact("Ann@a.example")
    stamp = house.bounce(contact)
    (event,) = house.events("bounce")
    detail = msgspec.to_builtins(event.source.detail)
    assert detail["activation"]["stamp"]["id"] == f"{stamp}"
    assert detail["activation"]["recipient"] == "Ann@a.example"
    assert detail["bounce"] == {
        "status": {
            "type": "async",
            "code": {"enhanced": "5.1.1", "basic": 550},
            "diagnostic": "550 5.1.1 User unknown",
            "mta": "mx.other.example",
        },
        "analysis": {
            "verdict": "hard",
            "subject": {"type": "address", "detail": {"type": "bad destination mailbox address"}},
        },
    }
    assert house.counted == ["published"]
    assert house.kept() == []


def test_a_complaint_is_an_event_of_its_message_and_its_contact_is_on_the_redlist(house: House) -> None:
    contact = house.contact()
    stamp = house.send(contact)
    assert house.take(complaint(to=LOOP, recipient=contact.address, stamp=f"{stamp}"), LOOP) is Taken.PUBLISHED
    (event,) = house.events("complaint")
    detail = msgspec.to_builtins(event.source.detail)
    assert detail["activation"]["stamp"]["id"] == f"{stamp}"
    assert detail["complaint"] == {"type": "abuse", "agent": "Loop/1.0", "mta": "loop.other.example"}
    (listed,) = Redlist(house.catalog, house.customers.number_of(OURS)).page("", 10)
    assert (listed.id, listed.redlist_origin) == (contact.id, 5)


def test_a_report_is_published_once_however_often_it_comes(house: House) -> None:
    contact = house.contact()
    stamp = house.send(contact)
    path = house.path(stamp)
    mail = bounce(to=path, recipient=contact.address, stamp=f"{stamp}")
    assert [house.take(mail, path), house.take(mail, path), house.take(mail, way=Way.MAILDIR)] == [
        Taken.PUBLISHED,
        Taken.KNOWN,
        Taken.KNOWN,
    ]
    again = bounce(to=path, recipient=contact.address, diagnostic="550 5.1.1 Still nobody here")
    assert house.take(again, path) is Taken.KNOWN
    assert len(house.events("bounce")) == 1


def test_a_message_has_at_most_one_bounce_of_each_verdict(house: House) -> None:
    """So that nobody who knows a return path can fill the log."""
    contact = house.contact()
    stamp = house.send(contact)
    for facts in (FULL, BLOCKED, {}, FULL):
        house.take(bounce(to=house.path(stamp), recipient=contact.address, **facts), house.path(stamp))
    verdicts = [
        msgspec.to_builtins(each.source.detail)["bounce"]["analysis"]["verdict"] for each in house.events("bounce")
    ]
    assert sorted(verdicts) == ["hard", "soft"]


@pytest.mark.parametrize("named", ["return path of the envelope", "return path in the head", "stamp", "Message-ID"])
def test_a_message_is_known_by_whatever_names_it(named: str, house: House) -> None:
    contact = house.contact()
    stamp = house.send(contact)
    other = f"{uuid4()}"
    path = house.path(stamp)
    mail, recipients = {
        "return path of the envelope": (bounce(to="x@y.example", recipient="forwarded@b.example"), (path,)),
        "return path in the head": (bounce(to=path, recipient="forwarded@b.example"), ()),
        "stamp": (bounce(to=LOOP, recipient="forwarded@b.example", stamp=f"{stamp}"), (LOOP,)),
        "Message-ID": (
            bounce(to=LOOP, recipient="forwarded@b.example", stamp=f"{stamp}").replace(
                b"X-Estampe-Stamp: " + f"{stamp}".encode(), b"X-Other: " + other.encode()
            ),
            (LOOP,),
        ),
    }[named]
    assert house.take(mail, *recipients) is Taken.PUBLISHED
    (event,) = house.events("bounce")
    assert msgspec.to_builtins(event.source.detail)["activation"]["stamp"]["id"] == f"{stamp}"
    assert house.is_bounced(contact)


def test_what_we_signed_counts_more_than_what_a_report_says(house: House) -> None:
    told, named = house.contact(), house.contact()
    stamp, other = house.send(told), house.send(named)
    path = house.path(stamp)
    house.take(bounce(to=path, recipient=named.address, stamp=f"{other}"), path)
    assert (house.is_bounced(told), house.is_bounced(named)) == (True, False)


def test_a_return_path_that_was_tampered_with_names_nothing(house: House) -> None:
    contact = house.contact()
    path = house.path(house.send(contact))
    forged = path[:20] + ("a" if path[20] != "a" else "b") + path[21:]
    assert not house.bounces.accepts(forged)
    assert house.bounces.accepts(path.upper())
    assert house.take(bounce(to=forged, recipient="x@b.example"), forged) is Taken.QUARANTINED
    assert house.events("bounce") == []


def test_a_recipient_alone_names_the_last_message_sent_there_and_has_no_consequences(house: House) -> None:
    contact = house.contact("Ann@a.example")
    house.send(contact)
    last = house.send(contact)
    house.send(house.contact("ben@a.example"))
    assert house.take(bounce(to=LOOP, recipient="ann@A.example"), LOOP) is Taken.PUBLISHED
    (event,) = house.events("bounce")
    assert msgspec.to_builtins(event.source.detail)["activation"]["stamp"]["id"] == f"{last}"
    assert not house.is_bounced(contact)


def test_a_stranger_cannot_reach_an_old_message_by_naming_an_old_time(house: House) -> None:
    house.send(house.contact("ann@a.example"))
    mail = bounce(to=LOOP, recipient="ann@a.example")
    sent_ms = clock_ms()
    old = format_datetime(datetime.fromtimestamp(sent_ms / 1_000 + 1, UTC)).encode()
    dated = mail.replace(b"\r\n\r\nFinal-Recipient:", b"\r\nArrival-Date: " + old + b"\r\n\r\nFinal-Recipient:")
    later_ms = sent_ms + 30 * 86_400_000
    assert house.bounces.take(Delivery(mail=dated, way=Way.LMTP, time_ms=later_ms)) is Taken.QUARANTINED
    assert house.bounces.take(Delivery(mail=dated, way=Way.FILE, time_ms=later_ms)) is Taken.PUBLISHED


def test_a_recipient_of_two_customers_names_no_message(house: House) -> None:
    for customer in (OURS, THEIRS):
        house.send(house.contact("ann@a.example", customer), customer)
    assert house.take(bounce(to=LOOP, recipient="ann@a.example"), LOOP) is Taken.QUARANTINED
    assert "2 contacts with the address ann@a.example" in house.kept()[0][0]


def test_a_recipient_names_no_message_where_the_operator_wants_none(houses: Callable[..., House]) -> None:
    house = houses(match_days=0)
    house.send(house.contact("ann@a.example"))
    assert house.take(bounce(to=LOOP, recipient="ann@a.example"), LOOP) is Taken.QUARANTINED


def test_a_stamp_of_two_customers_names_no_message(house: House) -> None:
    """Callers may bring stamps of their own."""
    stamp = house.send(house.contact())
    house.send(house.contact(customer=THEIRS), THEIRS, stamp)
    assert house.take(bounce(to=LOOP, recipient="x@b.example", stamp=f"{stamp}"), LOOP) is Taken.QUARANTINED
    assert house.events("bounce") == house.events("bounce", customer=THEIRS) == []


def test_an_event_goes_to_the_customer_whose_return_path_it_is(house: House) -> None:
    contact = house.contact(customer=THEIRS)
    stamp = house.send(contact, THEIRS)
    house.send(house.contact(), OURS, stamp)
    path = house.path(stamp, THEIRS)
    house.take(bounce(to=path, recipient=contact.address), path)
    assert (len(house.events("bounce")), len(house.events("bounce", customer=THEIRS))) == (0, 1)


def test_what_belongs_to_no_message_is_kept_aside_until_it_does(house: House) -> None:
    stamp = uuid4()
    mail = bounce(to=LOOP, recipient="x@b.example", stamp=f"{stamp}")
    assert house.take(mail, LOOP) is Taken.QUARANTINED
    assert house.take(mail, LOOP) is Taken.QUARANTINED
    ((reason, state),) = house.kept()
    assert reason.startswith("it names no message of ours")
    assert state is QuarantineState.KEPT
    assert house.bounces.reread() == 0
    house.send(house.contact(), stamp=stamp)
    house.bounces.quarantine.release(None, clock_ms())
    assert house.bounces.reread() == 1
    assert (len(house.events("bounce")), house.kept()) == (1, [])


def test_what_is_no_report_is_kept_aside(house: House) -> None:
    mail = b"From: ann@a.example\r\nSubject: Hello\r\n\r\nHow are you?\r\n"
    assert house.take(mail, LOOP) is Taken.QUARANTINED
    assert house.kept() == [("nothing in it is a report that Estampe can read", QuarantineState.KEPT)]


def test_a_report_before_its_activation_is_read_again_by_itself(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("estampe.bounces.matching._PATIENCE_S", 0)
    contact, stamp = house.contact(), uuid4()
    path = house.path(stamp)
    assert house.take(bounce(to=path, recipient=contact.address), path) is Taken.QUARANTINED
    assert house.kept()[0][1] is QuarantineState.EARLY
    house.send(contact, stamp=stamp)
    assert house.bounces.reread() == 1
    assert (len(house.events("bounce")), house.kept()) == (1, [])


def test_a_report_whose_activation_never_comes_is_only_kept_after_days(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("estampe.bounces.matching._PATIENCE_S", 0)
    path = house.path(uuid4())
    house.take(bounce(to=path, recipient="x@b.example"), path)
    monkeypatch.setattr("estampe.bounces.bounces._EARLY_MS", -1)
    assert house.bounces.reread() == 0
    assert house.kept()[0][1] is QuarantineState.KEPT


def test_a_report_waits_a_moment_for_an_activation_that_is_being_published(house: House) -> None:
    contact, stamp = house.contact(), uuid4()
    path = house.path(stamp)

    async def both() -> Taken:
        taking = asyncio.to_thread(house.take, bounce(to=path, recipient=contact.address), path)
        sending = asyncio.create_task(asyncio.to_thread(house.send, contact, OURS, stamp))
        taken = await taking
        await sending
        return taken

    assert asyncio.run(both()) is Taken.PUBLISHED


def test_a_message_that_is_only_late_makes_no_event(house: House) -> None:
    contact = house.contact()
    path = house.path(house.send(contact))
    late = bounce(to=path, recipient=contact.address, status="4.4.1", diagnostic="450 4.4.1 timed out")
    assert house.take(late.replace(b"Action: failed", b"Action: delayed"), path) is Taken.NOTED
    assert (house.events("bounce"), house.kept()) == ([], [])


def test_a_mail_that_is_too_large_never_is_taken(houses: Callable[..., House]) -> None:
    house = houses(report_limit=1_024)
    with pytest.raises(MailTooLarge):
        house.take(b"x" * 1_025, LOOP)


def test_a_full_quarantine_asks_to_come_again_and_publishes_what_it_can(houses: Callable[..., House]) -> None:
    house = houses(quarantine_limit=0)
    with pytest.raises(NotTaken, match="ESTAMPE_QUARANTINE_LIMIT"):
        house.take(bounce(to=LOOP, recipient="x@b.example"), LOOP)
    house.bounce(house.contact())
    assert house.counted == ["refused", "published"]


def test_without_the_catalog_nothing_is_taken(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise CatalogUnavailable("the catalog", "it is away")

    monkeypatch.setattr("estampe.catalog.Contacts.mark_bounced", fail)
    contact = house.contact()
    path = house.path(house.send(contact))
    mail = bounce(to=path, recipient=contact.address)
    with pytest.raises(NotTaken, match="it is away"):
        house.take(mail, path)
    monkeypatch.undo()
    assert house.take(mail, path) is Taken.KNOWN
    assert house.is_bounced(contact)


@pytest.mark.parametrize("is_wanted", [True, False])
def test_a_hard_bounce_ends_messages_where_it_is_to(is_wanted: bool, houses: Callable[..., House]) -> None:
    house = houses(hard_bounces=is_wanted)
    contact = house.contact()
    house.bounce(contact)
    assert house.is_bounced(contact) is is_wanted


def test_a_contact_that_has_another_address_by_now_is_not_dead(house: House) -> None:
    contact = house.contact()
    stamp = house.send(contact)
    Contacts(house.catalog, house.customers.number_of(OURS)).update(contact.id, {"Email": "new@a.example"})
    house.take(bounce(to=house.path(stamp), recipient=contact.address), house.path(stamp))
    assert len(house.events("bounce")) == 1
    assert not house.is_bounced(contact)


def test_a_contact_that_was_deleted_is_left_alone(house: House) -> None:
    contact = house.contact()
    stamp = house.send(contact)
    Contacts(house.catalog, house.customers.number_of(OURS)).delete(contact.id)
    path = house.path(stamp)
    assert house.take(bounce(to=path, recipient=contact.address), path) is Taken.PUBLISHED
    assert house.take(complaint(to=path, recipient=contact.address), path) is Taken.PUBLISHED


def test_several_soft_bounces_end_messages(houses: Callable[..., House]) -> None:
    house = houses(soft_bounces=3)
    contact, other = house.contact(), house.contact()
    house.bounce(other, **FULL)
    for _ in range(2):
        house.bounce(contact, **FULL)
    assert not house.is_bounced(contact)
    house.bounce(contact, **FULL)
    assert (house.is_bounced(contact), house.is_bounced(other)) == (True, False)


def test_soft_bounces_that_blame_the_sender_do_not_count(houses: Callable[..., House]) -> None:
    house = houses(soft_bounces=2)
    contact = house.contact()
    large = {"status": "5.3.4", "diagnostic": "552 5.3.4 Message size exceeds fixed limit"}
    sender = {"status": "5.1.8", "diagnostic": "553 5.1.8 Domain of sender address does not exist"}
    for facts in (BLOCKED, large, sender, FULL):
        house.bounce(contact, **facts)
    assert not house.is_bounced(contact)


def test_bounces_that_a_stranger_may_have_made_up_count_for_nothing_and_stand_in_no_true_ones_way(
    houses: Callable[..., House],
) -> None:
    house = houses(soft_bounces=2)
    contact = house.contact()
    for _ in range(3):
        stamp = house.send(contact)
        made_up = bounce(to=LOOP, recipient=contact.address, **FULL)
        assert house.take(made_up, LOOP) is Taken.PUBLISHED
    path = house.path(stamp)
    assert house.take(bounce(to=path, recipient=contact.address, **FULL), path) is Taken.PUBLISHED
    assert len(house.events("bounce")) == 4
    assert not house.is_bounced(contact)
    house.bounce(contact, **FULL)
    assert house.is_bounced(contact)


def test_soft_bounces_before_the_period_do_not_count(
    houses: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = houses(soft_bounces=2, soft_bounce_days=1)
    contact = house.contact()
    house.bounce(contact, **FULL)
    monkeypatch.setattr("estampe.bounces.consequences.clock_ms", lambda: clock_ms() + 86_400_000)
    house.bounce(contact, **FULL)
    assert not house.is_bounced(contact)
    monkeypatch.undo()
    house.bounce(contact, **FULL)
    assert house.is_bounced(contact)


def test_soft_bounces_before_a_persons_hit_do_not_count(houses: Callable[..., House]) -> None:
    house = houses(soft_bounces=2)
    contact = house.contact()
    stamp = house.bounce(contact, **FULL)
    house.publish(OURS, stamp, EventType.HIT, contact, {"link": {"type": "open"}, "client": PERSON})
    house.bounce(contact, **FULL)
    assert not house.is_bounced(contact)
    house.bounce(contact, **FULL)
    assert house.is_bounced(contact)


@pytest.mark.parametrize("clears", [True, False])
def test_a_report_that_comes_again_does_not_undo_a_later_hit(clears: bool, houses: Callable[..., House]) -> None:
    house = houses(hits_clear=clears)
    contact = house.contact()
    stamp = house.bounce(contact)
    time.sleep(0.005)
    house.publish(OURS, stamp, EventType.HIT, contact, {"link": {"type": "open"}, "client": PERSON})
    house.bounces.consequences.seen(house.customers.number_of(OURS), {contact.id: clock_ms()})
    path = house.path(stamp)
    assert house.take(bounce(to=path, recipient=contact.address), path) is Taken.KNOWN
    assert house.is_bounced(contact) is not clears


def test_a_mail_of_many_reports_waits_once_for_an_activation(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("estampe.bounces.matching._PATIENCE_S", 0.2)
    path = house.path(uuid4())
    mail = bounce(to=path, recipient="x@b.example")
    start = mail.index(b"Final-Recipient:")
    end = mail.index(b"\r\n--", start)
    others = b"".join(b"\r\n" + mail[start:end].replace(b"x@b", b"x%d@b" % each) for each in range(30))
    begun_s = time.monotonic()
    assert house.take(mail[:end] + others + mail[end:], path) is Taken.QUARANTINED
    assert time.monotonic() - begun_s < 3


@pytest.mark.parametrize("is_sent", [True, False])
def test_a_mail_of_many_reports_and_return_paths_takes_no_time(is_sent: bool, house: House) -> None:
    stamps = [uuid4() for _ in range(100)]
    paths = [house.path(house.send(house.contact(), stamp=stamp) if is_sent else stamp) for stamp in stamps]
    mail = bounce(to=LOOP, recipient="x@b.example")
    start = mail.index(b"Final-Recipient:")
    end = mail.index(b"\r\n--", start)
    others = b"".join(b"\r\n\r\n" + mail[start:end].replace(b"x@b", b"x%d@b" % each) for each in range(998))
    begun_s = time.process_time()
    taken = house.take(mail[:end] + others + mail[end:], *paths)
    assert time.process_time() - begun_s < 2.5
    assert taken is (Taken.PUBLISHED if is_sent else Taken.QUARANTINED)
    assert len(house.events("bounce")) == is_sent


def test_what_is_read_again_stops_with_the_server(house: House) -> None:
    house.take(b"Hello!", LOOP)
    house.bounces.quarantine.release(None, clock_ms())
    house.bounces.close()
    assert house.bounces.reread() == 0
    assert [state for _, state in house.kept()] == [QuarantineState.WAITING]


def test_a_mail_that_another_server_took_out_of_the_quarantine_is_no_matter(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.take(bounce(to=LOOP, recipient="x@b.example"), LOOP)
    house.bounces.quarantine.release(None, clock_ms())
    due = house.bounces.quarantine.due(clock_ms(), 1)
    house.bounces.quarantine.settle(due[0].number)
    answers = iter([due, []])
    monkeypatch.setattr(house.bounces.quarantine, "due", lambda *_: next(answers))
    assert house.bounces.reread() == 0


def test_soft_bounces_never_end_messages_where_they_are_not_to(houses: Callable[..., House]) -> None:
    house = houses(soft_bounces=0)
    contact = house.contact()
    for _ in range(3):
        house.bounce(contact, **FULL)
    assert not house.is_bounced(contact)


@pytest.mark.parametrize(
    ("settings", "feedback", "is_listed"),
    [
        ({}, "abuse", True),
        ({}, "fraud", True),
        ({}, "not-spam", False),
        ({}, "auth-failure", False),
        ({"complaints_redlist": False}, "abuse", False),
    ],
)
def test_who_complains_is_on_the_redlist_where_that_is_wanted(
    settings: dict[str, Any], feedback: str, is_listed: bool, houses: Callable[..., House]
) -> None:
    house = houses(**settings)
    contact = house.contact()
    path = house.path(house.send(contact))
    house.take(complaint(to=path, recipient=contact.address, feedback=feedback), path)
    assert bool(Redlist(house.catalog, house.customers.number_of(OURS)).page("", 10)) is is_listed


@pytest.mark.parametrize("is_wanted", [True, False])
def test_a_report_of_delivery_clears_a_contact(is_wanted: bool, houses: Callable[..., House]) -> None:
    house = houses(hits_clear=is_wanted)
    contact = house.contact()
    path = house.path(house.bounce(contact))
    delivered = bounce(to=path, recipient=contact.address, status="2.0.0", diagnostic="250 2.0.0 OK")
    assert house.take(delivered.replace(b"Action: failed", b"Action: delivered"), path) is Taken.NOTED
    assert house.is_bounced(contact) is not is_wanted


def test_a_later_hit_clears_a_contact_and_an_earlier_one_does_not(house: House) -> None:
    contact = house.contact()
    before_ms = clock_ms() - 1
    house.bounce(contact)
    number = house.customers.number_of(OURS)
    house.bounces.consequences.seen(number, {contact.id: before_ms})
    assert house.is_bounced(contact)
    house.bounces.consequences.seen(number, {contact.id: clock_ms() + 1})
    assert not house.is_bounced(contact)


@pytest.mark.parametrize(
    ("address", "is_ours"),
    [(LOOP, True), (LOOP.upper(), True), ("any@LOOPS.example", True), ("loops@return.example", False), ("", False)],
)
def test_only_our_addresses_are_accepted(address: str, is_ours: bool, house: House) -> None:
    assert house.bounces.accepts(address) is is_ours


@pytest.mark.parametrize("text", ["loops.example", "a@loops.example b@loops.example", f"{LOOP};c@loops.example", "a@"])
def test_what_is_no_address_is_refused_at_the_start(text: str, house: House) -> None:
    with pytest.raises(InvalidSetting, match="ESTAMPE_REPORTS_ADDRESSES"):
        House(house.catalog, house.logs, reports_addresses=text)


def test_what_waits_is_read_again_while_it_runs(house: House) -> None:
    contact, stamp = house.contact(), uuid4()
    house.take(bounce(to=LOOP, recipient=contact.address, stamp=f"{stamp}"), LOOP)
    house.send(contact, stamp=stamp)
    house.bounces.quarantine.release(None, clock_ms())

    def wait() -> None:
        deadline_s = time.monotonic() + 10
        while house.kept() and time.monotonic() < deadline_s:
            time.sleep(0.02)

    async def run() -> None:
        async with house.bounces.running():
            await asyncio.to_thread(wait)

    asyncio.run(run())
    assert len(house.events("bounce")) == 1
