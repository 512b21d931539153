"""Marketing pressure as JSON, and what is done with it; topics and rules are the catalog's own."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from msgspec import Struct

from estampe.catalog import Capping, Predicate, UnknownRule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estampe.catalog import Rule, Topic
    from estampe.http.records.desk import Desk


class NewTopic(Struct, frozen=True, kw_only=True):
    """A topic to be made: what messages are about."""

    label: str


class NewRule(Struct, frozen=True, kw_only=True):
    """A rule to be made.

    Parameters:
        predicate: which messages it is for.
        capping: how many of them a contact may get.
    """

    label: str
    predicate: Predicate
    capping: Capping


def list_topics(desk: Desk) -> Sequence[Topic]:
    """Return all topics."""
    return desk.pressure.topics()


def create_topic(desk: Desk, body: NewTopic) -> Topic:
    """Make a topic."""
    return desk.pressure.create_topic(body.label)


def list_rules(desk: Desk) -> Sequence[Rule]:
    """Return all rules."""
    return desk.pressure.rules()


def create_rule(desk: Desk, body: NewRule) -> Rule:
    """Make a rule."""
    return desk.pressure.create_rule(body.label, body.predicate, body.capping)


def delete_rule(desk: Desk, rule: str) -> None:
    """Delete a rule."""
    try:
        desk.pressure.delete_rule(UUID(rule))
    except ValueError:
        raise UnknownRule(rule) from None
