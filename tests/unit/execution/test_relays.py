"""Relays: every answer of a server is understood, connections are used well, and no message is lost or sent twice."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import TYPE_CHECKING, Any

import pytest

from estampe.execution.orders import Delivered, Letter, Refused
from estampe.execution.relaying import connections, health
from estampe.execution.relaying.relays import InDoubt, NoRelay, Relays
from estampe.settings import Settings
from smtp_servers import DROP, FINE, STALL, Certificate, SmtpServer, certificate

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

MESSAGE = b"Subject: hello\r\n\r\nhello\r\n"
GOOD = "good@example.org"


def letter(recipient: str = GOOD, message: bytes = MESSAGE, sender: str = "b+1@bounce.example") -> Letter:
    return Letter(sender=sender, recipient=recipient, message=message)


def with_relays(urls: str, work: Callable[[Relays], Awaitable[Any]], **settings: Any) -> Any:
    """Do something with relays, and see that they leave nothing open."""

    async def inside() -> Any:
        relays = Relays(Settings(relays=urls, mail_domain="we.example", **settings))
        try:
            return await work(relays)
        finally:
            await relays.close()
            assert relays.under_way == 0
            assert [state.connections for state in relays.states()] == [0] * len(relays.states())

    return asyncio.run(inside())


def send(server: SmtpServer, *letters: Letter, **settings: Any) -> list[Delivered | Refused]:
    """Send letters one after the other."""

    async def work(relays: Relays) -> list[Delivered | Refused]:
        return [await relays.deliver(each, "example.org") for each in letters]

    with server.running():
        answers: list[Delivered | Refused] = with_relays(server.url, work, **settings)
        return answers


def send_one(server: SmtpServer, one: Letter | None = None, **settings: Any) -> Delivered | Refused:
    return send(server, one or letter(), **settings)[0]


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110  the server is in another thread
        await asyncio.sleep(0.005)


async def send_together(relays: Relays, count: int) -> Sequence[Any]:
    recipients = [f"{number}@example.org" for number in range(count)]
    tasks = (relays.deliver(letter(recipient), "example.org") for recipient in recipients)
    return await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certificate:
    """A certificate that clients trust."""
    made = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.path))
    return made


@pytest.fixture
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Relays that failed are tried again at once."""
    monkeypatch.setattr(health, "_FIRST_S", 0.0)


