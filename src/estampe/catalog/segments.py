"""Segments: lists of contacts, kept by hand; some are for tests."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from estampe.catalog.contact import COLUMNS, UnknownContact, contact_of
from estampe.catalog.contacts import Contacts
from estampe.catalog.customers import take_ids
from estampe.catalog.slices import slices
from estampe.catalog.tables import contacts, customers, members, segments
from estampe.errors import EstampeError
from estampe.instants import clock_ms

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection

    from estampe.catalog.contact import Contact
    from estampe.catalog.store import Catalog

_LAST_ID = 2**31 - 1
_LONGEST_NAME = 255
_LONGEST_DESCRIPTION = 10_000


class UnknownSegment(EstampeError):
    """No segment of the customer has this id."""

    def __init__(self, segment: int) -> None:
        super().__init__(f"no segment has the id {segment}; GET /segments lists them")


class SegmentExists(EstampeError):
    """Another segment has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is a segment {name!r} already; take another name")


class InvalidSegment(EstampeError):
    """A segment cannot be so."""


class AlreadyMember(EstampeError):
    """The contact is in the segment already."""

    def __init__(self, segment: int, contact: str) -> None:
        super().__init__(f"the target {contact} is in segment {segment} already")


class NotMember(EstampeError):
    """The contact is not in the segment."""

    def __init__(self, segment: int, contact: str) -> None:
        super().__init__(f"the target {contact} is not in segment {segment}")


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """A segment; times are Unix milliseconds.

    Parameters:
        id: counts up from 1.
        name: no other segment has it.
        description: for people.
        is_test: its contacts get tests.
        created_ms: when it was made.
        expires_ms: when it is of no more use; None: never.
        targets_count: how many contacts are in it.
    """

    id: int
    name: str
    description: str
    is_test: bool
    created_ms: int
    expires_ms: int | None
    targets_count: int


_TARGETS = (
    select(func.count())
    .where(members.c.customer == segments.c.customer, members.c.segment == segments.c.id)
    .correlate(segments)
    .scalar_subquery()
    .label("targets_count")
)

_COLUMNS = [*(segments.c[name] for name in Segment.__struct_fields__ if name != "targets_count"), _TARGETS]


