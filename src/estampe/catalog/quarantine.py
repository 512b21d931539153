"""The quarantine: mails that came as reports, and of which nobody could tell what message they are about.

They are the operator's, not a customer's: nobody knows whose they are.
"""

from __future__ import annotations

import hashlib
import re
from enum import IntEnum
from typing import TYPE_CHECKING

import msgspec
import zstandard
from sqlalchemy import delete, func, select, update

from estampe.catalog.slices import slices
from estampe.catalog.tables import quarantine
from estampe.errors import EstampeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection, Row

    from estampe.catalog.store import Catalog

_LONGEST_REASON = 1_000
_LONGEST_SUBJECT = 200
_LONGEST_HEAD = 64 << 10

_LINE_END = re.compile(rb"\r\n?")
_SUBJECT = re.compile(rb"^subject:[ \t]{0,16}(.{0,2000})", re.IGNORECASE | re.MULTILINE)
_MESSAGE_ID = re.compile(rb"^message-id:[ \t\n]{0,16}(<[^<>\s]{1,998}>)", re.IGNORECASE | re.MULTILINE)

_kept = quarantine.c
_FACTS = [column for column in _kept if column.name not in {"digest", "mail"}]


class State(IntEnum):
    """What a mail in the quarantine waits for."""

    KEPT = 0  # for an operator
    WAITING = 1  # to be read again, now
    EARLY = 2  # for its message's activation, which may still come


