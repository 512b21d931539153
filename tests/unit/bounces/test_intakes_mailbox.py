"""A mailbox, at a real Dovecot: no mail is removed before it was taken, and the password is told to nobody."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from imapclient import IMAPClient

import dovecot
from estampe.bounces.delivery import NotTaken, Taken, Way
from estampe.bounces.intakes import mailbox as house
from estampe.bounces.intakes.account import account_of
from estampe.bounces.intakes.mailbox import Mailbox, MailboxUnavailable
from estampe.bounces.intakes.watching import watching
from estampe.bounces.reports import MailTooLarge
from estampe.settings import InvalidSetting, Settings
from smtp_servers import certificate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dovecot import Dovecot
    from estampe.bounces.delivery import Delivery

LIMIT = 2_000
PATIENCE_S = 10
WITHOUT_UIDPLUS = "IMAP4rev1 LITERAL+ IDLE NAMESPACE"


class Receiver:
    """Takes mails, except some."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.came = threading.Event()
        self.failures: dict[bytes, Exception] = {}

    def accepts(self, recipient: str) -> bool:
        raise AssertionError(recipient)

    def take(self, delivery: Delivery) -> Taken:
        assert delivery.way is Way.IMAP
        if failure := self.failures.get(delivery.mail):
            raise failure
        self.taken.append(delivery.mail)
        self.came.set()
        return Taken.PUBLISHED


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture(scope="module")
def running() -> Iterator[Dovecot]:
    with dovecot.serving() as server:
        yield server


@pytest.fixture
def server(running: Dovecot) -> Dovecot:
    """The server, its mailbox empty."""
    with _client(running) as client:
        for name in ("INBOX", house.REFUSED):
            if client.folder_exists(name):
                client.select_folder(name)
                client.delete_messages(client.search(), silent=True)
                client.expunge()
    return running


@pytest.fixture
def mailbox(server: Dovecot, receiver: Receiver) -> Iterator[Mailbox]:
    mailbox = Mailbox(account_of(_url(server)), receiver, limit=LIMIT)
    yield mailbox
    mailbox.leave()


def _url(server: Dovecot, password: str = dovecot.PASSWORD) -> str:
    return f"imap://{quote(dovecot.USER, safe='')}:{quote(password, safe='')}@127.0.0.1:{server.port}/INBOX"


def _client(server: Dovecot) -> IMAPClient:
    client = IMAPClient("127.0.0.1", server.port, ssl=False, timeout=PATIENCE_S)
    client.login(dovecot.USER, dovecot.PASSWORD)
    return client


def _take_all(mailbox: Mailbox) -> int:
    return mailbox.take_all(threading.Event())


def _mail(text: str) -> bytes:
    return f"Subject: {text}\r\n\r\n{text}\r\n".encode()


def test_mails_are_taken_the_oldest_first_and_removed(mailbox: Mailbox, server: Dovecot, receiver: Receiver) -> None:
    sent = [_mail(f"{number}") for number in range(45)]
    for mail in sent:
        server.deliver(mail)
    assert _take_all(mailbox) == 45
    assert receiver.taken == sent
    assert server.mails() == []
    assert _take_all(mailbox) == 0


def test_a_mail_that_cannot_be_taken_now_stays_and_holds_up_no_other(
    mailbox: Mailbox, server: Dovecot, receiver: Receiver
) -> None:
    server.deliver(_mail("unknown"))
    server.deliver(_mail("two"))
    receiver.failures[_mail("unknown")] = NotTaken("the quarantine is full")
    with pytest.raises(NotTaken):
        _take_all(mailbox)
    assert (receiver.taken, server.mails()) == ([_mail("two")], [_mail("unknown")])
    receiver.failures.clear()
    assert _take_all(mailbox) == 1
    assert server.mails() == []


@pytest.mark.parametrize("failure", [MailTooLarge(5), ZeroDivisionError("a fault")])
def test_what_never_can_be_taken_is_moved_aside(
    failure: Exception, mailbox: Mailbox, server: Dovecot, receiver: Receiver
) -> None:
    server.deliver(_mail("x" * LIMIT))
    server.deliver(_mail("odd"))
    server.deliver(_mail("good"))
    receiver.failures[_mail("odd")] = failure
    assert _take_all(mailbox) == 1
    assert receiver.taken == [_mail("good")]
    assert sorted(map(len, server.mails(f".{house.REFUSED}"))) == sorted(map(len, [_mail("x" * LIMIT), _mail("odd")]))
    assert server.mails() == []


