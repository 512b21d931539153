"""The listener for reports: what it takes it answers for, and nobody holds it up or makes two mails of one."""

from __future__ import annotations

import asyncio
import contextlib
import smtplib
import socket
import ssl
import stat
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import uvloop
from structlog.testing import capture_logs

from estampe.bounces.delivery import NotTaken, Taken, Way
from estampe.bounces.intakes.listener import listening
from estampe.bounces.reports.mail import MailTooLarge
from estampe.settings import InvalidSetting, Settings
from smtp_servers import certificate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estampe.bounces.delivery import Delivery

PATIENCE_S = 20
MAIL = b"Subject: Undelivered\r\n\r\nIt is lost.\r\n"


class Receiver:
    """Takes mails for addresses of return.example; what it does is told by `becomes`, in order."""

    def __init__(self, *becomes: Taken | Exception) -> None:
        self.taken: list[Delivery] = []
        self.becomes = list(becomes)
        self.may_go = threading.Event()
        self.may_go.set()
        self.reached = threading.Event()

    def accepts(self, recipient: str) -> bool:
        return recipient.endswith("@return.example")

    def take(self, delivery: Delivery) -> Taken:
        self.reached.set()
        assert self.may_go.wait(PATIENCE_S)
        outcome = self.becomes.pop(0) if self.becomes else Taken.PUBLISHED
        if isinstance(outcome, Exception):
            raise outcome
        self.taken.append(delivery)
        return outcome


class Line:
    """A connection that says what it is told, byte by byte."""

    def __init__(self, address: tuple[str, int], *, greet: bytes = b"EHLO mx.example") -> None:
        self.socket = socket.create_connection(address, PATIENCE_S)
        self.file = self.socket.makefile("rb")
        self.greeting = self.hear()
        self.offered = self.say(greet) if greet else ""

    def hear(self) -> str:
        """Return one answer; empty if the connection is closed."""
        lines = []
        while line := self.file.readline().decode():
            lines.append(line)
            if line[3:4] == " ":
                break
        return "".join(lines).rstrip("\r\n")

    def say(self, line: bytes) -> str:
        self.socket.sendall(line + b"\r\n")
        return self.hear()

    def begin(self, *recipients: bytes, sender: bytes = b"") -> None:
        """Come as far as the content."""
        assert self.say(b"MAIL FROM:<%b>" % sender).startswith("250 ")
        for recipient in recipients or (b"b1@return.example",):
            assert self.say(b"RCPT TO:<%b>" % recipient).startswith("250 ")
        assert self.say(b"DATA").startswith("354 ")

    def closed(self) -> bool:
        """Return whether nothing more comes."""
        try:
            return self.file.read() == b""
        except ConnectionResetError:
            return True

    def close(self) -> None:
        self.file.close()
        self.socket.close()


class Running:
    """A listener that runs."""

    def __init__(self, url: str, stop: Callable[[], None]) -> None:
        self.url = url
        self.stop = stop
        self._lines: list[Line] = []

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", int(self.url.rpartition(":")[2])

    def line(self, **how: Any) -> Line:
        line = Line(self.address, **how)
        self._lines.append(line)
        return line

    def hang_up(self) -> None:
        for line in self._lines:
            line.close()


