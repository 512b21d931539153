"""Marketing pressure: how many messages a contact may get in a time, by topic; counted exactly.

A message that is let through leaves marks, one for each key of the rules that apply to it. Rules with the same key
count the same marks.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import delete, func, or_, select

from estampe.catalog import tables
from estampe.catalog.contacts import Contacts
from estampe.catalog.rules import Capping, InvalidRule, OfTopics, Predicate, Rule, Topic, checked_label, part_of_rule
from estampe.catalog.slices import slices
from estampe.errors import EstampeError
from estampe.instants import clock_ms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection

    from estampe.catalog.store import Catalog


class UnknownRule(EstampeError):
    """No rule of the customer has this id."""

    def __init__(self, rule_id: object) -> None:
        super().__init__(f"no rule has the id {rule_id}; GET /marketing/pressure/rules lists them")


class Reservation(NamedTuple):
    """A message that is about to be sent to a contact."""

    stamp: UUID
    contact: str
    topic: UUID | None


class _Mark(NamedTuple):
    contact: str
    key: str
    stamp: UUID
    increment: int
    time_ms: int


_MARK = [tables.marks.c[name] for name in _Mark._fields]


class Pressure:
    """The marketing pressure of one customer; thread-safe.

    Parameters:
        catalog: where topics, rules and marks are kept.
        customer: the customer's number.
    """

    def __init__(self, catalog: Catalog, customer: int) -> None:
        self._catalog = catalog
        self._customer = customer

    def topics(self) -> tuple[Topic, ...]:
        """Return all topics, the oldest first."""
        kept = tables.topics.c
        found = select(kept.id, kept.label).where(kept.customer == self._customer).order_by(kept.created_ms, kept.id)
        with self._catalog.reading() as connection:
            return tuple(Topic(id=row.id, label=row.label) for row in connection.execute(found))

    def create_topic(self, label: str) -> Topic:
        """Make a topic.

        Raises:
            InvalidRule: the label cannot be so.
        """
        topic = Topic(id=uuid4(), label=checked_label(label))
        row = {"customer": self._customer, "id": topic.id, "label": label, "created_ms": clock_ms()}
        with self._catalog.writing() as connection:
            connection.execute(tables.topics.insert().values(row))
        return topic

    def rules(self) -> tuple[Rule, ...]:
        """Return all rules, the oldest first."""
        with self._catalog.reading() as connection:
            return self._rules(connection)

    def create_rule(self, label: str, predicate: object, capping: object) -> Rule:
        """Make a rule.

        Parameters:
            label: for people.
            predicate: a `Predicate`, or its JSON decoded.
            capping: a `Capping`, or its JSON decoded.

        Raises:
            InvalidRule: it cannot be so, or there is no such topic.
        """
        rule = Rule(
            id=uuid4(),
            label=checked_label(label),
            predicate=part_of_rule("predicate", predicate, Predicate),
            capping=part_of_rule("capping", capping, Capping),
        )
        if isinstance(rule.predicate, OfTopics):
            self._must_exist(rule.predicate.topics)
        with self._catalog.writing() as connection:
            last_ms = connection.execute(select(func.max(tables.rules.c.created_ms)).filter_by(**self._mine)).scalar()
            row = {"id": rule.id, "label": label, "created_ms": max(clock_ms(), (last_ms or 0) + 1)}
            parts = {name: msgspec.json.encode(getattr(rule, name)).decode() for name in ("predicate", "capping")}
            connection.execute(tables.rules.insert().values(self._mine | row | parts))
        return rule

    def delete_rule(self, rule_id: UUID) -> None:
        """Delete a rule.

        Raises:
            UnknownRule: there is none.
        """
        this = (tables.rules.c.customer == self._customer) & (tables.rules.c.id == rule_id)
        with self._catalog.writing() as connection:
            if connection.execute(delete(tables.rules).where(this).returning(tables.rules.c.id)).first() is None:
                raise UnknownRule(rule_id)

    def applying(self, topic: UUID | None) -> tuple[Rule, ...]:
        """Return the rules for messages of a topic, or of none, the oldest first."""
        return tuple(rule for rule in self.rules() if rule.applies_to(topic))

    def ask(self, reservations: Sequence[Reservation], now_ms: int) -> dict[UUID, UUID | None]:
        """Return by stamp which rule each message would break if it was sent now, alone; None: none.

        A message that was reserved breaks none.
        """
        with self._catalog.reading() as connection:
            counts = self._counts(connection, reservations, now_ms)
        return {each.stamp: counts.broken(each) for each in reservations}

    def reserve(self, reservations: Sequence[Reservation], now_ms: int) -> dict[UUID, UUID | None]:
        """Let messages be sent, and count them, as far as the rules allow; in one transaction, one after the other.

        It is exact, however many processes do so at once. A message that was reserved before stays so.

        Returns:
            By stamp, the first rule that a message breaks; None: it may be sent.
        """
        with self._catalog.writing() as connection:
            Contacts(self._catalog, self._customer).lock(connection, (each.contact for each in reservations))
            counts = self._counts(connection, reservations, now_ms)
            broken = {each.stamp: counts.take(each) for each in reservations}
            if counts.taken:
                rows = [self._mine | mark._asdict() for mark in counts.taken]
                connection.execute(tables.marks.insert(), rows)
        return broken

    def forget(self, before_ms: int) -> None:
        """Forget marks that no rule counts at a time, Unix milliseconds, or later."""
        start_ms = min((rule.capping.period.start_ms(before_ms) for rule in self.rules()), default=before_ms)
        with self._catalog.writing() as connection:
            connection.execute(delete(tables.marks).where(*self._marks(tables.marks.c.time_ms <= start_ms)))

    def _counts(self, connection: Connection, reservations: Sequence[Reservation], now_ms: int) -> _Counts:
        counts = _Counts(self._rules(connection), now_ms)
        kept = tables.marks.c
        for some in slices(reservations if counts.rules else ()):
            counting = or_(kept.time_ms > counts.start_ms, kept.stamp.in_([each.stamp for each in some]))
            of_them = self._marks(kept.contact.in_({each.contact for each in some}), counting)
            counts.note(_Mark(*row) for row in connection.execute(select(*_MARK).where(*of_them)))
        return counts

    def _rules(self, connection: Connection) -> tuple[Rule, ...]:
        kept = tables.rules.c
        found = select(kept.id, kept.label, kept.predicate, kept.capping).filter_by(**self._mine)
        return tuple(
            Rule(
                id=row.id,
                label=row.label,
                predicate=msgspec.json.decode(row.predicate, type=Predicate),
                capping=msgspec.json.decode(row.capping, type=Capping),
            )
            for row in connection.execute(found.order_by(kept.created_ms, kept.id))
        )

    def _must_exist(self, topics: Iterable[UUID]) -> None:
        unknown = set(topics) - {topic.id for topic in self.topics()}
        if unknown:
            raise InvalidRule(f"$.predicate.topics: no topic has the id {', '.join(sorted(map(str, unknown)))}")

    @property
    def _mine(self) -> dict[str, Any]:
        return {"customer": self._customer}

    def _marks(self, *conditions: ColumnElement[bool]) -> tuple[ColumnElement[bool], ...]:
        return (tables.marks.c.customer == self._customer, *conditions)


class _Counts:
    """What contacts have got, against what rules allow."""

    def __init__(self, rules: Sequence[Rule], now_ms: int) -> None:
        self.rules = rules
        self.taken: list[_Mark] = []
        self.start_ms = min((rule.capping.period.start_ms(now_ms) for rule in rules), default=now_ms)
        self._now_ms = now_ms
        self._marks: dict[tuple[str, str], dict[UUID, _Mark]] = defaultdict(dict)
        self._stamps: set[UUID] = set()

    def note(self, marks: Iterable[_Mark]) -> None:
        """Take marks into account."""
        for mark in marks:
            self._marks[mark.contact, mark.key][mark.stamp] = mark
            self._stamps.add(mark.stamp)

    def broken(self, wanted: Reservation) -> UUID | None:
        """Return the first rule that a message would break."""
        if wanted.stamp in self._stamps:
            return None
        applying = (rule for rule in self.rules if rule.applies_to(wanted.topic))
        return next((rule.id for rule in applying if self._is_broken(rule.capping, wanted.contact)), None)

    def take(self, wanted: Reservation) -> UUID | None:
        """Count a message if it breaks no rule, else return that rule."""
        rule = self.broken(wanted)
        if rule is None and wanted.stamp not in self._stamps:
            marks = list(self._marks_of(wanted))
            self.note(marks)
            self.taken += marks
        return rule

    def _is_broken(self, capping: Capping, contact: str) -> bool:
        start_ms = capping.period.start_ms(self._now_ms)
        marks = self._marks[contact, capping.key].values()
        got = sum(mark.increment for mark in marks if mark.time_ms > start_ms)
        return got + capping.increment > capping.threshold

    def _marks_of(self, wanted: Reservation) -> Iterator[_Mark]:
        increments: dict[str, int] = {}
        for rule in self.rules:
            if rule.applies_to(wanted.topic):
                key, increment = rule.capping.key, rule.capping.increment
                increments[key] = max(increment, increments.get(key, 0))
        for key, increment in increments.items():
            yield _Mark(wanted.contact, key, wanted.stamp, increment, self._now_ms)
