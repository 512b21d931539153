"""A Maildir: mails that a mail server delivers into a folder; each is removed once it was taken."""

from __future__ import annotations

import os
from contextlib import suppress
from heapq import nsmallest
from typing import TYPE_CHECKING

import structlog

from estampe.bounces.delivery import Delivery, NotTaken, Way
from estampe.bounces.reports import MailTooLarge
from estampe.instants import clock_ms
from estampe.settings import InvalidSetting

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from pathlib import Path

    from estampe.bounces.delivery import Receiver

REFUSED = ".refused"
"""The folder in a Maildir, one itself, where mails are moved that never can be taken."""

_FOLDERS = ("tmp", "new", "cur")

_AT_ONCE = 100_000
"""Mails taken by one look, so that however many there are, their names find room."""

_IN_VAIN = 1_000
"""After so many mails that cannot be taken now, the others are not tried: it is not for what is in them."""


class Maildir:
    """Takes the mails of a Maildir; for one thread.

    A mail is removed after it was taken, so a crash in between has it taken again, and that adds nothing.

    Parameters:
        folder: the Maildir; it is made if it is missing.
        receiver: takes the mails.
        limit: the largest mail, bytes.

    Raises:
        InvalidSetting: the folder cannot be used.
    """

    def __init__(self, folder: Path, receiver: Receiver, *, limit: int) -> None:
        self.name = f"Maildir {folder}"
        self._folder = folder
        self._receiver = receiver
        self._limit = limit
        try:
            _make(folder)
        except OSError as exc:
            allowed = f"a folder that can be written to ({exc.strerror})"
            raise InvalidSetting("ESTAMPE_REPORTS_MAILDIR", f"{folder}", allowed) from exc

    def take_all(self, stopping: threading.Event) -> int:
        """Take what is there, the oldest first; return how many were taken.

        Raises:
            NotTaken: some mails cannot be taken now; the others were, unless it was so with many.
            OSError: the folder, or the log, cannot be read or written.
        """
        taken = 0
        failures: list[NotTaken] = []
        for path in self._mails():
            if stopping.is_set() or len(failures) == _IN_VAIN:
                break
            try:
                taken += self._take(path)
            except NotTaken as exc:
                failures.append(exc)
        if failures:
            raise failures[-1]
        return taken

    def await_more(self, seconds: float, stopping: threading.Event) -> None:
        """Wait so long."""
        stopping.wait(seconds)

    def leave(self) -> None:
        """Let go of nothing: no file is held."""

    def _mails(self) -> list[Path]:
        """Return the mails that were delivered, the oldest first."""
        found = nsmallest(_AT_ONCE, (each for name in ("new", "cur") for each in _files_in(self._folder / name)))
        return [self._folder / name for _, name in found]

    def _take(self, path: Path) -> bool:
        try:
            with path.open("rb") as file:
                mail = file.read(self._limit + 1)
        except FileNotFoundError:  # somebody else took it
            return False
        except OSError as exc:
            return self._refuse(path, str(exc))
        try:
            self._receiver.take(Delivery(mail=mail, way=Way.MAILDIR, time_ms=clock_ms()))
        except (NotTaken, OSError):
            raise
        except MailTooLarge as exc:
            return self._refuse(path, str(exc))
        except Exception as exc:  # noqa: BLE001  what one mail breaks, the others are not to suffer
            return self._refuse(path, repr(exc))
        path.unlink(missing_ok=True)
        return True

    def _refuse(self, path: Path, reason: str) -> bool:
        """Move a mail aside that never can be taken."""
        structlog.get_logger().error("a report of the Maildir cannot be taken", file=path.name, reason=reason)
        aside = self._folder / REFUSED
        _make(aside)
        with suppress(FileNotFoundError):
            path.rename(aside / "cur" / path.name)
        return False


def _files_in(folder: Path) -> Iterator[tuple[int, str]]:
    """Yield when each file came, and where it is; links and all that is no file are left alone."""
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                if entry.is_file(follow_symlinks=False) and not entry.name.startswith("."):
                    yield entry.stat(follow_symlinks=False).st_mtime_ns, f"{folder.name}/{entry.name}"


def _make(folder: Path) -> None:
    for each in (folder, *(folder / name for name in _FOLDERS)):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
