"""A mailbox of an IMAP server (RFC 3501): mails that come there; each is removed once it was taken.

Nothing is remembered from one connection to the next, so that no number of a mail can be mistaken for another's
(UIDVALIDITY, RFC 3501 section 2.3.1.1).
"""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import structlog
from imapclient import DELETED
from imapclient.exceptions import IMAPClientError

from estampe.bounces.delivery import Delivery, NotTaken, Way
from estampe.bounces.reports import MailTooLarge
from estampe.errors import EstampeError
from estampe.instants import clock_ms

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from imapclient import IMAPClient

    from estampe.bounces.delivery import Receiver
    from estampe.bounces.intakes.account import Account

REFUSED = "Refused"
"""The folder of the mailbox where mails are moved that never can be taken."""

_AT_ONCE = 20
"""Mails taken before they are removed together."""

_ASKED_AT_ONCE = 1_000
"""Mails of which the server is asked at once which are there, so that no answer is too long a line."""

_IN_VAIN = 100
"""After so many mails that cannot be taken now, the others are not tried: it is not for what is in them."""

_LONGEST_IDLE_S = 1_500.0
"""RFC 2177 has it begun anew before 29 minutes are over."""

_GLANCE_S = 0.5
"""How long until it is seen that all is to stop."""


class MailboxUnavailable(EstampeError):
    """A mailbox cannot be read now."""

    def __init__(self, account: Account, reason: object) -> None:
        said = account.hidden(str(reason))
        super().__init__(f"the {account.name}, which ESTAMPE_REPORTS_IMAP names, cannot be read now: {said}")


class Mailbox:
    """Takes the mails of a mailbox; for one thread.

    A mail is removed after it was taken, so a connection that breaks in between has it taken again, and that adds
    nothing.

    Parameters:
        account: where it is.
        receiver: takes the mails.
        limit: the largest mail, bytes.
    """

    def __init__(self, account: Account, receiver: Receiver, *, limit: int) -> None:
        self.name = account.name
        self._account = account
        self._receiver = receiver
        self._limit = limit
        self._client: IMAPClient | None = None

    def take_all(self, stopping: threading.Event) -> int:
        """Take what is there, the oldest first; return how many were taken.

        Raises:
            MailboxUnavailable: the server cannot be asked, or says no.
            NotTaken: some mails cannot be taken now; the others were, unless it was so with many.
        """
        taken = 0
        failures: list[NotTaken] = []
        with self._connected() as client:
            uids = _mails(client, self._account.folder)
            for begin in range(0, len(uids), _AT_ONCE):
                if stopping.is_set() or len(failures) >= _IN_VAIN:
                    break
                taken += self._take(client, uids[begin : begin + _AT_ONCE], failures, stopping)
        if failures:
            raise failures[-1]
        return taken

    def await_more(self, seconds: float, stopping: threading.Event) -> None:
        """Wait until the server tells of a mail (RFC 2177), or, if it cannot or does not, so long.

        Raises:
            MailboxUnavailable: the connection is broken.
        """
        with self._connected() as client:
            if client.has_capability("IDLE"):
                _idle(client, min(seconds, _LONGEST_IDLE_S), stopping)
                return
        stopping.wait(seconds)

    def leave(self) -> None:
        """Log out."""
        if self._client:
            with suppress(OSError, IMAPClientError):
                self._client.logout()
        self._client = None

    @contextmanager
    def _connected(self) -> Iterator[IMAPClient]:
        """Yield the connection, a new one where the last broke.

        Raises:
            MailboxUnavailable: it cannot be had, or breaks.
        """
        try:
            self._client = self._client or self._account.entered()
            yield self._client
        except (OSError, IMAPClientError) as exc:
            self._drop()
            raise MailboxUnavailable(self._account, exc) from None  # what it came from may hold the password
        except NotTaken:
            raise
        except Exception as exc:  # noqa: BLE001  a server that keeps to no rule breaks the library in many ways
            self._drop()
            raise MailboxUnavailable(self._account, repr(exc)) from None

    def _drop(self) -> None:
        if self._client:
            with suppress(OSError, IMAPClientError):
                self._client.shutdown()
        self._client = None

    def _take(self, client: IMAPClient, uids: list[int], failures: list[NotTaken], stopping: threading.Event) -> int:
        """Take some mails and remove them, those aside that never can be taken; return how many were taken."""
        sizes = client.fetch(uids, ["RFC822.SIZE"])
        taken: list[int] = []
        refused: list[int] = []
        for uid in uids:
            if stopping.is_set() or uid not in sizes:  # somebody else removed it
                continue
            try:
                self._take_one(client, uid, sizes[uid][b"RFC822.SIZE"])
                taken.append(uid)
            except NotTaken as exc:
                failures.append(exc)
            except _Refused as exc:
                structlog.get_logger().error("a report of the mailbox cannot be taken", uid=uid, reason=str(exc))
                refused.append(uid)
        if refused:
            client.copy(refused, _aside(client))
        if done := taken + refused:
            _remove(client, done)
        return len(taken)

    def _take_one(self, client: IMAPClient, uid: int, size: int) -> None:
        if size > self._limit:
            raise _Refused(MailTooLarge(self._limit))
        asked = f"BODY.PEEK[]<0.{self._limit + 1}>"  # a part, so that no server can send more
        found: dict[bytes, Any] = client.fetch([uid], [asked]).get(uid, {})
        mail = next((value for key, value in found.items() if key.startswith(b"BODY[]")), None)
        if mail is None:
            return
        try:
            self._receiver.take(Delivery(mail=mail, way=Way.IMAP, time_ms=clock_ms()))
        except (NotTaken, OSError):
            raise
        except Exception as exc:  # what one mail breaks, the others are not to suffer
            raise _Refused(exc) from exc


class _Refused(Exception):
    """A mail that never can be taken."""


def _mails(client: IMAPClient, folder: str) -> list[int]:
    """Return the UIDs of the mails of a folder that nobody has deleted, the oldest first."""
    count = client.select_folder(folder)[b"EXISTS"]
    spans = ((begin, min(begin + _ASKED_AT_ONCE - 1, count)) for begin in range(1, count + 1, _ASKED_AT_ONCE))
    return [uid for first, last in spans for uid in sorted(client.search([f"{first}:{last}", "UNDELETED"]))]


def _remove(client: IMAPClient, uids: list[int]) -> None:
    """Remove mails; a server that cannot remove these alone (RFC 4315) keeps them, marked as deleted."""
    client.add_flags(uids, [DELETED], silent=True)
    if client.has_capability("UIDPLUS"):
        client.uid_expunge(uids)


def _aside(client: IMAPClient) -> str:
    """Return the folder for mails that never can be taken; it is made where it is missing."""
    personal = client.namespace().personal if client.has_capability("NAMESPACE") else None
    folder = f"{personal[0][0] if personal else ''}{REFUSED}"
    if not client.folder_exists(folder):
        client.create_folder(folder)
    return folder


def _idle(client: IMAPClient, seconds: float, stopping: threading.Event) -> None:
    """Wait until the server says something, so long at most."""
    _, news = client.noop()
    if any(b"EXISTS" in each for each in news):  # came since the look: what is said before it idles is not heard
        return
    client.idle()
    deadline_s = time.monotonic() + seconds
    while not stopping.is_set() and (left_s := deadline_s - time.monotonic()) > 0:
        begin_s = time.monotonic()
        glance_s = min(_GLANCE_S, left_s)
        if client.idle_check(glance_s) or time.monotonic() - begin_s < glance_s / 2:
            break  # news, or the connection is broken
    client.idle_done()