@contextmanager
def running(receiver: Receiver, *, loop: Any = uvloop.new_event_loop, **settings: Any) -> Iterator[Running]:
    """Listen in a thread, as the server does."""
    chosen = Settings(**{"reports_listen": "smtp://127.0.0.1:0", "return_domain": "return.example", **settings})
    ready = threading.Event()
    found: dict[str, Any] = {}

    async def serve() -> None:
        stopping = asyncio.Event()
        with capture_logs() as logs:
            async with listening(receiver, chosen):
                found["url"] = logs[0]["url"]
                found["stop"] = stopping.set
                found["loop"] = asyncio.get_running_loop()
                ready.set()
                await stopping.wait()

    def run() -> None:
        with asyncio.Runner(loop_factory=loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(PATIENCE_S)
    server = Running(found["url"], lambda: found["loop"].call_soon_threadsafe(found["stop"]))
    try:
        yield server
    finally:
        receiver.may_go.set()
        with contextlib.suppress(RuntimeError):
            server.stop()
        thread.join(PATIENCE_S)
        server.hang_up()
        assert not thread.is_alive()


def test_a_mail_server_brings_a_report_by_smtp() -> None:
    receiver = Receiver()
    with running(receiver) as server, smtplib.SMTP(*server.address) as client:
        client.sendmail("", ["b1@return.example", "b2@return.example"], MAIL)
        assert client.esmtp_features.keys() == {"size", "pipelining", "8bitmime", "smtputf8", "enhancedstatuscodes"}
    [delivery] = receiver.taken
    assert (delivery.mail, delivery.way, delivery.sender) == (MAIL, Way.SMTP, "")
    assert delivery.recipients == ("b1@return.example", "b2@return.example")


def test_a_mail_server_brings_a_report_by_lmtp() -> None:
    receiver = Receiver()
    with running(receiver, reports_listen="lmtp://127.0.0.1:0") as server, smtplib.LMTP(*server.address) as client:
        client.sendmail("mailer@mx.example", ["b1@return.example"], MAIL)
    assert [(each.way, each.sender) for each in receiver.taken] == [(Way.LMTP, "mailer@mx.example")]


def test_lmtp_answers_once_for_each_recipient() -> None:
    receiver = Receiver(Taken.PUBLISHED, NotTaken("the disk is full"))
    with running(receiver, reports_listen="lmtp://127.0.0.1:0") as server:
        line = server.line(greet=b"LHLO mx.example")
        for code in ("250 2.0.0", "451 4.3.0"):
            line.begin(b"b1@return.example", b"b1@return.example", b"b2@return.example")
            answers = [line.say(MAIL + b"."), line.hear(), line.hear()]
            assert all(answer.startswith(code) for answer in answers)
        assert line.say(b"EHLO mx.example").startswith("500 ")
        assert line.say(b"DATA").startswith("503 ")
    assert len(receiver.taken) == 1


def test_a_socket_of_this_machine_is_for_its_group_alone(tmp_path: Path) -> None:
    path = tmp_path / "reports"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    receiver = Receiver()
    with running(receiver, reports_listen=f"lmtp://{path}"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        with smtplib.LMTP(str(path)) as client:
            client.sendmail("", ["b1@return.example"], MAIL)
        with pytest.raises(InvalidSetting, match="in use"):
            asyncio.run(_listen(reports_listen=f"lmtp://{path}"))
    assert len(receiver.taken) == 1
    assert not path.exists()


@pytest.mark.parametrize(
    ("outcome", "answer"),
    [
        *((taken, "250 2.0.0 ") for taken in Taken),
        (NotTaken("the log is full"), "451 4.3.0 It cannot be taken now; bring it again later"),
        (MailTooLarge(8), "552 5.3.4 "),
        (ZeroDivisionError("oops"), "451 4.3.0 Something is wrong here"),
    ],
)
def test_what_became_of_a_mail_is_answered(outcome: Taken | Exception, answer: str) -> None:
    with running(Receiver(outcome)) as server:
        line = server.line()
        line.begin()
        assert line.say(MAIL + b".").startswith(answer)
        line.begin()  # and the dialogue goes on
        assert line.say(MAIL + b".").startswith("250 ")


def test_a_mail_is_answered_only_once_it_is_taken() -> None:
    receiver = Receiver()
    receiver.may_go.clear()
    with running(receiver, stall_seconds=0.3) as server:
        line = server.line()
        line.begin()
        line.socket.sendall(MAIL + b".\r\n")
        assert receiver.reached.wait(PATIENCE_S)
        line.socket.settimeout(0.6)
        with pytest.raises(TimeoutError):
            line.socket.recv(1)
        receiver.may_go.set()
        line.socket.settimeout(PATIENCE_S)
        assert line.socket.recv(100).startswith(b"250 ")


def test_nothing_is_relayed_and_nobody_is_told_who_is_here() -> None:
    with running(Receiver()) as server:
        line = server.line()
        assert line.say(b"MAIL FROM:<a@b.example>").startswith("250 ")
        assert line.say(b"RCPT TO:<c@elsewhere.example>").startswith("550 5.1.1")
        assert line.say(b"RCPT TO:<@return.example:c@elsewhere.example>").startswith("550 5.1.1")
        assert line.say(b"RCPT TO:<c%elsewhere.example@relay.example>").startswith("550 5.1.1")
        assert line.say(b"RCPT TO:<>").startswith("550 ")
        assert line.say(b"DATA").startswith("503 ")
        assert line.say(b"VRFY b1@return.example").startswith("252 2.1.5 Nobody")
        for command in (b"EXPN all", b"ETRN return.example", b"AUTH PLAIN AGEAYg==", b"BDAT 3 LAST"):
            assert line.say(command).startswith("500 5.5.2 ")


# Of these are the ends that servers saw where there are none, by the research on SMTP smuggling (2023), and more.
BREAKS = (b"\n", b"\r", b"\r\n", b"\r\r\n", b"\r\n\0", b"\n\n", b"\0\r\n")


ENDS = [a + b"." + b for a in BREAKS for b in BREAKS]


@pytest.mark.parametrize("end", [each for each in ENDS if b"\r\n.\r\n" not in each])
def test_only_one_sequence_ends_a_mail(end: bytes) -> None:
    smuggled = b"MAIL FROM:<>\r\nRCPT TO:<b2@return.example>\r\nDATA\r\nSubject: smuggled\r\n\r\nlies\r\n.\r\n"
    receiver = Receiver()
    with running(receiver) as server:
        line = server.line()
        line.begin()
        answer = line.say(b"Subject: one\r\n\r\ntext" + end + smuggled + b"QUIT")
        assert answer[:3] in {"250", "550"}
        assert line.hear().startswith("221 ")
        assert line.closed()
    assert [mail.recipients for mail in receiver.taken] in ([], [("b1@return.example",)])


def test_bare_line_ends_that_end_nothing_are_kept() -> None:
    receiver = Receiver()
    with running(receiver) as server:
        line = server.line()
        line.begin()
        assert line.say(b"a: b\n\nbare\n..\n.dot\rbare\r\n..stuffed\r\n...\r\n.").startswith("250 ")
        line.begin()
        assert line.say(b".").startswith("250 ")
    assert [each.mail for each in receiver.taken] == [b"a: b\n\nbare\n..\n.dot\rbare\r\n.stuffed\r\n..\r\n", b""]


def test_commands_may_come_at_once_and_content_in_pieces() -> None:
    receiver = Receiver()
    one = b"MAIL FROM:<> SIZE=9 BODY=8BITMIME SMTPUTF8\r\nRCPT TO:<\xc3\xa9@return.example>\r\n"
    with running(receiver) as server:
        line = server.line()
        line.socket.sendall(one + b"DATA\r\n")
        assert [line.hear()[:3] for _ in range(3)] == ["250", "250", "354"]
        line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in b"\xe9\r\n.\r" + b"\n" + one + b"QUIT\r\n":
            line.socket.sendall(bytes([octet]))
        assert [line.hear()[:3] for _ in range(4)] == ["250", "250", "250", "221"]
    assert [(each.mail, each.recipients) for each in receiver.taken] == [(b"\xe9\r\n", ("é@return.example",))]


def test_an_envelope_that_is_no_utf_8_is_text_all_the_same() -> None:
    receiver = Receiver()
    with running(receiver) as listener:
        line = listener.line()
        line.say(b"MAIL FROM:<\xff@mx.example> SMTPUTF8")
        line.say(b"RCPT TO:<b\xfe@return.example>")
        line.say(b"DATA")
        assert line.say(MAIL + b".").startswith("250 ")
    (delivery,) = receiver.taken
    assert (delivery.sender, delivery.recipients) == ("?@mx.example", ("b?@return.example",))


@pytest.mark.parametrize("loop", [uvloop.new_event_loop, asyncio.new_event_loop])
def test_tls_is_offered_and_the_dialogue_begins_anew_with_it(tmp_path: Path, loop: Any) -> None:
    path = certificate(tmp_path).path
    receiver = Receiver()
    context = ssl.create_default_context(cafile=path)
    context.check_hostname = False
    with running(receiver, loop=loop, reports_tls=f"{path}:{path}") as server:
        with smtplib.SMTP(*server.address) as client:
            client.starttls(context=context)
            assert not client.ehlo_resp
            client.sendmail("", ["b1@return.example"], MAIL * 10_000)
            assert not client.has_extn("starttls")
            assert not client.has_extn("auth")
            assert client.docmd("STARTTLS")[0] == 503
        line = server.line()
        assert "STARTTLS" in line.offered
        line.socket.sendall(b"STARTTLS\r\nMAIL FROM:<evil@mx.example>\r\n")
        assert line.hear().startswith("220 ")
        with context.wrap_socket(line.socket) as inside:
            inside.sendall(b"NOOP\r\n")
            assert inside.recv(1_000).startswith(b"250 2.0.0 OK\r\n")
            inside.sendall(b"RCPT TO:<b1@return.example>\r\n")
            assert inside.recv(1_000).startswith(b"503 ")
    assert [len(each.mail) for each in receiver.taken] == [len(MAIL) * 10_000]


def test_what_is_too_large_is_refused_before_and_after_it_came() -> None:
    receiver = Receiver()
    with running(receiver, report_limit=100_000) as server:
        line = server.line()
        assert "250-SIZE 100000" in line.offered
        assert line.say(b"MAIL FROM:<> SIZE=100001").startswith("552 5.3.4 ")
        line.begin()
        assert line.say(b"x" * 99_998 + b"\r\n.").startswith("250 ")
        line.begin()
        assert line.say(b"x" * 99_999 + b"\r\n.").startswith("552 5.3.4 ")
        line.begin()
        with contextlib.suppress(OSError):  # it is broken off
            for _ in range(100):
                line.socket.sendall(b"X-Header: for ever\r\n" * 1_000)
        assert line.hear().startswith("421 4.3.4") or line.closed()
    assert [len(each.mail) for each in receiver.taken] == [100_000]


def test_large_mails_do_not_fill_the_memory_or_keep_small_ones_out() -> None:
    receiver = Receiver()
    with running(receiver, report_limit=1_000_000, report_memory=1_000_000) as server:
        first, second, third = server.line(), server.line(), server.line()
        for line in (first, second, third):
            line.begin()
        first.socket.sendall(b"x" * 900_000)
        assert third.say(b"small\r\n.").startswith("250 ")
        assert second.say(b"x" * 900_000 + b"\r\n.").startswith("452 4.3.1 ")
        assert first.say(b"\r\n.").startswith("250 ")
        second.begin()
        assert second.say(b"x" * 900_000 + b"\r\n.").startswith("250 ")


def test_recipients_have_a_limit() -> None:
    with running(Receiver(), report_recipients=2) as server:
        line = server.line()
        line.say(b"MAIL FROM:<>")
        answers = [line.say(b"RCPT TO:<b@return.example>")[:9] for _ in range(3)]
    assert answers == ["250 2.0.0", "250 2.0.0", "452 4.5.3"]


def test_connections_have_limits() -> None:
    with running(Receiver(), report_connections_each=2) as server:
        first, _ = server.line(), server.line()
        assert server.line(greet=b"").greeting.startswith("421 4.7.0 ")
        assert first.say(b"QUIT").startswith("221 ")
        assert first.closed()
        assert server.line().offered
    with running(Receiver(), report_connections=1) as server:
        server.line()
        refused = server.line(greet=b"")
        assert refused.greeting.startswith("421 4.3.2 ")
        assert refused.closed()


def test_only_known_networks_may_come_if_they_are_told() -> None:
    with running(Receiver(), reports_networks="192.0.2.0/24, 2001:db8::/32") as server:
        line = server.line(greet=b"")
        assert line.greeting.startswith("554 5.7.1 ")
        assert line.closed()
    with running(Receiver(), reports_networks="127.0.0.1") as server:
        assert server.line().offered


def test_errors_and_idle_talk_have_an_end() -> None:
    with running(Receiver(), report_recipients=1) as server:
        for command in (b"", b"MAIL", b"\0\xff", b"x" * 100_000, b"MAIL FROM:<" + b"(" * 2_000, b"NOOP"):
            line = server.line()
            answers = []
            with contextlib.suppress(OSError):
                while (answer := line.say(command)) and len(answers) < 1_000:
                    answers.append(answer)
            assert answers[-1][:3] in {"421", "502"}
            assert len(answers) <= 105


def test_who_is_slow_is_let_go() -> None:
    with running(Receiver(), stall_seconds=0.2) as server:
        silent = server.line(greet=b"")
        assert silent.hear().startswith("421 4.4.2 ")
        assert silent.closed()
        slow = server.line()
        slow.begin()
        slow.socket.settimeout(0.1)
        heard = b""
        for _ in range(100):  # each piece comes in time, the mail does not
            with contextlib.suppress(TimeoutError):
                heard = slow.socket.recv(1_000)
                break
            slow.socket.sendall(b"x")
        assert heard.startswith(b"421 4.4.2 ")


def test_who_does_not_read_is_let_go() -> None:
    with running(Receiver(), stall_seconds=0.2, report_recipients=10_000) as server:
        line = server.line()
        line.socket.settimeout(1)
        with contextlib.suppress(OSError):
            for _ in range(1_000):
                line.socket.sendall(b"NOOP\r\n" * 10_000)
        other = server.line()
        assert other.say(b"NOOP").startswith("250 ")


def test_a_thousand_connections_are_refused_and_one_is_served() -> None:
    receiver = Receiver()
    with running(receiver, report_connections_each=10) as server:
        kept = server.line()
        crowd = [socket.create_connection(server.address, PATIENCE_S) for _ in range(1_000)]
        kept.begin()
        assert kept.say(MAIL + b".").startswith("250 ")
        for each in crowd:
            each.close()
    assert len(receiver.taken) == 1


def test_at_the_end_what_is_being_taken_is_answered() -> None:
    receiver = Receiver()
    receiver.may_go.clear()
    with running(receiver) as server:
        idle, busy, half = server.line(), server.line(), server.line()
        half.begin()
        busy.begin()
        busy.socket.sendall(MAIL + b".\r\n")
        assert receiver.reached.wait(PATIENCE_S)
        server.stop()
        assert idle.hear().startswith("421 4.3.2 ")
        assert half.hear().startswith("421 4.3.2 ")
        assert idle.closed()
        receiver.may_go.set()
        assert busy.hear().startswith("250 ")
        assert busy.hear().startswith("421 4.3.2 ")
        assert busy.closed()


def test_a_mail_whose_bringer_is_gone_is_taken_to_its_end() -> None:
    receiver = Receiver()
    receiver.may_go.clear()
    with running(receiver) as server:
        line = server.line()
        line.begin()
        line.socket.sendall(MAIL + b".\r\n")
        assert receiver.reached.wait(PATIENCE_S)
        line.close()
        receiver.may_go.set()
        other = server.line()
        other.begin()
        assert other.say(MAIL + b".").startswith("250 ")
    assert len(receiver.taken) == 2


@pytest.mark.parametrize(
    ("settings", "variable"),
    [
        ({"reports_listen": "127.0.0.1:24"}, "ESTAMPE_REPORTS_LISTEN"),
        ({"reports_listen": "lmtp://127.0.0.1:70000"}, "ESTAMPE_REPORTS_LISTEN"),
        ({"reports_listen": "smtp:///run/socket"}, "ESTAMPE_REPORTS_LISTEN"),
        ({"reports_listen": "lmtp:///nowhere/at/all"}, "ESTAMPE_REPORTS_LISTEN"),
        ({"reports_listen": "lmtp:///" + "x" * 200}, "ESTAMPE_REPORTS_LISTEN"),
        ({"reports_listen": "smtp://192.0.2.1:0"}, "ESTAMPE_REPORTS_LISTEN"),
        ({"reports_tls": "/nowhere.pem:/nowhere.key"}, "ESTAMPE_REPORTS_TLS"),
        ({"reports_networks": "everybody"}, "ESTAMPE_REPORTS_NETWORKS"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, str], variable: str) -> None:
    with pytest.raises(InvalidSetting, match=variable):
        asyncio.run(_listen(**{"reports_listen": "smtp://127.0.0.1:0", **settings}))


def test_without_an_address_nothing_listens() -> None:
    with capture_logs() as logs:
        asyncio.run(_listen())
    assert logs == []


async def _listen(**settings: Any) -> None:
    async with listening(Receiver(), Settings(**settings)):
        pass