class Segments:
    """The segments of one customer; thread-safe.

    Parameters:
        catalog: where they are kept.
        customer: the customer's number.
    """

    def __init__(self, catalog: Catalog, customer: int) -> None:
        self._catalog = catalog
        self._customer = customer

    def create(
        self, name: str, *, description: str = "", is_test: bool = False, expires_ms: int | None = None
    ) -> Segment:
        """Make a segment without contacts; the parameters are those of `Segment`.

        Raises:
            SegmentExists: there is one with this name.
            InvalidSegment: name or description are too long, or the name cannot be seen.
        """
        values = {"description": description, "is_test": is_test, "expires_ms": expires_ms}
        _check(name, description)
        with _unique(name), self._catalog.writing() as connection:
            (number,) = take_ids(connection, self._customer, customers.c.segments)
            row = {"customer": self._customer, "id": number, "name": name, "created_ms": clock_ms()}
            connection.execute(segments.insert().values(row | values))
            return self._known(connection, number)

    def list(self) -> tuple[Segment, ...]:
        """Return all segments, the oldest first."""
        found = select(*_COLUMNS).where(segments.c.customer == self._customer).order_by(segments.c.id)
        with self._catalog.reading() as connection:
            return tuple(Segment(**row._asdict()) for row in connection.execute(found))

    def get(self, segment: int) -> Segment:
        """Return a segment by its id.

        Raises:
            UnknownSegment: there is none.
        """
        with self._catalog.reading() as connection:
            return self._known(connection, segment)

    def update(
        self,
        segment: int,
        *,
        name: str | UnsetType = UNSET,
        description: str | UnsetType = UNSET,
        is_test: bool | UnsetType = UNSET,
        expires_ms: int | UnsetType | None = UNSET,
    ) -> Segment:
        """Change what is given; raises as `create` and `get` do."""
        given = {"name": name, "description": description, "is_test": is_test, "expires_ms": expires_ms}
        changes = {key: value for key, value in given.items() if value is not UNSET}
        with _unique(f"{name}"), self._catalog.writing() as connection:
            changed = msgspec.structs.replace(self._known(connection, segment), **changes)
            _check(changed.name, changed.description)
            if changes:
                connection.execute(update(segments).where(*self._this(segment)).values(changes))
            return changed

    def delete(self, segment: int) -> None:
        """Delete a segment; its contacts stay.

        Raises:
            UnknownSegment: there is none.
        """
        with self._catalog.writing() as connection:
            self._known(connection, segment)
            connection.execute(delete(segments).where(*self._this(segment)))

    def add(self, segment: int, contact: str) -> None:
        """Put a contact into a segment.

        Raises:
            UnknownSegment, UnknownContact: there is none.
            AlreadyMember: it is in there.
        """
        row = self._member(segment, contact)
        with self._catalog.writing() as connection:
            self._lock(connection, segment)
            self._must_exist(connection, {contact})
            insert = self._catalog.insert(members).values(row).on_conflict_do_nothing()
            if connection.execute(insert.returning(members.c.contact)).first() is None:
                raise AlreadyMember(segment, contact)

    def remove(self, segment: int, contact: str) -> None:
        """Take a contact out of a segment.

        Raises:
            UnknownSegment, UnknownContact: there is none.
            NotMember: it is not in there.
        """
        with self._catalog.writing() as connection:
            self._lock(connection, segment)
            self._must_exist(connection, {contact})
            this = delete(members).filter_by(**self._member(segment, contact)).returning(members.c.contact)
            if connection.execute(this).first() is None:
                raise NotMember(segment, contact)

    def add_all(self, segment: int, contact_ids: Collection[str]) -> int:
        """Put contacts into a segment; return how many were not in it.

        Raises:
            UnknownSegment, UnknownContact: there is none; nothing is changed.
        """
        added = 0
        with self._catalog.writing() as connection:
            self._lock(connection, segment)
            self._must_exist(connection, set(contact_ids))
            for some in slices(sorted(set(contact_ids))):
                rows = [self._member(segment, contact) for contact in some]
                insert = self._catalog.insert(members).on_conflict_do_nothing().returning(members.c.contact)
                added += len(connection.execute(insert, rows).all())
        return added

    def empty(self, segment: int) -> None:
        """Take all contacts out of a segment.

        Raises:
            UnknownSegment: there is none.
        """
        with self._catalog.writing() as connection:
            self._lock(connection, segment)
            connection.execute(delete(members).filter_by(customer=self._customer, segment=segment))

    def contacts(self, segment: int, after: str, limit: int) -> Sequence[Contact]:
        """Return contacts of a segment in order of their ids.

        Parameters:
            segment: its id.
            after: the last contact's id of the page before; empty for the first page.
            limit: how many at most.

        Raises:
            UnknownSegment: there is none.
        """
        inside = (members.c.customer == self._customer, members.c.segment == segment, members.c.contact > after)
        same = (contacts.c.customer == members.c.customer) & (contacts.c.id == members.c.contact)
        found = select(*COLUMNS).join(members, same).where(*inside).order_by(members.c.contact).limit(limit)
        with self._catalog.reading() as connection:
            self._known(connection, segment)
            return [contact_of(row) for row in connection.execute(found)]

    def containing(self, contact_ids: Collection[str], segment_ids: Sequence[int]) -> set[str]:
        """Return those of some contacts that are in any of some segments."""
        found: set[str] = set()
        inside = (members.c.customer == self._customer, members.c.segment.in_(filter(_is_id, segment_ids)))
        with self._catalog.reading() as connection:
            for some in slices(contact_ids):
                found.update(connection.scalars(select(members.c.contact).where(*inside, members.c.contact.in_(some))))
        return found

    def _known(self, connection: Connection, segment: int) -> Segment:
        row = connection.execute(select(*_COLUMNS).where(*self._this(segment))).first() if _is_id(segment) else None
        if row is None:
            raise UnknownSegment(segment)
        return Segment(**row._asdict())

    def _lock(self, connection: Connection, segment: int) -> None:
        """Let nobody else change who is in a segment until the transaction ends."""
        this = select(segments.c.id).where(*self._this(segment)).with_for_update(key_share=True)
        if not _is_id(segment) or connection.execute(this).first() is None:
            raise UnknownSegment(segment)

    def _must_exist(self, connection: Connection, wanted: set[str]) -> None:
        unknown = wanted - Contacts(self._catalog, self._customer).lock(connection, wanted)
        if unknown:
            raise UnknownContact(*sorted(unknown))

    def _this(self, segment: int) -> tuple[ColumnElement[bool], ...]:
        return (segments.c.customer == self._customer, segments.c.id == segment)

    def _member(self, segment: int, contact: str) -> dict[str, Any]:
        return {"customer": self._customer, "segment": segment, "contact": contact}


def _is_id(segment: int) -> bool:
    return 0 < segment <= _LAST_ID


def _check(name: str, description: str) -> None:
    if not 1 <= len(name) <= _LONGEST_NAME or not name.isprintable():
        raise InvalidSegment(f"$.name: allowed: 1 to {_LONGEST_NAME} characters that can be seen")
    if len(description) > _LONGEST_DESCRIPTION or "\0" in description:
        raise InvalidSegment(f"$.description: allowed: up to {_LONGEST_DESCRIPTION} characters")


@contextmanager
def _unique(name: str) -> Iterator[None]:
    try:
        yield
    except IntegrityError as exc:
        raise SegmentExists(name) from exc
