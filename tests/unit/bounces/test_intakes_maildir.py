"""A Maildir: no mail is removed before it was taken, and none is lost."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import TYPE_CHECKING

import pytest

from estampe.bounces.delivery import NotTaken, Taken, Way
from estampe.bounces.intakes.maildir import Maildir
from estampe.bounces.intakes.watching import watching
from estampe.bounces.reports import MailTooLarge
from estampe.settings import InvalidSetting, Settings

if TYPE_CHECKING:
    from pathlib import Path

    from estampe.bounces.delivery import Delivery


class Receiver:
    """Takes mails; whether it does is told by `failure`."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.came = threading.Event()
        self.failure: Exception | None = None
        self.full_for = b""

    def accepts(self, recipient: str) -> bool:
        raise AssertionError(recipient)

    def take(self, delivery: Delivery) -> Taken:
        assert delivery.way is Way.MAILDIR
        if len(delivery.mail) > 100:
            raise MailTooLarge(100)
        if self.failure:
            raise self.failure
        if delivery.mail == self.full_for:
            raise NotTaken("the quarantine is full")
        self.taken.append(delivery.mail)
        self.came.set()
        return Taken.PUBLISHED


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def maildir(tmp_path: Path, receiver: Receiver) -> Maildir:
    return Maildir(tmp_path / "reports", receiver, limit=100)


@pytest.fixture
def folder(maildir: Maildir, tmp_path: Path) -> Path:
    """The Maildir's folder."""
    assert maildir
    return tmp_path / "reports"


def _deliver(folder: Path, name: str, mail: bytes, age_s: int = 0) -> None:
    path = folder / name
    path.write_bytes(mail)
    os.utime(path, (1_700_000_000 - age_s,) * 2)


def _settings(folder: Path) -> Settings:
    return Settings(reports_maildir=f"{folder}", reports_seconds=0.1, report_limit=1_024)


def _left(folder: Path) -> list[str]:
    return sorted(each.name for name in ("new", "cur") for each in (folder / name).iterdir())


def test_mails_are_taken_the_oldest_first_and_removed(maildir: Maildir, folder: Path, receiver: Receiver) -> None:
    _deliver(folder, "new/1", b"young", 1)
    _deliver(folder, "cur/2:2,S", b"old", 3)
    _deliver(folder, "new/3", b"middle", 2)
    assert maildir.take_all(threading.Event()) == 3
    assert receiver.taken == [b"old", b"middle", b"young"]
    assert _left(folder) == []


def test_what_cannot_be_taken_now_stays(maildir: Maildir, folder: Path, receiver: Receiver) -> None:
    _deliver(folder, "new/1", b"one")
    receiver.failure = NotTaken("the disk is full")
    with pytest.raises(NotTaken):
        maildir.take_all(threading.Event())
    assert _left(folder) == ["1"]
    receiver.failure = None
    assert maildir.take_all(threading.Event()) == 1


def test_a_mail_that_cannot_be_taken_now_holds_up_no_other(maildir: Maildir, folder: Path, receiver: Receiver) -> None:
    _deliver(folder, "new/1", b"unknown", 1)
    _deliver(folder, "new/2", b"two")
    receiver.full_for = b"unknown"
    with pytest.raises(NotTaken):
        maildir.take_all(threading.Event())
    assert (receiver.taken, _left(folder)) == ([b"two"], ["1"])


@pytest.mark.parametrize("failure", [None, ZeroDivisionError("a fault")])
def test_what_never_can_be_taken_is_moved_aside_and_the_others_go_on(
    failure: Exception | None, maildir: Maildir, folder: Path, receiver: Receiver
) -> None:
    _deliver(folder, "new/1", b"x" * 5_000, 1)
    receiver.failure = failure
    assert maildir.take_all(threading.Event()) == 0
    receiver.failure = None
    _deliver(folder, "new/2", b"two")
    assert maildir.take_all(threading.Event()) == 1
    assert [each.read_bytes() for each in (folder / ".refused/cur").iterdir()] == [b"x" * 5_000]
    assert _left(folder) == []


def test_only_files_that_were_delivered_are_taken(
    maildir: Maildir, folder: Path, receiver: Receiver, tmp_path: Path
) -> None:
    _deliver(folder, "tmp/1", b"half")
    _deliver(folder, "new/.hidden", b"none")
    (tmp_path / "secret").write_bytes(b"secret")
    (folder / "new/link").symlink_to(tmp_path / "secret")
    (folder / "new/folder").mkdir()
    assert maildir.take_all(threading.Event()) == 0
    assert receiver.taken == []
    assert (tmp_path / "secret").exists()


def test_a_folder_that_cannot_be_one_is_refused(tmp_path: Path, receiver: Receiver) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InvalidSetting, match="ESTAMPE_REPORTS_MAILDIR"):
        Maildir(tmp_path / "file", receiver, limit=100)


def test_a_folder_that_is_made_is_its_owners(folder: Path) -> None:
    assert (folder / "new").stat().st_mode & 0o077 == 0


def test_what_comes_while_it_is_watched_is_taken(folder: Path, receiver: Receiver) -> None:
    async def run() -> bool:
        async with watching(receiver, _settings(folder)):
            (folder / "tmp/1").write_bytes(b"late")
            (folder / "tmp/1").rename(folder / "new/1")
            return await asyncio.to_thread(receiver.came.wait, 10)

    assert asyncio.run(run())
    assert (receiver.taken, _left(folder)) == ([b"late"], [])


def test_it_goes_on_after_a_while_where_nothing_can_be_taken(folder: Path, receiver: Receiver) -> None:
    receiver.failure = NotTaken("the disk is full")
    _deliver(folder, "new/1", b"one")

    async def run() -> bool:
        async with watching(receiver, _settings(folder)):
            await asyncio.sleep(0.05)
            receiver.failure = None
            return await asyncio.to_thread(receiver.came.wait, 10)

    assert asyncio.run(run())