def nowhere() -> str:
    """Return the address of a relay that is not there."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"smtp://127.0.0.1:{taken.getsockname()[1]}"


def test_a_message_is_taken() -> None:
    server = SmtpServer()
    assert send_one(server) == Delivered(mta="mx.example", answer="2.0.0 taken")
    assert server.received == [("b+1@bounce.example", GOOD, MESSAGE, 1)]
    assert server.commands == [
        "EHLO we.example",
        f"MAIL FROM:<b+1@bounce.example> SIZE={len(MESSAGE)}",
        f"RCPT TO:<{GOOD}>",
        "DATA",
        "QUIT",
    ]


def test_many_messages_share_a_connection() -> None:
    server = SmtpServer()
    send(server, *[letter()] * 5)
    assert server.connections == 1
    assert [command.split()[0] for command in server.commands].count("EHLO") == 1


def test_no_more_connections_are_opened_than_allowed() -> None:
    server = SmtpServer()
    with server.running():
        answers = with_relays(server.url, lambda relays: send_together(relays, 30), relay_connections=3)
    assert all(isinstance(answer, Delivered) for answer in answers)
    assert len(server.received) == 30
    assert server.most_open == server.connections == 3


def test_a_connection_ends_after_a_number_of_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_MESSAGES", 2)
    server = SmtpServer()
    send(server, *[letter()] * 5)
    assert [each.connection for each in server.received] == [1, 1, 2, 2, 3]
    assert server.commands.count("QUIT") == 3


def test_a_connection_that_nobody_uses_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_IDLE_S", 0.01)

    async def work(relays: Relays) -> None:
        await relays.deliver(letter(), "example.org")
        assert relays.states()[0].connections == 1
        await until(lambda: not relays.states()[0].connections)
        await relays.deliver(letter(), "example.org")

    server = SmtpServer()
    with server.running():
        with_relays(server.url, work)
    assert [each.connection for each in server.received] == [1, 2]


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "END"])
@pytest.mark.parametrize(
    ("answer", "code", "enhanced", "diagnostic"),
    [
        ("550 5.1.1 No such user", 550, "5.1.1", "No such user"),
        ("552 5.2.2 Mailbox full", 552, "5.2.2", "Mailbox full"),
        ("452 4.2.2 Over quota", 452, "4.2.2", "Over quota"),
        ("450 greylisted, come again", 450, "", "greylisted, come again"),
        ("550-5.1.1 No such user\r\n550-5.1.1 (see\r\n550 5.1.1 there)", 550, "5.1.1", "No such user (see there)"),
        ("554 5.7.1", 554, "5.7.1", ""),
        ("550 5.1.10.4 is no such code", 550, "", "5.1.10.4 is no such code"),
        ("550 caf\udce9 \x1b[31m\tr\u00e9sum\u00e9", 550, "", "caf\ufffd [31m r\u00e9sum\u00e9"),
    ],
)
def test_a_refusal_is_told_as_it_was_said(step: str, answer: str, code: int, enhanced: str, diagnostic: str) -> None:
    """And the connection serves the next message."""
    server = SmtpServer({step: [answer]})
    refused, delivered = send(server, letter("gone@example.org"), letter())
    command = "DATA" if step == "END" else step
    assert refused == Refused(code=code, enhanced=enhanced, diagnostic=diagnostic, mta="mx.example", command=command)
    assert isinstance(delivered, Delivered)
    assert [each.connection for each in server.received] == [1]
    assert ("RSET" in server.commands) == (step != "MAIL")


def test_of_a_long_answer_a_thousand_characters_are_kept() -> None:
    refused = send_one(SmtpServer({"RCPT": "\r\n".join([*["550-no" + "o" * 70] * 40, "550 no"])}))
    assert isinstance(refused, Refused)
    assert len(refused.diagnostic) == 1_000


def test_a_message_is_not_sent_that_is_larger_than_the_relay_takes() -> None:
    server = SmtpServer(size=100)
    refused, delivered = send(server, letter(message=MESSAGE + b"x" * 100), letter())
    assert refused == Refused(
        code=552,
        enhanced="5.3.4",
        diagnostic="the message has 127 bytes, the relay takes 100",
        mta="mx.example",
    )
    assert isinstance(delivered, Delivered)
    assert len([command for command in server.commands if command.startswith("MAIL")]) == 1


def test_a_relay_that_announces_no_size_is_told_none() -> None:
    server = SmtpServer(size=0)
    assert isinstance(send_one(server), Delivered)
    assert "MAIL FROM:<b+1@bounce.example>" in server.commands


def test_a_relay_that_knows_no_ehlo_is_greeted_in_the_old_way() -> None:
    server = SmtpServer({"EHLO": "502 5.5.1 not here"})
    assert send_one(server) == Delivered(mta="mx.example", answer="2.0.0 taken")
    assert server.commands[:3] == ["EHLO we.example", "HELO we.example", "MAIL FROM:<b+1@bounce.example>"]


@pytest.mark.parametrize(
    ("sender", "recipient", "enhanced"),
    [
        ("b@bounce.example", "a@b.example> NOTIFY=NEVER", "5.1.3"),
        ("b@bounce.example", "a@b.example>\r\nDATA", "5.1.3"),
        ("b@bounce.example", "a b@c.example", "5.1.3"),
        ("b@bounce.example", f"{'a' * 250}@c.example", "5.1.3"),
        ("b@bounce.example", "", "5.1.3"),
        ("b>\r\nRSET@bounce.example", GOOD, "5.1.7"),
        ("b@bounce.example", "ré@b.example", "5.6.7"),
    ],
)
def test_an_address_that_smtp_cannot_carry_is_refused_unsaid(sender: str, recipient: str, enhanced: str) -> None:
    server = SmtpServer()
    refused = send_one(server, letter(recipient, sender=sender))
    assert isinstance(refused, Refused)
    assert (refused.code, refused.enhanced, refused.permanent) == (553, enhanced, True)
    assert server.commands == ["EHLO we.example", "QUIT"]


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        (b"a\r\n.\r\nMAIL FROM:<evil@x>\r\n", b"a\r\n.\r\nMAIL FROM:<evil@x>\r\n"),
        (b".\r\n..\r\n.a\r\n", b".\r\n..\r\n.a\r\n"),
        (b"a\n.\nMAIL\n", b"a\r\n.\r\nMAIL\r\n"),
        (b"a\r\n.\rb\r.\nMAIL", b"a\r\n.\r\nb\r\n.\r\nMAIL\r\n"),
        (b"a\r\r\n.\r\n", b"a\r\n\r\n.\r\n"),
        (b"", b"\r\n"),
    ],
)
def test_no_text_ends_a_message_before_its_end(sent: bytes, received: bytes) -> None:
    server = SmtpServer()
    send(server, letter(message=sent), letter())
    assert [each.message for each in server.received] == [received, MESSAGE]


@pytest.mark.parametrize("how", [DROP, "421 4.3.2 closing"])
@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
def test_a_connection_that_the_server_ends_is_opened_anew(step: str, how: str) -> None:
    """Nothing was taken, so nothing is refused, and nothing arrives twice."""
    server = SmtpServer({step: [FINE, how]})
    answers = send(server, letter(), letter())
    assert all(isinstance(answer, Delivered) for answer in answers)
    assert [each.connection for each in server.received] == [1, 2]


def test_a_connection_that_was_closed_meanwhile_is_opened_anew() -> None:
    server = SmtpServer({"RSET": "421 you took too long"})
    server.answers["RCPT gone@example.org"] = "550 5.1.1 no"
    refused, delivered = send(server, letter("gone@example.org"), letter())
    assert isinstance(refused, Refused)
    assert isinstance(delivered, Delivered)
    assert server.connections == 2


@pytest.mark.parametrize("how", [DROP, "421 4.7.0 not this one"])
def test_a_message_that_a_relay_cannot_stand_keeps_no_others(how: str) -> None:
    """Else a message at which a server breaks down would hold up all sending for good."""
    server = SmtpServer({"RCPT poison@example.org": how})

    async def work(relays: Relays) -> Sequence[Delivered | Refused]:
        poison = [await relays.deliver(letter("poison@example.org"), "example.org") for _ in range(2)]
        assert relays.states()[0].up
        return [*poison, await relays.deliver(letter(), "example.org")]

    with server.running():
        first, second, delivered = with_relays(server.url, work)
    assert first == second
    assert (first.code, first.permanent) == (421, False)
    assert first.enhanced == ("4.4.2" if how == DROP else "4.7.0")
    assert isinstance(delivered, Delivered)


@pytest.mark.parametrize("how", [DROP, STALL, "nonsense"])
def test_an_answer_that_never_comes_after_the_message_leaves_doubt(how: str) -> None:
    server = SmtpServer({"END": [how]})

    async def work(relays: Relays) -> None:
        with pytest.raises(InDoubt, match="may have been taken"):
            await relays.deliver(letter(), "example.org")
        assert relays.states()[0].up
        assert isinstance(await relays.deliver(letter(), "example.org"), Delivered)

    with server.running():
        with_relays(server.url, work, relay_seconds=0.2)


@pytest.mark.parametrize(
    ("step", "how"),
    [
        ("CONNECT", "554 5.7.1 blocked"),
        ("CONNECT", "421 busy"),
        ("CONNECT", "nonsense"),
        ("CONNECT", DROP),
        ("CONNECT", STALL),
        ("EHLO", "421 4.3.2 closing"),
        ("EHLO", DROP),
        ("MAIL", "421 4.7.0 too many messages"),
        ("MAIL", "530 5.7.0 Must issue a STARTTLS command first"),
        ("RCPT", "530 Authentication required"),
        ("MAIL", "503 5.5.1 Error: nested MAIL command"),
        ("MAIL", DROP),
        ("MAIL", STALL),
    ],
)
def test_what_is_the_relays_fault_is_no_refusal(step: str, how: str) -> None:
    server = SmtpServer({step: how})

    async def work(relays: Relays) -> None:
        with pytest.raises(NoRelay, match=f"no relay takes messages: 127.0.0.1:{server.port}: ") as caught:
            await relays.deliver(letter(), "example.org")
        assert 0 < caught.value.retry_s <= 1
        state = relays.states()[0]
        assert not state.up
        assert how in {DROP, STALL, "nonsense"} or how in state.last_error

    with server.running():
        with_relays(server.url, work, relay_seconds=0.2)


@pytest.mark.usefixtures("no_rest")
def test_a_relay_that_is_back_is_used_again() -> None:
    server = SmtpServer({"CONNECT": ["421 not yet"]})

    async def work(relays: Relays) -> None:
        with pytest.raises(NoRelay):
            await relays.deliver(letter(), "example.org")
        assert not relays.states()[0].up
        assert isinstance(await relays.deliver(letter(), "example.org"), Delivered)
        assert relays.states()[0].up
        assert not relays.states()[0].last_error

    with server.running():
        with_relays(server.url, work)


def test_a_relay_that_failed_is_left_alone_for_a_while() -> None:
    server = SmtpServer({"CONNECT": "421 not yet"})

    async def work(relays: Relays) -> None:
        for _ in range(5):
            with pytest.raises(NoRelay):
                await relays.deliver(letter(), "example.org")

    with server.running():
        with_relays(server.url, work)
    assert server.connections == 1


@pytest.mark.usefixtures("no_rest")
def test_one_message_tries_a_relay_that_was_down_and_the_others_wait_for_it() -> None:
    server = SmtpServer({"CONNECT": [DROP, STALL]})

    async def work(relays: Relays) -> Sequence[Any]:
        with pytest.raises(NoRelay):
            await relays.deliver(letter(), "example.org")
        return await send_together(relays, 10)

    with server.running():
        answers = with_relays(server.url, work, relay_seconds=0.2)
    assert [type(answer) for answer in answers] == [NoRelay, *[Delivered] * 9]


def test_relays_that_can_be_reached_take_the_messages_of_one_that_cannot() -> None:
    server = SmtpServer()
    with server.running():
        answers = with_relays(f"{nowhere()}, {server.url}", lambda relays: send_together(relays, 20))
    assert all(isinstance(answer, Delivered) for answer in answers)
    assert len(server.received) == 20


def test_relays_take_turns() -> None:
    one, other = SmtpServer(), SmtpServer()
    with one.running(), other.running():
        with_relays(f"{one.url},{other.url}", lambda relays: send_together(relays, 20))
    assert len(one.received) == len(other.received) == 10


def test_a_relay_that_wants_fewer_connections_gets_fewer() -> None:
    """It is not down: what it answers to one connection too many is no reason to leave it alone."""
    server = SmtpServer({"CONNECT": [FINE, FINE, *["421 4.7.0 too many connections"] * 20]})
    with server.running():
        answers = with_relays(server.url, lambda relays: send_together(relays, 30), relay_connections=5)
    assert all(isinstance(answer, Delivered) for answer in answers)
    assert {each.connection for each in server.received} == {1, 2}


def test_messages_that_are_broken_off_leave_nothing_open() -> None:
    server = SmtpServer({"END": STALL})

    async def work(relays: Relays) -> None:
        tasks = [asyncio.create_task(relays.deliver(letter(), "example.org")) for _ in range(5)]
        await until(lambda: server.commands.count("DATA") == 3)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

    with server.running():
        with_relays(server.url, work, relay_connections=3)


@pytest.mark.usefixtures("trusted")
def test_tls_is_taken_where_it_is_offered_whoever_signed(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    server = SmtpServer(tls=certificate(tmp_path / "own", "another.example"))
    assert isinstance(send_one(server), Delivered)
    assert server.encrypted == {True: 1}


def test_tls_that_is_required_is_verified(trusted: Certificate) -> None:
    server = SmtpServer(tls=trusted)
    with server.running():
        url = server.url.replace("smtp:", "smtp+starttls:")
        assert isinstance(with_relays(url, lambda relays: send_together(relays, 1))[0], Delivered)
    assert server.encrypted == {True: 1}


def test_tls_from_the_start_is_verified(trusted: Certificate) -> None:
    server = SmtpServer(tls=trusted, implicit=True)
    with server.running():
        url = server.url.replace("smtp:", "smtps:")
        assert isinstance(with_relays(url, lambda relays: send_together(relays, 1))[0], Delivered)
    assert server.encrypted == {True: 1}


@pytest.mark.parametrize(("scheme", "implicit"), [("smtp+starttls", False), ("smtps", True)])
def test_a_certificate_that_nobody_vouches_for_is_refused_unless_told(
    tmp_path: Path, scheme: str, *, implicit: bool
) -> None:
    server = SmtpServer(tls=certificate(tmp_path), implicit=implicit)
    with server.running():
        url = server.url.replace("smtp", scheme)
        (refused,) = with_relays(url, lambda relays: send_together(relays, 1))
        (taken,) = with_relays(f"{url}?verify=no", lambda relays: send_together(relays, 1))
    assert isinstance(refused, NoRelay)
    assert "certificate verify failed" in str(refused)
    assert isinstance(taken, Delivered)


def test_tls_that_is_required_is_not_done_without() -> None:
    server = SmtpServer()
    with server.running():
        url = server.url.replace("smtp:", "smtp+starttls:")
        (refused,) = with_relays(url, lambda relays: send_together(relays, 1))
    assert isinstance(refused, NoRelay)
    assert not server.received


def test_a_user_logs_in(tmp_path: Path) -> None:
    server = SmtpServer(tls=certificate(tmp_path), users={"us": "p@ss: word/"})
    with server.running():
        url = server.url.replace("//", "//us:p%40ss%3A%20word%2F@")
        assert isinstance(with_relays(url, lambda relays: send_together(relays, 1))[0], Delivered)


@pytest.mark.parametrize(("password", "outcome"), [("right", Delivered), ("wrong", NoRelay)])
def test_a_wrong_password_is_the_relays_matter_and_is_never_shown(password: str, outcome: type) -> None:
    """Without TLS: a password may go to this machine itself."""
    server = SmtpServer(users={"us": "right"})
    with server.running():
        url = server.url.replace("//", f"//us:{password}@")
        (answer,) = with_relays(url, lambda relays: send_together(relays, 1))
    assert isinstance(answer, outcome)
    assert "wrong" not in str(answer)


def test_a_password_does_not_leave_the_machine_without_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("estampe.execution.relaying.dialogue._is_near", lambda _smtp: False)
    server = SmtpServer(users={"us": "secret"})
    with server.running():
        (refused,) = with_relays(server.url.replace("//", "//us:secret@"), lambda relays: send_together(relays, 1))
    assert isinstance(refused, NoRelay)
    assert "a password is not sent without" in str(refused)
    assert not any(command.startswith("AUTH") for command in server.commands)


def test_messages_count_against_their_domain_while_they_are_under_way() -> None:
    server = SmtpServer({"END slow@example.org": STALL})

    async def work(relays: Relays) -> None:
        assert (relays.room("example.org"), relays.room("gmail.com")) == (3, 1)
        slow = asyncio.create_task(relays.deliver(letter("slow@example.org"), "example.org"))
        await until(lambda: "DATA" in server.commands)
        assert (relays.room("example.org"), relays.room("gmail.com"), relays.under_way) == (2, 1, 1)
        slow.cancel()
        await asyncio.wait([slow])
        assert (relays.room("example.org"), relays.under_way) == (3, 0)

    with server.running():
        with_relays(server.url, work, domain_connections=3, domain_limits="gmail.com=1/0")


def test_without_a_name_that_others_know_an_address_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getfqdn", lambda: "a1b2c3d4")
    server = SmtpServer()
    with server.running():

        async def work() -> None:
            relays = Relays(Settings(relays=server.url))
            await relays.deliver(letter(), "example.org")
            await relays.close()

        asyncio.run(work())
    assert server.commands[0] == "EHLO [127.0.0.1]"
    assert "ESTAMPE_MAIL_DOMAIN" not in os.environ
