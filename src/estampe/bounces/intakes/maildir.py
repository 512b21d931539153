"""A Maildir: mails that a mail server delivers into a folder; each is removed once it was taken."""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from estampe.bounces.delivery import Delivery, NotTaken, Way
from estampe.bounces.reports import MailTooLarge
from estampe.instants import clock_ms
from estampe.settings import InvalidSetting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from estampe.bounces.delivery import Receiver

REFUSED = ".refused"
"""The folder in a Maildir, one itself, where mails are moved that never can be taken."""

_FOLDERS = ("tmp", "new", "cur")
_LONGEST_PAUSE_S = 600.0


class Maildir:
    """Takes the mails of a Maildir; `run` is one thread's work.

    A mail is removed after it was taken, so a crash in between has it taken again, and that adds nothing.

    Parameters:
        folder: the Maildir; it is made if it is missing.
        receiver: takes the mails.
        seconds: how long between two looks.
        limit: how many bytes a mail may have.

    Raises:
        InvalidSetting: the folder cannot be used.
    """

    def __init__(self, folder: Path, receiver: Receiver, *, seconds: float, limit: int) -> None:
        self._folder = folder
        self._receiver = receiver
        self._seconds = seconds
        self._limit = limit
        self._journal = structlog.get_logger()
        try:
            _make(folder)
        except OSError as exc:
            allowed = f"a folder that can be written to ({exc.strerror})"
            raise InvalidSetting("ESTAMPE_REPORTS_MAILDIR", f"{folder}", allowed) from exc

    def run(self, stopping: threading.Event) -> None:
        """Take what comes until it is to stop."""
        pause_s = self._seconds
        while not stopping.is_set():
            try:
                self.take_all(stopping)
                pause_s = self._seconds
            except (NotTaken, OSError) as exc:
                self._journal.warning("the Maildir of reports waits", folder=f"{self._folder}", reason=str(exc))
                pause_s = min(2 * pause_s, max(_LONGEST_PAUSE_S, self._seconds))
            except Exception as exc:  # noqa: BLE001  reports go on, whatever happens
                self._journal.critical("taking reports from the Maildir met a fault", exc_info=exc)
            stopping.wait(pause_s)

    def take_all(self, stopping: threading.Event) -> int:
        """Take what is there, the oldest first; return how many were taken.

        Raises:
            NotTaken: nothing more can be taken now.
            OSError: the folder cannot be read or written.
        """
        taken = 0
        for path in self._mails():
            if stopping.is_set():
                break
            taken += self._take(path)
        return taken

    def _mails(self) -> list[Path]:
        """Return the mails that were delivered; links and all that is no file are left alone."""
        found = [
            (entry.stat(follow_symlinks=False).st_mtime_ns, entry.path)
            for name in ("new", "cur")
            for entry in os.scandir(self._folder / name)
            if entry.is_file(follow_symlinks=False) and not entry.name.startswith(".")
        ]
        return [Path(path) for _, path in sorted(found)]

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
        except NotTaken:
            raise
        except MailTooLarge as exc:
            return self._refuse(path, str(exc))
        except Exception as exc:  # noqa: BLE001  what one mail breaks, the others are not to suffer
            return self._refuse(path, repr(exc))
        path.unlink(missing_ok=True)
        return True

    def _refuse(self, path: Path, reason: str) -> bool:
        """Move a mail aside that can never be taken."""
        self._journal.error("a report of the Maildir cannot be taken", file=path.name, reason=reason)
        aside = self._folder / REFUSED
        _make(aside)
        with suppress(FileNotFoundError):
            path.rename(aside / "cur" / path.name)
        return False


@asynccontextmanager
async def watched(maildir: Maildir | None) -> AsyncIterator[None]:
    """Take the mails of a Maildir, if there is one, for as long as the block lasts."""
    if maildir is None:
        yield
        return
    stopping = threading.Event()
    thread = threading.Thread(target=maildir.run, args=(stopping,), name="maildir", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        await asyncio.to_thread(thread.join)


def _make(folder: Path) -> None:
    for name in _FOLDERS:
        (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
