"""Watching: places where mails lie are looked into again and again, each by a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import structlog

from estampe.bounces.intakes.account import account_of
from estampe.bounces.intakes.mailbox import Mailbox
from estampe.bounces.intakes.maildir import Maildir
from estampe.errors import EstampeError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from estampe.bounces.delivery import Receiver
    from estampe.settings import Settings

_LONGEST_PAUSE_S = 600.0
_LAST_SECONDS = 5.0
"""How long a place may take to be left; what it then still takes is taken again by the next server."""


class Place(Protocol):
    """Where mails lie; used by one thread."""

    name: str

    def take_all(self, stopping: threading.Event) -> int:
        """Take the mails that are there; return how many were taken.

        Raises:
            EstampeError: not all could be taken now.
            OSError: the same.
        """

    def await_more(self, seconds: float, stopping: threading.Event) -> None:
        """Wait until there may be more, so many seconds at most.

        Raises:
            EstampeError: nobody can tell any more.
        """

    def leave(self) -> None:
        """Let go of what is held."""


@asynccontextmanager
async def watching(receiver: Receiver, settings: Settings) -> AsyncIterator[None]:
    """Take the mails of the settings' Maildir and mailbox, where there are such, for as long as the block lasts.

    Raises:
        InvalidSetting: one of them is not written as it should be, or the Maildir cannot be used.
    """
    stopping = threading.Event()
    threads = [
        threading.Thread(target=watch, args=(place, settings.reports_seconds, stopping), name=place.name, daemon=True)
        for place in _places(receiver, settings)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in threads:
            await asyncio.to_thread(thread.join, _LAST_SECONDS)


def watch(place: Place, seconds: float, stopping: threading.Event) -> None:
    """Take what comes to a place until it is to stop.

    Parameters:
        place: where the mails lie.
        seconds: how long between two looks; longer and longer while they fail.
        stopping: is set when it is to stop.
    """
    journal = structlog.get_logger()
    pause_s = seconds
    while not stopping.is_set():
        try:
            place.take_all(stopping)
            pause_s = seconds
            place.await_more(seconds, stopping)
        except (EstampeError, OSError) as exc:
            journal.warning("reports wait", place=place.name, reason=str(exc))
        except Exception as exc:  # noqa: BLE001  reports go on, whatever happens
            journal.critical("taking reports met a fault", place=place.name, exc_info=exc)
        else:
            continue
        stopping.wait(pause_s)
        pause_s = min(2 * pause_s, max(_LONGEST_PAUSE_S, seconds))
    place.leave()


def _places(receiver: Receiver, settings: Settings) -> list[Place]:
    places: list[Place] = []
    if settings.reports_maildir:
        places.append(Maildir(Path(settings.reports_maildir), receiver, limit=settings.report_limit))
    if settings.reports_imap:
        places.append(Mailbox(account_of(settings.reports_imap), receiver, limit=settings.report_limit))
    return places