def test_a_connection_that_breaks_before_the_removal_has_the_mail_taken_again(
    mailbox: Mailbox, server: Dovecot, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.deliver(_mail("one"))

    def break_off(client: IMAPClient, _uids: list[int]) -> None:
        client.socket().shutdown(socket.SHUT_RDWR)
        client.noop()

    with monkeypatch.context() as broken:
        broken.setattr(house, "_remove", break_off)
        with pytest.raises(MailboxUnavailable):
            _take_all(mailbox)
    assert server.mails() == [_mail("one")]
    assert _take_all(mailbox) == 1
    assert receiver.taken == [_mail("one")] * 2
    assert server.mails() == []


def test_what_others_deleted_is_neither_taken_nor_removed(
    mailbox: Mailbox, server: Dovecot, receiver: Receiver
) -> None:
    server.deliver(_mail("theirs"))
    server.deliver(_mail("ours"))
    with _client(server) as client:
        client.select_folder("INBOX")
        client.delete_messages(client.search()[:1])
    assert _take_all(mailbox) == 1
    assert (receiver.taken, server.mails()) == ([_mail("ours")], [_mail("theirs")])


def test_more_mails_than_one_question_asks_for_are_all_taken(
    mailbox: Mailbox, server: Dovecot, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house, "_ASKED_AT_ONCE", 3)
    for number in range(7):
        server.deliver(_mail(f"{number}"))
    assert _take_all(mailbox) == 7
    assert receiver.taken == [_mail(f"{number}") for number in range(7)]


def test_without_uidplus_mails_are_marked_as_deleted_and_taken_once(receiver: Receiver) -> None:
    with dovecot.serving(WITHOUT_UIDPLUS) as server:
        mailbox = Mailbox(account_of(_url(server)), receiver, limit=LIMIT)
        server.deliver(_mail("one"))
        assert _take_all(mailbox) == 1
        assert _take_all(mailbox) == 0
        mailbox.leave()
        assert server.mails() == [_mail("one")]


def test_a_mail_that_comes_is_told_at_once(server: Dovecot, receiver: Receiver) -> None:
    settings = Settings(reports_imap=_url(server), reports_seconds=3_600, report_limit=LIMIT)

    async def run() -> tuple[bool, float]:
        async with watching(receiver, settings):
            await asyncio.sleep(1)  # it waits by now
            server.deliver(_mail("late"))
            begin_s = time.monotonic()
            came = await asyncio.to_thread(receiver.came.wait, PATIENCE_S)
            await asyncio.sleep(0.5)
            came_s, leaving_s = time.monotonic() - begin_s, time.monotonic()
        return came and came_s < PATIENCE_S, time.monotonic() - leaving_s

    came, left_s = asyncio.run(run())
    assert came
    assert left_s < 2
    assert (receiver.taken, server.mails()) == ([_mail("late")], [])


def test_a_mail_that_came_before_the_waiting_began_is_not_waited_for(mailbox: Mailbox, server: Dovecot) -> None:
    assert _take_all(mailbox) == 0
    server.deliver(_mail("between"))
    begin_s = time.monotonic()
    mailbox.await_more(PATIENCE_S, threading.Event())
    assert time.monotonic() - begin_s < PATIENCE_S / 2
    assert _take_all(mailbox) == 1


def test_waiting_ends_when_the_connection_breaks(mailbox: Mailbox, server: Dovecot) -> None:
    assert _take_all(mailbox) == 0
    assert server
    client = mailbox._client
    assert client
    threading.Timer(0.2, client.socket().shutdown, [socket.SHUT_RDWR]).start()
    begin_s = time.monotonic()
    with pytest.raises(MailboxUnavailable):
        mailbox.await_more(PATIENCE_S, threading.Event())
    assert time.monotonic() - begin_s < PATIENCE_S / 2


def test_a_wrong_password_is_told_without_it(server: Dovecot, receiver: Receiver) -> None:
    mailbox = Mailbox(account_of(_url(server, "wr0ng-secret")), receiver, limit=LIMIT)
    with pytest.raises(MailboxUnavailable) as caught:
        _take_all(mailbox)
    assert "wr0ng-secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert dovecot.USER in str(caught.value)
    assert "ESTAMPE_REPORTS_IMAP" in str(caught.value)


def test_a_folder_that_is_not_there_is_told(server: Dovecot, receiver: Receiver) -> None:
    mailbox = Mailbox(account_of(f"{_url(server)}/none"), receiver, limit=LIMIT)
    with pytest.raises(MailboxUnavailable, match="INBOX/none"):
        _take_all(mailbox)
    mailbox.leave()


def test_a_server_with_tls_proves_who_it_is(
    receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("estampe.bounces.intakes.account._is_here", lambda _host: False)
    own = certificate(tmp_path)
    with dovecot.serving(certificate=own.path) as server:
        mailbox = Mailbox(account_of(_url(server)), receiver, limit=LIMIT)
        with pytest.raises(MailboxUnavailable, match="certificate"):
            _take_all(mailbox)
        monkeypatch.setenv("SSL_CERT_FILE", str(own.path))
        server.deliver(_mail("one"))
        assert _take_all(mailbox) == 1
        mailbox.leave()


def test_a_server_elsewhere_hears_no_password_without_tls(
    server: Dovecot, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("estampe.bounces.intakes.account._is_here", lambda _host: False)
    mailbox = Mailbox(account_of(_url(server)), receiver, limit=LIMIT)
    with pytest.raises(MailboxUnavailable, match="STARTTLS"):
        _take_all(mailbox)


@pytest.mark.parametrize("greeting", [b"", b"* BYE not now\r\n", b"\xff\x00 rubbish\r\n", b"* OK" + b"x" * 2_000_000])
def test_a_server_that_speaks_no_imap_is_told(greeting: bytes, receiver: Receiver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            connection, _ = listener.accept()
            with connection:
                try:
                    connection.sendall(greeting)
                except OSError:
                    return

        thread = threading.Thread(target=greet)
        thread.start()
        url = f"imap://ann:secret@127.0.0.1:{listener.getsockname()[1]}/"
        with pytest.raises(MailboxUnavailable):
            _take_all(Mailbox(account_of(url), receiver, limit=LIMIT))
        thread.join()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("imaps://ann:pw@mx.example", ("mx.example", 993, True, "ann", "pw", "INBOX")),
        ("imaps://ann:pw@mx.example/", ("mx.example", 993, True, "ann", "pw", "INBOX")),
        ("imap://a%40b:p%3A%2F%25@[::1]:1143/A/B%20C", ("::1", 1143, False, "a@b", "p:/%", "A/B C")),
    ],
)
def test_an_account_is_read(text: str, expected: tuple[object, ...]) -> None:
    assert account_of(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "mx.example",
        "pop://ann:s3cret@mx.example",
        "imaps://ann:s3cret@",
        "imaps://ann:s3cret@mx.example:99999",
        "imaps://ann:s3cret@mx.example:0",
        "imaps://ann:s3cret%0D%0AA1@mx.example",
        "imaps://ann:s3c@s3cret@mx.example",
        "imaps://ann:s3cret/@mx.example",
        "imaps://:s3cret@mx.example",
        "imaps://ann@shop.example:s3cret@mx.example",
        "imaps://ann:s3cret",
        "imaps:/ann:s3cret@mx.example",
        "ann:s3cret@mx.example",
    ],
)
def test_what_is_no_account_is_refused_without_its_password(text: str) -> None:
    with pytest.raises(InvalidSetting, match="ESTAMPE_REPORTS_IMAP") as caught:
        account_of(text)
    assert "s3c" not in str(caught.value)


@given(
    user=st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=80),
    password=st.text(st.characters(exclude_categories=["C"]), max_size=80),
)
def test_any_user_and_password_can_be_written(user: str, password: str) -> None:
    account = account_of(f"imaps://{quote(user, safe='')}:{quote(password, safe='')}@mx.example")
    assert (account.user, account.password) == (user, password)
