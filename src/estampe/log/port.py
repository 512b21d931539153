"""The port `EventLog`: one append-only log of immutable events per customer.

Its promise (held by `tests/contract`): what was acknowledged is durable; an id is kept once; a window that
ends at or before the watermark is final; an event is encoded once and served as those bytes; a log is one
customer's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol
from uuid import UUID  # noqa: TC003  msgspec reads the annotation

import msgspec

from estampe.errors import EstampeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Future

    from estampe.events import Customer, Draft, Event

POSITION_BITS = 20
"""A position is `timestamp_ms << POSITION_BITS | n`, n counting the events of one millisecond; int64 until 2248."""

LAST_POSITION = (1 << 63) - 1
"""No position is beyond it."""


class Receipt(NamedTuple):
    """What `publish` answers for one draft: its id, its place, and whether it was there before."""

    id: UUID
    position: int
    duplicate: bool

    @property
    def timestamp_ms(self) -> int:
        """The publication time, Unix milliseconds."""
        return self.position >> POSITION_BITS


class Watermark(NamedTuple):
    """Up to when a log is final, and which history it tells.

    `complete_until_ms`: no event with a smaller timestamp will ever be published (Unix milliseconds).
    `epoch`: grows whenever an operator rewrites history (import, retention, erasure).
    """

    complete_until_ms: int
    epoch: int


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """Which events a scan returns; every member narrows, an empty one does not.

    Parameters:
        start_ms: events with timestamp >= it, Unix milliseconds.
        end_ms: events with timestamp < it, Unix milliseconds.
        types: event types, any of them.
        subtypes: hit kind, bounce verdict, cancellation reason (see `events.facets`), any of them.
        channel: `email`, `notification`, `sms`, `display`.
        action: an action's id.
        contact: a contact's id.
        hash: MD5 of a contact's unicity string, lower-case hex.
        sort: by position; absent, the log's cheapest order.
        limit: at most so many events.
    """

    start_ms: int | None = None
    end_ms: int | None = None
    types: tuple[str, ...] = ()
    subtypes: tuple[str, ...] = ()
    channel: str | None = None
    action: str | None = None
    contact: str | None = None
    hash: str | None = None
    sort: Literal["asc", "desc"] | None = None
    limit: int | None = None


class Scan(Protocol):
    """The answer to a query: a watermark, then chunks.

    A chunk is `bytes`: one or more whole events in compact JSON, each ended by one newline, about 1 MiB at
    most (more only if one event is larger). No lock, snapshot or file stays held between two chunks, so a
    reader may stop anywhere for as long as it likes. Events at or after the watermark are never in it: what
    is read is final.
    """

    watermark: Watermark

    def frames(self) -> Iterator[bytes]:
        """Yield the same lines as whole zstd frames (RFC 8878), to be laid end to end; sealed ones as they are."""

    def __iter__(self) -> Iterator[bytes]:
        """Yield chunks; blocking, so run it in a thread.

        Raises:
            DamagedLog: stored bytes do not check out.
            LogClosed: the log was closed in between.
        """


class Placed(NamedTuple):
    """An event in its place: position and exact bytes (compact JSON, no newline)."""

    position: int
    body: bytes


class Subscription(Protocol):
    """Events in position order from a place on, for ever."""

    def next(self, timeout_s: float) -> Sequence[Placed]:
        """Return what follows, up to about 1 MiB of it; empty when nothing came within `timeout_s`."""

    def close(self) -> None:
        """End the subscription."""


class Imported(NamedTuple):
    """What an import did: events now in the log because of it, and those that were there before."""

    added: int
    known: int


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """What `verify` saw: counts, and a sentence for each thing that is wrong (none: the log is sound)."""

    events: int
    sealed: int
    bytes_on_disk: int
    faults: tuple[str, ...] = ()


class Progress(Protocol):
    """Is told how far long work is: what is being done, how much is done, of how much (None: unknown)."""

    def __call__(self, doing: str, done: int, total: int | None) -> None:
        """Take one report."""


def silent(doing: str, done: int, total: int | None) -> None:
    """Report progress to no one."""


class EventLog(Protocol):
    """One customer's log."""

    customer: Customer

    def publish(self, drafts: Sequence[Draft]) -> Future[list[Receipt]]:
        """Append drafts as events; the future resolves after fsync, one receipt a draft in order.

        All or nothing. A draft whose id is already in the log (or earlier in the same call) is not added
        again; its receipt has the first one's position and `duplicate=True`. Thread-safe; many calls share
        one fsync.

        Raises (from the future):
            LogFull: no room on the disk; nothing of this call was kept.

        Raises (at once):
            LogBusy: too many drafts wait already.
            LogClosed: the log is closing.
        """

    def scan(self, query: Query) -> Scan:
        """Answer a query; see `Scan`."""

    def watermark(self) -> Watermark:
        """Return up to when the log is final now; never goes back."""

    def subscribe(self, after: int) -> Subscription:
        """Follow the log from the event after position `after` (0: from the first)."""

    def import_history(self, events: Iterable[Event], progress: Progress = silent) -> Imported:
        """Add events that already have ids and timestamps, in any order; changes the epoch if any is new.

        Ties on one timestamp keep the order given. May be interrupted and repeated: what is there is left
        alone.

        Raises:
            ForeignEvent: an event is of another customer.
            TimestampAhead: an event's timestamp is not before the watermark.
        """

    def verify(self, progress: Progress = silent) -> Findings:
        """Read everything and check it."""

    def compact(self, progress: Progress = silent) -> None:
        """Seal all that can be sealed and give free room back to the disk."""

    def close(self) -> None:
        """Finish what was accepted, then let go of the files."""


class LogError(EstampeError):
    """A log could not do what was asked."""


class LogFull(LogError):
    """There is no room on the disk; nothing of the call was kept. Make room and send it again."""


class LogBusy(LogError):
    """More drafts wait for the disk than the log holds in memory. Send these again a little later."""


class LogClosed(LogError):
    """The log is closing or closed."""


class LogInUse(LogError):
    """Another process has this data folder open for writing."""


class DamagedLog(LogError):
    """Stored bytes do not check out."""


class NewerLog(LogError):
    """The data was written by a newer version of Estampe."""


class ForeignEvent(LogError):
    """An imported event is of another customer than the log."""


class TimestampAhead(LogError):
    """An imported event's timestamp lies at or after the watermark: only the log sets new times."""
