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
from estampe.verdicts import HitClass  # noqa: TC001  the same

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Future

    from estampe.events import Customer, Draft, Event
    from estampe.verdicts import Classification

POSITION_BITS = 20
"""A position is `timestamp_ms << POSITION_BITS | n`, n counting the events of one millisecond; int64 until 2248."""

LAST_POSITION = (1 << 63) - 1
"""No position is beyond it."""

LAST_MS = LAST_POSITION >> POSITION_BITS
"""No timestamp is beyond it, Unix milliseconds."""


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


class Clause(msgspec.Struct, frozen=True, kw_only=True):
    """One of several things that a query may ask for; every member narrows, an empty one does not.

    Parameters:
        channel: `email`, `notification`, `sms`, `display`.
        types: event types, any of them.
        subtypes: hit kind, bounce verdict, cancellation reason (see `events.facets`), any of them.
        actions: actions' ids, any of them.
    """

    channel: str | None = None
    types: tuple[str, ...] = ()
    subtypes: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """Which events a scan returns; every member narrows, an empty one does not.

    Parameters:
        start_ms: events with timestamp >= it, Unix milliseconds.
        end_ms: events with timestamp < it, Unix milliseconds.
        activation_start_ms: events of activations made at it or later, Unix milliseconds (see `events.facets`); a
            time beyond `LAST_MS`, on either side, counts as `LAST_MS`.
        activation_end_ms: events of activations made before it.
        types: event types, any of them.
        subtypes: hit kind, bounce verdict, cancellation reason (see `events.facets`), any of them.
        channel: `email`, `notification`, `sms`, `display`.
        action: an action's id.
        contact: a contact's id.
        hash: MD5 of a contact's unicity string, lower-case hex.
        set: the set that the message was executed in.
        classes: only hits, and of these classes only; a hit that was never classified is `human`.
        clauses: events that any of them selects.
        sort: by position; absent, the log's cheapest order.
        limit: at most so many events.
        annotate: add the member `classification` at the end of each hit, `null` if it was never classified.
    """

    start_ms: int | None = None
    end_ms: int | None = None
    activation_start_ms: int | None = None
    activation_end_ms: int | None = None
    types: tuple[str, ...] = ()
    subtypes: tuple[str, ...] = ()
    channel: str | None = None
    action: str | None = None
    contact: str | None = None
    hash: str | None = None
    set: UUID | None = None
    classes: tuple[HitClass, ...] = ()
    clauses: tuple[Clause, ...] = ()
    sort: Literal["asc", "desc"] | None = None
    limit: int | None = None
    annotate: bool = False


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


HOUR_MS = 3_600_000
"""Counters are kept by the hour."""

Facet = Literal["action", "channel", "type", "subtype", "trait"]


class Counting(msgspec.Struct, frozen=True, kw_only=True):
    """Which events to count, and how to group them.

    Parameters:
        start_ms, end_ms: as in `Query`, but whole hours (multiples of `HOUR_MS`).
        action: an action's id; None counts all.
        period_ms: count each period of this length by itself, a multiple of `HOUR_MS`; None makes one of all.
        by: count each combination of these facets by itself. `trait` is finer than the subtype: a hit's class, a
            bounce's subject, the domain of the address that a complaint is about.
        limit: at most so many counts.
    """

    start_ms: int | None = None
    end_ms: int | None = None
    action: str | None = None
    period_ms: int | None = None
    by: tuple[Facet, ...] = ()
    limit: int | None = None


class Count(NamedTuple):
    """How many events a period has of one combination of facets (their values, as `Counting.by` orders them).

    `start_ms`: where the period starts, a multiple of its length; 0 where there is one period.
    """

    start_ms: int
    facets: tuple[str, ...]
    events: int


class Audience(NamedTuple):
    """How many contacts reacted to an action by hits judged human; each contact counts once.

    `reactive`: by any hit. `openers`: by an `open`. `clickers`: by any other kind. `effective`: by a link of the
    message's own content, a `redirection` or a `form`.
    """

    reactive: int
    openers: int
    clickers: int
    effective: int


class Recount(NamedTuple):
    """What counting anew gave: events counted, and a sentence for each counter that was wrong and is mended."""

    events: int
    differences: tuple[str, ...]


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

    def publish(
        self, drafts: Sequence[Draft], classifications: Sequence[Classification | None] = ()
    ) -> Future[list[Receipt]]:
        """Append drafts as events; the future resolves after fsync, one receipt a draft in order.

        `classifications`, if any, has one for each draft that is a hit and judged already, None for the others;
        it is kept in the same transaction, beside the event. All or nothing. A draft whose id is already in the
        log (or earlier in the same call) is not added again; its receipt has the first one's position and
        `duplicate=True`. Thread-safe; many calls share one fsync.

        Raises (from the future):
            LogFull: no room on the disk; nothing of this call was kept.

        Raises (at once):
            LogBusy: too many drafts wait already.
            LogClosed: the log is closing.
        """

    def find(self, ids: Sequence[UUID]) -> dict[UUID, int]:
        """Return the positions of those events that the log has, by their ids.

        It waits its turn behind publications that were handed in before.
        """

    def read(self, positions: Iterable[int]) -> dict[int, bytes]:
        """Return the events (compact JSON, no newline) at those of some positions that have one.

        Each takes some microseconds while it is new; later, each stretch of old events that one lies in takes a few
        milliseconds, so ask for many at once.

        Raises:
            DamagedLog: stored bytes do not check out.
            LogClosed: the log is closed.
        """

    def scan(self, query: Query) -> Scan:
        """Answer a query; see `Scan`."""

    def watermark(self) -> Watermark:
        """Return up to when the log is final now; never goes back."""

    def subscribe(self, after: int) -> Subscription:
        """Follow the log from the event after position `after` (0: from the first)."""

    def classify(self, classifications: Mapping[int, Classification]) -> int:
        """Judge hits (by position) that are in the log, anew or for the first time; return how many changed.

        That rewrites what lists select, so the epoch changes if any did. What is no hit is left alone. Many are
        judged in several transactions, so that publications need not wait for all of them.

        Raises:
            LogFull: no room on the disk. Make room and repeat the call: what was kept of it is left alone.
        """

    def counts(self, counting: Counting) -> Iterable[Count]:
        """Count events, from counters that are kept as events are published; in order of period, then facets."""

    def audience(self, action: str) -> Audience:
        """Count the contacts that reacted to an action."""

    def recount(self, progress: Progress = silent) -> Recount:
        """Read every event, count anew, and mend what counters had wrong."""

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


class OlderLog(LogError):
    """The data was written by an older version of Estampe and has not been opened for writing since."""


class ForeignEvent(LogError):
    """An imported event is of another customer than the log."""


class TimestampAhead(LogError):
    """An imported event's timestamp lies at or after the watermark: only the log sets new times."""
