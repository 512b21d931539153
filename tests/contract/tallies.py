"""Counts and audiences by plain counting, and histories that have some in many hours."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from activity import UNJUDGED, class_of, read

from estampe.log import HOUR_MS, Audience, Count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from estampe.log import Counting
    from estampe.verdicts import Classification

DAY_MS = 24 * HOUR_MS
CONTENT = {"redirection", "form"}


def counted(
    stored: Sequence[bytes], counting: Counting, judged: Mapping[UUID, Classification] = UNJUDGED
) -> list[Count]:
    """Return what a log that has these events must count."""
    found: Counter[tuple[int, tuple[str, ...]]] = Counter()
    for _, event, facets in map(read, stored):
        facts = {**facets._asdict(), "trait": class_of(event, judged) or facets.trait}
        if (
            (counting.start_ms is None or event.timestamp >= counting.start_ms)
            and (counting.end_ms is None or event.timestamp < counting.end_ms)
            and counting.action in {None, facts["action"]}
        ):
            period = event.timestamp // counting.period_ms * counting.period_ms if counting.period_ms else 0
            found[period, tuple(facts[name] for name in counting.by)] += 1
    return [Count(period, names, events) for (period, names), events in sorted(found.items())][: counting.limit]


def reached(stored: Sequence[bytes], action: str, judged: Mapping[UUID, Classification] = UNJUDGED) -> Audience:
    """Return the audience that a log that has these events must find."""
    kinds: dict[str, set[str]] = {}
    for _, event, facts in map(read, stored):
        contact = facts.contact or facts.hash
        if contact and facts.action == action and class_of(event, judged) == "human":
            kinds.setdefault(contact, set()).add(facts.subtype)
    return Audience(
        reactive=len(kinds),
        openers=sum("open" in some for some in kinds.values()),
        clickers=sum(bool(some - {"open"}) for some in kinds.values()),
        effective=sum(bool(some & CONTENT) for some in kinds.values()),
    )
