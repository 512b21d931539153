"""Queries of every kind, as the suite makes them up."""

from __future__ import annotations

from typing import Any

import msgspec
from activity import ACTIONS, CHANNELS, HASH, OTHER_HASH, SETS, STAMP_TIMES, VARIANTS
from hypothesis import strategies as st

from estampe.log import Clause, Query
from estampe.verdicts import HitClass

NEVER = "never happened"
TYPES = sorted({name for name, _ in VARIANTS})
SUBTYPES = ("open", "redirection", "form", "hard", "soft", "redlisted target", "link", "stop", "")
CLASSES = tuple(HitClass)

types = st.lists(st.sampled_from([*TYPES, "hit", NEVER]), min_size=1, max_size=3).map(tuple)
subtypes = st.lists(st.sampled_from([*SUBTYPES, "open", NEVER]), min_size=1, max_size=3).map(tuple)
channels = st.sampled_from([*CHANNELS, "display"])
actions = st.sampled_from([*map(str, ACTIONS), NEVER])
activation_times = st.sampled_from([time_ms + by for time_ms in STAMP_TIMES[:-1] for by in (-1, 0, 1)]) | st.just(
    STAMP_TIMES[-1]
)

clauses = st.builds(
    Clause,
    channel=st.none() | channels,
    types=st.just(()) | types,
    subtypes=st.just(()) | subtypes,
    actions=st.just(()) | st.lists(actions, min_size=1, max_size=3).map(tuple),
)
# Each member by itself narrows to a few; two or three together are as much as a few hundred events bear.
members: dict[str, st.SearchStrategy[Any]] = {
    "activation_start_ms": activation_times,
    "activation_end_ms": activation_times,
    "types": types,
    "subtypes": subtypes,
    "channel": channels,
    "action": actions,
    "contact": st.sampled_from(["C1", "C2", "C3", HASH, f"{SETS[1]}"]),
    "hash": st.sampled_from([HASH, OTHER_HASH, HASH.upper(), "0" * 32]),
    "set": st.sampled_from([chosen for chosen in SETS if chosen]) | st.uuids(),
    "classes": st.lists(st.sampled_from(CLASSES), min_size=1, max_size=3).map(tuple),
    "clauses": st.lists(clauses, min_size=1, max_size=3).map(tuple),
}


def queries(times_ms: st.SearchStrategy[int], most: int = 3) -> st.SearchStrategy[Query]:
    """Return queries with up to so many members beside the window.

    Parameters:
        times_ms: where windows begin and end, Unix milliseconds.
        most: how many members.
    """
    window = {"start_ms": times_ms, "end_ms": times_ms}
    answers: dict[str, st.SearchStrategy[Any]] = {
        "sort": st.sampled_from(["asc", "desc"]),
        "limit": st.sampled_from([0, 1, 7, 240, 10_000]),
        "annotate": st.just(value=True),
    }
    chosen = st.lists(st.sampled_from(sorted(members)), max_size=most, unique=True)
    return chosen.flatmap(
        lambda names: st.fixed_dictionaries({name: members[name] for name in names}, optional=window | answers)
    ).map(lambda found: Query(**found))


def changed(query: Query, **others: Any) -> Query:
    """Return a query with other members."""
    return msgspec.structs.replace(query, **others)


def named(query: Query | Clause) -> str:
    """Return a test's name for a query: the members it has."""
    found = {field.name: getattr(query, field.name) for field in msgspec.structs.fields(query)}
    return ",".join(f"{name}={value}" for name, value in found.items() if value not in (None, (), False)) or "all"