class QuarantineFull(EstampeError):
    """There is no room for another mail."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"the quarantine holds {limit:,} bytes of reports, as many as it may; look at them with: estampe bounces "
            "quarantine list, or raise ESTAMPE_QUARANTINE_LIMIT"
        )


class UnknownReport(EstampeError):
    """There is no such mail in the quarantine."""

    def __init__(self, number: int) -> None:
        super().__init__(f"the quarantine has no report {number}; see: estampe bounces quarantine list")


class Quarantined(msgspec.Struct, frozen=True, kw_only=True):
    """A mail in the quarantine, without its bytes.

    Parameters:
        number: its name.
        state: what it waits for.
        way: by which door it came.
        received_ms: when it came first, Unix milliseconds.
        due_ms: when it is to be read again, if it is.
        attempts: how often that failed.
        sender: the envelope's sender, empty for none.
        recipients: the envelope's recipients.
        reason: why it is here.
        subject: its subject as it is written, shortened.
        size: its bytes.
    """

    number: int
    state: State
    way: str
    received_ms: int
    due_ms: int
    attempts: int
    sender: str
    recipients: tuple[str, ...]
    reason: str
    subject: str
    size: int


class Quarantine:
    """Keeps mails until they can be taken; thread-safe.

    Parameters:
        catalog: where they are kept.
        limit: how many bytes of them, about: what comes at the same time is not counted.
    """

    def __init__(self, catalog: Catalog, limit: int) -> None:
        self._catalog = catalog
        self._limit = limit

    def keep(  # noqa: PLR0913  one for each thing that is known
        self,
        mail: bytes,
        *,
        way: str,
        time_ms: int,
        reason: str,
        sender: str = "",
        recipients: Sequence[str] = (),
        state: State = State.KEPT,
    ) -> int:
        """Keep a mail; the same report, however it came, is kept once.

        Parameters:
            mail: its bytes.
            way: by which door it came.
            time_ms: when, Unix milliseconds.
            reason: why it is kept.
            sender: the envelope's sender.
            recipients: the envelope's recipients.
            state: what it is to wait for; one that is there stays as it is, except that it may have to wait again.

        Returns:
            Its number.

        Raises:
            QuarantineFull: there is no room.
            CatalogUnavailable: it could not be kept.
        """
        row = {
            "digest": _digest(mail),
            "state": int(state),
            "way": way,
            "received_ms": time_ms,
            "due_ms": time_ms,
            "attempts": 0,
            "sender": sender,
            "recipients": msgspec.json.encode(list(recipients)).decode(),
            "reason": reason[:_LONGEST_REASON],
            "subject": _subject(mail),
            "size": len(mail),
            "mail": zstandard.compress(mail),
        }
        with self._catalog.writing() as connection:
            if (number := self._again(connection, row)) is not None:
                return number
            if _total(connection)[1] + len(mail) > self._limit:
                raise QuarantineFull(self._limit)
            made = self._catalog.insert(quarantine).values(row).on_conflict_do_nothing().returning(_kept.number)
            if (new := connection.scalar(made)) is not None:
                return int(new)
        return self.keep(  # somebody else kept it at the same time
            mail, way=way, time_ms=time_ms, reason=reason, sender=sender, recipients=recipients, state=state
        )

    def listed(self, after: int = 0, limit: int = 100) -> list[Quarantined]:
        """Return mails in the order of their numbers, those after a number, at most so many."""
        return self._found(_kept.number > after, order=_kept.number, limit=limit)

    def due(self, now_ms: int, limit: int) -> list[Quarantined]:
        """Return mails that are to be read again by now, those due first, at most so many."""
        waits = _kept.state.in_([State.WAITING, State.EARLY]) & (_kept.due_ms <= now_ms)
        return self._found(waits, order=_kept.due_ms, limit=limit)

    def get(self, number: int) -> Quarantined:
        """Return what is known of a mail.

        Raises:
            UnknownReport: there is none of this number.
        """
        found = self._found(_kept.number == number, order=_kept.number, limit=1)
        if not found:
            raise UnknownReport(number)
        return found[0]

    def mail(self, number: int) -> bytes:
        """Return a mail's bytes.

        Raises:
            UnknownReport: there is none of this number.
        """
        with self._catalog.reading() as connection:
            packed = connection.scalar(select(_kept.mail).where(_kept.number == number))
        if packed is None:
            raise UnknownReport(number)
        return zstandard.decompress(packed)

    def release(self, numbers: Sequence[int] | None, now_ms: int) -> int:
        """Have mails read again, as soon as a server runs.

        Parameters:
            numbers: of which; None: of all.
            now_ms: the time, Unix milliseconds.

        Returns:
            How many there are.
        """
        which = [_kept.number.in_(some) for some in slices(numbers)] if numbers is not None else [_kept.number > 0]
        waiting = update(quarantine).values(state=int(State.WAITING), due_ms=now_ms)
        with self._catalog.writing() as connection:
            return sum(connection.execute(waiting.where(some)).rowcount for some in which)

    def put_back(self, number: int, *, reason: str, state: State, due_ms: int) -> None:
        """Keep a mail that was read again in vain; it is due at a time, Unix milliseconds, unless it is only kept."""
        changed = {"reason": reason[:_LONGEST_REASON], "state": int(state), "due_ms": due_ms}
        with self._catalog.writing() as connection:
            this = update(quarantine).where(_kept.number == number)
            connection.execute(this.values(**changed, attempts=_kept.attempts + 1))

    def settle(self, number: int) -> None:
        """Let go of a mail that was taken."""
        self.discard([number])

    def discard(self, numbers: Sequence[int]) -> int:
        """Delete mails for good; return how many there were."""
        with self._catalog.writing() as connection:
            return sum(
                connection.execute(delete(quarantine).where(_kept.number.in_(some))).rowcount
                for some in slices(numbers)
            )

    def totals(self) -> tuple[int, int]:
        """Return how many mails there are, and how many bytes."""
        with self._catalog.reading() as connection:
            return _total(connection)

    def _again(self, connection: Connection, row: dict[str, object]) -> int | None:
        """Return the number of a mail that is there, None if it is not; it is due again if it has to wait again."""
        this = _kept.digest == row["digest"]
        number: int | None = connection.scalar(select(_kept.number).where(this))
        if number is not None and row["state"] != State.KEPT:
            changed = {"state": row["state"], "due_ms": row["due_ms"]}
            connection.execute(update(quarantine).where(this, _kept.state == int(State.KEPT)).values(changed))
        return number

    def _found(self, which: ColumnElement[bool], *, order: ColumnElement[int], limit: int) -> list[Quarantined]:
        asked = select(*_FACTS).where(which).order_by(order, _kept.number).limit(limit)
        with self._catalog.reading() as connection:
            return [_quarantined(row) for row in connection.execute(asked)]


def _quarantined(row: Row[tuple[object, ...]]) -> Quarantined:
    recipients = msgspec.json.decode(row.recipients, type=tuple[str, ...])
    return Quarantined(**{**row._mapping, "state": State(row.state), "recipients": recipients})  # noqa: SLF001


def _total(connection: Connection) -> tuple[int, int]:
    count, size = connection.execute(select(func.count(), func.coalesce(func.sum(_kept.size), 0))).one()
    return count, int(size)


def _digest(mail: bytes) -> bytes:
    """Return what makes a report the same however it came: servers on the way add to a mail's head."""
    head, _, body = _LINE_END.sub(b"\n", mail).partition(b"\n\n")
    named = _MESSAGE_ID.search(head[:_LONGEST_HEAD])
    return hashlib.sha256(named[1] + body if named else head + b"\n\n" + body).digest()


def _subject(mail: bytes) -> str:
    found = _SUBJECT.search(mail[:_LONGEST_HEAD])
    return found[1].decode(errors="replace").strip().replace("\0", "")[:_LONGEST_SUBJECT] if found else ""
