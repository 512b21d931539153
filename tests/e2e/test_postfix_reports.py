"""A real Postfix hands reports over: it keeps each until it hears that it is taken."""

from __future__ import annotations

import asyncio
import contextlib
import smtplib
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import uvloop
from structlog.testing import capture_logs

import postfix
from estampe.bounces.delivery import NotTaken, Taken
from estampe.bounces.intakes.listener import listening
from estampe.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estampe.bounces.delivery import Delivery

pytestmark = pytest.mark.e2e

DOMAIN = "return.example"
MAIL = b"Subject: Undelivered\r\nMessage-ID: <1@mx.example>\r\n\r\nIt is lost.\r\n.\r\nIt was.\r\n"
PATIENCE_S = 30


class Receiver:
    """Takes mails; `hinders` are told first, one a mail."""

    def __init__(self, *hinders: float | Exception) -> None:
        self.came: list[Delivery] = []
        self._hinders = list(hinders)

    def accepts(self, recipient: str) -> bool:
        return recipient.startswith("b")

    def take(self, delivery: Delivery) -> Taken:
        self.came.append(delivery)
        hinder = self._hinders.pop(0) if self._hinders else 0
        if isinstance(hinder, Exception):
            raise hinder
        time.sleep(hinder)
        return Taken.PUBLISHED


@contextmanager
def running(receiver: Receiver) -> Iterator[postfix.Postfix]:
    """Run the listener, and Postfix before it."""
    ready = threading.Event()
    ends: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
    port = [0]

    async def serve() -> None:
        end = asyncio.Event()
        with capture_logs() as logs:
            async with listening(receiver, Settings(reports_listen="lmtp://127.0.0.1:0", return_domain=DOMAIN)):
                port[0] = int(logs[0]["url"].rpartition(":")[2])
                ends.append((asyncio.get_running_loop(), end))
                ready.set()
                await end.wait()

    thread = threading.Thread(target=lambda: uvloop.run(serve()))
    thread.start()
    try:
        assert ready.wait(PATIENCE_S)
        with postfix.serving(routes={r"@return\.example$": f"lmtp:inet:127.0.0.1:{port[0]}"}) as server:
            yield server
    finally:
        for loop, end in ends:
            loop.call_soon_threadsafe(end.set)
        thread.join(PATIENCE_S)


def bring(server: postfix.Postfix, *recipients: str) -> None:
    with smtplib.SMTP("127.0.0.1", server.port) as client:
        client.sendmail("", [f"{name}@{DOMAIN}" for name in recipients], MAIL)


def ends(server: postfix.Postfix, status: str, count: int) -> list[str]:
    """Wait until the log says so often that a mail ended so; return to whom it was."""
    deadline_s = time.monotonic() + PATIENCE_S
    found: list[str] = []
    while len(found) < count and time.monotonic() < deadline_s:
        time.sleep(0.1)
        with contextlib.suppress(KeyError):  # a message is in the log before its id is
            found = [each.recipient for each in server.taken() if each.status == status]
    return found


def test_postfix_hands_a_report_over_once_for_all_its_recipients() -> None:
    receiver = Receiver()
    with running(receiver) as server:
        bring(server, "b1", "b2", "nobody")
        assert sorted(ends(server, "sent", 2)) == [f"b1@{DOMAIN}", f"b2@{DOMAIN}"]
        assert ends(server, "bounced", 1) == [f"nobody@{DOMAIN}"]
    [delivery] = receiver.came
    assert delivery.mail.endswith(b"It is lost.\r\n.\r\nIt was.\r\n")
    assert sorted(delivery.recipients) == [f"b1@{DOMAIN}", f"b2@{DOMAIN}"]


def test_postfix_comes_again_with_what_could_not_be_taken() -> None:
    receiver = Receiver(NotTaken("the disk is full"), ZeroDivisionError("oops"))
    with running(receiver) as server:
        bring(server, "b1")
        assert ends(server, "sent", 1) == [f"b1@{DOMAIN}"], server.log()
    assert len(receiver.came) == 3


def test_postfix_comes_again_where_no_answer_came() -> None:
    receiver = Receiver(6)  # longer than it waits
    with running(receiver) as server:
        bring(server, "b1")
        assert ends(server, "sent", 1) == [f"b1@{DOMAIN}"], server.log()
    assert [each.mail.partition(b"Subject")[2] for each in receiver.came] == [
        receiver.came[0].mail.partition(b"Subject")[2]
    ] * 2
