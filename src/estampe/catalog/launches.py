"""Launches: actions that are executed for whole segments, because they were validated."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import select, update

from estampe.catalog.tables import launches, members

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from estampe.catalog.store import Catalog


class Launch(msgspec.Struct, frozen=True, kw_only=True):
    """A launch that is not over.

    Parameters:
        customer: the customer's number.
        set: names it in the stamps of its messages; made anew where none is given.
        action: the action's id.
        content: what its messages are made of.
        segments: whose contacts get one each.
        start_ms: not before this time.
        after: contacts up to this id have theirs.
    """

    customer: int
    set: UUID = msgspec.field(default_factory=uuid4)
    action: str
    content: int
    segments: tuple[int, ...]
    start_ms: int
    after: str = ""


def plan(connection: Connection, launch: Launch) -> None:
    """Plan a launch inside the caller's transaction."""
    row = msgspec.structs.asdict(launch) | {"segments": json.dumps(launch.segments)}
    connection.execute(launches.insert().values(row))


def call_off(connection: Connection, customer: int, action: str, now_ms: int) -> None:
    """End launches of an action that are not over, inside the caller's transaction; what they executed stays so."""
    open_ones = (launches.c.customer == customer, launches.c.action == action, launches.c.ended_ms.is_(None))
    connection.execute(update(launches).where(*open_ones).values(ended_ms=now_ms))


class Launches:
    """The launches of all customers; thread-safe.

    Parameters:
        catalog: where they are kept.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def due(self, now_ms: int) -> list[Launch]:
        """Return launches whose time has come and that are not over, the oldest first."""
        open_ones = launches.c.ended_ms.is_(None) & (launches.c.start_ms <= now_ms)
        columns = [launches.c[name] for name in Launch.__struct_fields__]
        with self._catalog.reading() as connection:
            rows = connection.execute(select(*columns).where(open_ones).order_by(launches.c.start_ms)).all()
        return [Launch(**{**row._asdict(), "segments": tuple(json.loads(row.segments))}) for row in rows]

    def contacts(self, launch: Launch, limit: int) -> list[str]:
        """Return the next contacts of a launch that have no message yet, each once, in order of their ids."""
        inside = (
            members.c.customer == launch.customer,
            members.c.segment.in_(launch.segments),
            members.c.contact > launch.after,
        )
        next_ones = select(members.c.contact).distinct().where(*inside).order_by(members.c.contact).limit(limit)
        with self._catalog.reading() as connection:
            return list(connection.scalars(next_ones))

    def advance(self, launch: Launch, after: str) -> None:
        """Note that contacts up to an id have their message."""
        self._update(launch, after=after)

    def end(self, launch: Launch, now_ms: int) -> None:
        """Note that a launch is over."""
        self._update(launch, ended_ms=now_ms)

    def _update(self, launch: Launch, **values: object) -> None:
        this = (launches.c.customer == launch.customer) & (launches.c.set == launch.set)
        with self._catalog.writing() as connection:
            connection.execute(update(launches).where(this).values(**values))
