"""The outbox: messages that were accepted and are neither activated nor cancelled yet; durable.

A row is `ARRIVING` until its execution is in the log, `WAITING` until its turn, `SENDING` while one process has it in
hand, and gone once its activation or cancellation is in the log. One process sends; others may look.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID  # noqa: TC003  msgspec reads the annotation

import msgspec
from sqlalchemy import bindparam, delete, func, select, update

from estampe.catalog.slices import slices
from estampe.catalog.tables import outbox

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence
    from typing import Any

    from sqlalchemy import ColumnElement, Connection, Row, Select

    from estampe.catalog.customers import Customers
    from estampe.catalog.store import Catalog
    from estampe.events import Customer

MOST_BYTES = 1 << 26
"""What messages that are taken in hand together may bring with them, but for the last of them."""


class MessageState(IntEnum):
    """How far a message is."""

    ARRIVING = 0
    WAITING = 1
    SENDING = 2


class Lane(NamedTuple):
    """Where messages wait behind each other: those of one customer (its number) to one domain."""

    customer: int
    domain: str


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it is accepted.

    Parameters:
        stamp: its stamp's id.
        action: the action's id.
        contact: the contact's id.
        domain: of the contact's address, empty if it has none.
        content: which frozen content it is made of.
        execution: the block `execution` of its events, JSON.
        own: what its call said of it alone, JSON.
    """

    stamp: UUID
    action: str
    contact: str
    domain: str
    content: int
    execution: bytes
    own: bytes | None = None


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """What one call of `Outbox.add` did: rows that it made, by stamp, and stamps that the outbox had already."""

    rows: dict[UUID, int]
    lanes: frozenset[Lane]
    known: frozenset[UUID]


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A message in hand; `attempts` counts those that were made before."""

    seq: int
    customer: int
    stamp: UUID
    action: str
    contact: str
    domain: str
    attempts: int
    accepted_ms: int
    content: int
    execution: bytes
    own: bytes | None

    @property
    def size(self) -> int:
        """How many bytes it brings with it."""
        return len(self.execution) + len(self.own or b"")

    @property
    def lane(self) -> Lane:
        """Where it waited."""
        return Lane(self.customer, self.domain)


class Postponed(msgspec.Struct, frozen=True, kw_only=True):
    """A message that is tried again later, and why."""

    seq: int
    due_ms: int
    attempts: int
    reason: str


_HELD = [outbox.c[name] for name in Held.__struct_fields__]

_IN_LANE = (
    outbox.c.customer == bindparam("lane_customer"),
    outbox.c.domain == bindparam("lane_domain"),
    outbox.c.state == MessageState.WAITING,
)

_SIZE = func.length(outbox.c.execution) + func.coalesce(func.length(outbox.c.own), 0)


def _first(conditions: Sequence[ColumnElement[bool]], *order: str) -> Select[tuple[int]]:
    """Select the numbers of the first `count` messages, as long as those before one have less than `most_bytes`."""
    found = select(outbox.c.seq, outbox.c.due_ms, _SIZE.label("size")).where(*conditions)
    some = found.order_by(*(outbox.c[name] for name in order)).limit(bindparam("count")).subquery()
    up_to = func.sum(some.c.size).over(order_by=[some.c[name] for name in order]).label("up_to")
    counted = select(some.c.seq, some.c.size, up_to).subquery()
    return select(counted.c.seq).where(counted.c.up_to - counted.c.size < bindparam("most_bytes"))


_DUE = _first((*_IN_LANE, outbox.c.due_ms <= bindparam("now_ms")), "due_ms", "seq")

_CLAIM = update(outbox).where(outbox.c.seq.in_(_DUE)).values(state=MessageState.SENDING).returning(*_HELD)

_LEFT = _first((outbox.c.state == bindparam("in_state"), outbox.c.seq > bindparam("after")), "seq")

_STRANDED = select(*_HELD).where(outbox.c.seq.in_(_LEFT)).order_by(outbox.c.seq)

_NEXT = select(func.min(outbox.c.due_ms)).where(*_IN_LANE)

_POSTPONE = (
    update(outbox)
    .where(outbox.c.seq == bindparam("row"))
    .values(
        state=MessageState.WAITING,
        due_ms=bindparam("until_ms"),
        attempts=bindparam("made"),
        reason=bindparam("why"),
    )
)


class Outbox:
    """The messages of all customers; thread-safe.

    Parameters:
        catalog: where they are kept.
        customers: the catalog's customers.
    """

    def __init__(self, catalog: Catalog, customers: Customers) -> None:
        self._catalog = catalog
        self._customers = customers
        self._listener: Callable[[frozenset[Lane]], None] | None = None

    def listen(self, listener: Callable[[frozenset[Lane]], None]) -> None:
        """Have a function told, from any thread, in which lanes new messages wait."""
        self._listener = listener

    def add(self, customer: Customer, messages: Sequence[Message], now_ms: int) -> Batch:
        """Keep messages, durably; they are not sent before `release`."""
        number = self._customers.number_of(customer)
        rows = {
            message.stamp: {
                **msgspec.structs.asdict(message),
                "customer": number,
                "state": MessageState.ARRIVING,
                "due_ms": now_ms,
                "accepted_ms": now_ms,
                "attempts": 0,
                "reason": "",
            }
            for message in messages
        }
        added: dict[UUID, int] = {}
        with self._catalog.writing() as connection:
            for some in slices(list(rows.values())):
                insert = self._catalog.insert(outbox).on_conflict_do_nothing(index_elements=["customer", "stamp"])
                returned = connection.execute(insert.returning(outbox.c.stamp, outbox.c.seq), some)
                added.update((row.stamp, row.seq) for row in returned)
        lanes = frozenset(Lane(number, message.domain) for message in messages if message.stamp in added)
        return Batch(rows=added, lanes=lanes, known=frozenset(rows.keys() - added.keys()))

    def release(self, batch: Batch, ended: Container[UUID] = ()) -> None:
        """Let messages of a batch be sent, whose executions are in the log; end those that are over already.

        Parameters:
            batch: the batch.
            ended: stamps of messages whose activation or cancellation is in the log.
        """
        with self._catalog.writing() as connection:
            _set_state(
                connection, [row for stamp, row in batch.rows.items() if stamp not in ended], MessageState.WAITING
            )
            _delete(connection, [row for stamp, row in batch.rows.items() if stamp in ended])
        if self._listener and batch.lanes:
            self._listener(batch.lanes)

    def drop(self, batch: Batch) -> None:
        """Forget messages of a batch, whose executions could not be kept."""
        with self._catalog.writing() as connection:
            _delete(connection, list(batch.rows.values()))

    def lanes(self) -> dict[Lane, int]:
        """Return each lane in which messages wait, with the time when the first of them is due, Unix milliseconds."""
        first_ms = func.min(outbox.c.due_ms)
        waiting = (
            select(outbox.c.customer, outbox.c.domain, first_ms)
            .where(outbox.c.state == MessageState.WAITING)
            .group_by(outbox.c.customer, outbox.c.domain)
        )
        with self._catalog.reading() as connection:
            return {Lane(customer, domain): due_ms for customer, domain, due_ms in connection.execute(waiting)}

    def own(self) -> None:
        """Be the one process that sends.

        Raises:
            CatalogInUse: another one is.
        """
        self._catalog.own()

    def claim(
        self, wanted: Mapping[Lane, int], now_ms: int, most_bytes: int = MOST_BYTES
    ) -> tuple[list[Held], dict[Lane, int | None]]:
        """Take messages in hand that are due.

        Parameters:
            wanted: how many of each lane at most.
            now_ms: the time.
            most_bytes: no further one is taken once they bring so much.

        Returns:
            The messages; and when each lane's next one is due, None if none is.

        Raises:
            CatalogInUse: another process sends.
        """
        self._catalog.own()
        held: list[Held] = []
        next_ms: dict[Lane, int | None] = {}
        with self._catalog.writing() as connection:
            for lane, count in wanted.items():
                facts = {"now_ms": now_ms, "count": count, "most_bytes": most_bytes - sum(each.size for each in held)}
                held += self._claim(connection, lane, facts)
                next_ms[lane] = connection.execute(_NEXT, _names(lane)).scalar_one()
        return held, next_ms

    def _claim(self, connection: Connection, lane: Lane, facts: dict[str, int]) -> list[Held]:
        rows = connection.execute(_CLAIM, _names(lane) | facts)
        return sorted((_held(row) for row in rows), key=lambda held: held.seq)

    def settle(self, connection: Connection, ended: Sequence[int], postponed: Sequence[Postponed]) -> None:
        """End messages whose events are in the log, and put others back, inside the caller's transaction."""
        _delete(connection, ended)
        later = [
            {"row": each.seq, "until_ms": each.due_ms, "made": each.attempts, "why": each.reason} for each in postponed
        ]
        if later:
            connection.execute(_POSTPONE, later)

    def stranded(self, state: MessageState, after: int, limit: int, most_bytes: int = MOST_BYTES) -> list[Held]:
        """Return messages that a process left behind in a state when it ended, in order of their numbers."""
        facts = {"in_state": state, "after": after, "count": limit, "most_bytes": most_bytes}
        with self._catalog.reading() as connection:
            return [_held(row) for row in connection.execute(_STRANDED, facts)]

    def bring_forward(self, latest_ms: int, now_ms: int) -> None:
        """Make messages due now that are due later than at a time: the clock was ahead when they were put back."""
        late = (outbox.c.state == MessageState.WAITING) & (outbox.c.due_ms > latest_ms)
        with self._catalog.writing() as connection:
            connection.execute(update(outbox).where(late).values(due_ms=now_ms))

    def free(self, rows: Iterable[int]) -> None:
        """Let stranded messages wait again."""
        with self._catalog.writing() as connection:
            _set_state(connection, rows, MessageState.WAITING)


def _names(lane: Lane) -> dict[str, Any]:
    return {"lane_customer": lane.customer, "lane_domain": lane.domain}


def _held(row: Row[Any]) -> Held:
    return Held(**row._asdict())


def _set_state(connection: Connection, rows: Iterable[int], state: MessageState) -> None:
    for some in slices(rows):
        connection.execute(update(outbox).where(outbox.c.seq.in_(some)).values(state=state))


def _delete(connection: Connection, rows: Sequence[int]) -> None:
    for some in slices(rows):
        connection.execute(delete(outbox).where(outbox.c.seq.in_(some)))
