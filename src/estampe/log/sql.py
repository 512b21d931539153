"""Every SQL statement of the embedded engine, named; and the schema with its version.

A position is either a row of `events` (and of `facets`) or lies in one segment, never both: rows are sealed, and
segments opened again, in one transaction. Segments do not overlap, and no row lies inside the span of one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from estampe.log.port import POSITION_BITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from estampe.log.port import Facet

APPLICATION_ID = 0x45535450  # "ESTP"
VERSION = 2

SCHEMA = """
-- Names: customer; epoch; ceiling_ms, see tide.py; layout, grows as segments come and go.
CREATE TABLE state (
    name TEXT PRIMARY KEY, value ANY NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE kinds (           -- what a list selects by: interned, a handful of rows
    id INTEGER PRIMARY KEY, channel TEXT NOT NULL, type TEXT NOT NULL, subtype TEXT NOT NULL,
    UNIQUE (type, subtype, channel)
) STRICT;

CREATE TABLE actions (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

CREATE TABLE events (          -- recent events, clustered by position
    position INTEGER PRIMARY KEY, body BLOB NOT NULL
) STRICT;

CREATE TABLE facets (          -- the same events narrowly, for lists with a filter
    position INTEGER PRIMARY KEY, kind INTEGER NOT NULL, action INTEGER NOT NULL, id BLOB NOT NULL,
    contact_key INTEGER NOT NULL, hash_key INTEGER NOT NULL, set_key INTEGER NOT NULL, activation_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE segments (        -- sealed events, see segment.py
    id INTEGER PRIMARY KEY AUTOINCREMENT, first INTEGER NOT NULL UNIQUE, last INTEGER NOT NULL UNIQUE,
    events INTEGER NOT NULL, places BLOB NOT NULL, places_order BLOB NOT NULL
) STRICT;

CREATE TABLE frames (          -- id: segment << 16 | number
    id INTEGER PRIMARY KEY, positions BLOB NOT NULL, lines BLOB NOT NULL
) STRICT;

CREATE TABLE kind_runs (       -- where a kind stands in the segment that starts at `first`
    kind INTEGER, first INTEGER, place INTEGER NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (kind, first)
) STRICT, WITHOUT ROWID;

CREATE TABLE action_runs (     -- where an action stands in it; one row a kind
    action INTEGER, first INTEGER, kind INTEGER, place INTEGER NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (action, first, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE id_keys (         -- id: bucket << 32 | segment; entries: see keys.py
    id INTEGER PRIMARY KEY, entries BLOB NOT NULL
) STRICT;

CREATE TABLE contact_keys (    -- the same for contacts' ids and unicity hashes, and for sets
    id INTEGER PRIMARY KEY, entries BLOB NOT NULL
) STRICT;

CREATE TABLE filters (         -- Bloom filters of the ids of segments up to `segment`, since the row before
    segment INTEGER PRIMARY KEY, filter BLOB NOT NULL
) STRICT;
"""

SECOND = """
CREATE TABLE activation_keys ( -- id: segment << 32 | bucket of activations' times; entries: see keys.py
    id INTEGER PRIMARY KEY, entries BLOB NOT NULL
) STRICT;

CREATE TABLE verdicts (        -- what is said of hits, as the JSON that annotates them: interned
    id INTEGER PRIMARY KEY, json TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE classifications ( -- of hits, recent or sealed, by position
    position INTEGER PRIMARY KEY, class TEXT NOT NULL, verdict INTEGER NOT NULL
) STRICT;

CREATE INDEX classified ON classifications (class, position);
"""
"""What the second version of the schema added, beside the counters; see upgrading.py."""

WIDEN_FACETS = (
    "ALTER TABLE facets ADD COLUMN set_key INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE facets ADD COLUMN activation_ms INTEGER NOT NULL DEFAULT -1",
)
FILL_FACETS = "UPDATE facets SET set_key = ?, activation_ms = ? WHERE position = ?"
ALL_BODIES = "SELECT position, body FROM events"

COUNTERS = """
CREATE TABLE counts (          -- events of an hour (since 1970); action 0 is all of them together
    action INTEGER, hour INTEGER, kind INTEGER, trait TEXT, events INTEGER NOT NULL,
    PRIMARY KEY (action, hour, kind, trait)
) STRICT, WITHOUT ROWID;

CREATE TABLE reactors (        -- contacts that hit an action, and how often
    action INTEGER, contact TEXT, opens INTEGER NOT NULL, clicks INTEGER NOT NULL, effective INTEGER NOT NULL,
    PRIMARY KEY (action, contact)
) STRICT, WITHOUT ROWID;

CREATE TABLE audiences (       -- how many of them there are
    action INTEGER PRIMARY KEY, reactive INTEGER NOT NULL, openers INTEGER NOT NULL, clickers INTEGER NOT NULL,
    effective INTEGER NOT NULL
) STRICT;
"""
"""What counters are kept in; see tally.py."""

GET_STATE = "SELECT value FROM state WHERE name = :name"
SET_STATE = "INSERT INTO state (name, value) VALUES (:name, :value) ON CONFLICT DO UPDATE SET value = excluded.value"
BUMP_STATE = "UPDATE state SET value = value + 1 WHERE name = :name"

# Writing. The statements that end before VALUES are completed by `store.insert`.
ADD_EVENTS = "INSERT INTO events (position, body)"
ADD_FACETS = """
INSERT INTO facets (position, kind, action, id, contact_key, hash_key, set_key, activation_ms)
"""
ADD_KIND = """
INSERT INTO kinds (channel, type, subtype) VALUES (?, ?, ?)
ON CONFLICT DO UPDATE SET channel = excluded.channel RETURNING id
"""
ADD_ACTION = "INSERT INTO actions (name) VALUES (?) ON CONFLICT DO UPDATE SET name = excluded.name RETURNING id"

ADD_SEGMENT = """
INSERT INTO segments (first, last, events, places, places_order) VALUES (?, ?, ?, ?, ?) RETURNING id
"""
ADD_FRAMES = "INSERT INTO frames (id, positions, lines)"
ADD_KIND_RUNS = """
INSERT INTO kind_runs (kind, first, place, count)
SELECT value ->> 0, :first, value ->> 1, value ->> 2 FROM json_each(:runs)
"""
ADD_ACTION_RUNS = """
INSERT INTO action_runs (action, first, kind, place, count)
SELECT value ->> 0, :first, value ->> 1, value ->> 2, value ->> 3 FROM json_each(:runs)
"""
ADD_ID_KEYS = "INSERT INTO id_keys (id, entries)"
ADD_CONTACT_KEYS = "INSERT INTO contact_keys (id, entries)"
ADD_ACTIVATION_KEYS = "INSERT INTO activation_keys (id, entries)"
ADD_FILTER = "INSERT INTO filters (segment, filter) VALUES (?, ?)"
DROP_ROWS = (
    "DELETE FROM events WHERE position BETWEEN :first AND :last",
    "DELETE FROM facets WHERE position BETWEEN :first AND :last",
)
DROP_CONTACT_KEYS = "DELETE FROM contact_keys WHERE id IN (SELECT value FROM json_each(:buckets))"
DROP_SEGMENT = (
    "DELETE FROM action_runs WHERE action IN (SELECT value FROM json_each(:actions)) AND first = :first",
    "DELETE FROM kind_runs WHERE kind IN (SELECT value FROM json_each(:kinds)) AND first = :first",
    "DELETE FROM frames WHERE id BETWEEN :id << 16 AND :id << 16 | 65535",
    "DELETE FROM id_keys WHERE id IN (SELECT value FROM json_each(:buckets))",
    DROP_CONTACT_KEYS,
    "DELETE FROM activation_keys WHERE id BETWEEN :id << 32 AND :id << 32 | 4294967295",
    "DELETE FROM segments WHERE id = :id",
)

# Reading recent events.
ROWS = """
SELECT * FROM (
    SELECT position, kind, action, id, contact_key, hash_key, set_key, activation_ms, body
    FROM facets JOIN events USING (position)
    WHERE position >= :low AND position < :high ORDER BY position LIMIT :limit
) ORDER BY kind, action, position
"""
"""The columns of `segment.Row`, in the order of a segment's places."""
FITTING = """
SELECT count(*) FROM (
    SELECT sum(size) OVER (ORDER BY position) - size AS before FROM (
        SELECT position, length(body) AS size FROM events
        WHERE position >= :low AND position < :high ORDER BY position LIMIT :limit
    )
) WHERE before < :bytes
"""
"""How many rows of a span make up to `bytes`; one at least, if there is one."""
IDS = "SELECT id, position FROM facets"
OLDEST = "SELECT min(position) FROM events"
NEWEST_ROWS = f"""
SELECT max(position) FROM facets WHERE position >= :low AND position < :high GROUP BY position >> {POSITION_BITS}
"""  # noqa: S608  a number of our own
BODIES = """
SELECT position, body FROM events WHERE position >= :low AND position < :high ORDER BY position LIMIT :limit
"""
_RECENT = """
SELECT min(position), max(position), count(*), CAST(group_concat({line}, x'0A') AS BLOB) FROM (
    SELECT facets.position AS position, kind, body FROM facets CROSS JOIN events USING (position)
    WHERE facets.position >= :low AND facets.position < :high{conditions}
    ORDER BY facets.position {order} LIMIT :limit
) AS found
"""
_WHOLE = """
SELECT min(position), max(position), count(*), CAST(group_concat(body, x'0A') AS BLOB) FROM (
    SELECT position, body FROM events WHERE position >= :low AND position < :high ORDER BY position {order} LIMIT :limit
)
"""
_ANNOTATED = """
iif(kind IN (SELECT id FROM kinds WHERE type = 'hit'), CAST(
    substr(body, 1, length(body) - 1) || ',"classification":' || coalesce((
        SELECT json FROM classifications JOIN verdicts ON id = verdict WHERE classifications.position = found.position
    ), 'null') || '}' AS BLOB
), body)
"""
_CLASS = "coalesce((SELECT class FROM classifications WHERE classifications.position = facets.position), 'human')"


def recent(conditions: Iterable[str], *, descending: bool, annotated: bool = False) -> str:
    """Return the statement for up to `limit` events of a span, joined by newlines.

    Parameters:
        conditions: what they must meet, each made by a function below; none reads all.
        descending: from the newest on.
        annotated: with what hits are classified as.
    """
    order = "DESC" if descending else "ASC"
    further = "".join(f" AND {condition}" for condition in conditions)
    if not further and not annotated:
        return _WHOLE.format(order=order)
    line = _ANNOTATED if annotated else "body"
    return _RECENT.format(line=line, conditions=further, order=order)


def _listed(numbers: Iterable[int]) -> str:
    """Write numbers of our own as a list."""
    return ",".join(map(str, numbers))


def is_wanted(rectangles: Iterable[tuple[Sequence[int] | None, Sequence[int] | None]]) -> str:
    """Return the condition that an event is in one of some rectangles of kinds and actions; None is any."""
    return _any_of([_is_in(*rectangle) for rectangle in rectangles])


def _is_in(kinds: Sequence[int] | None, actions: Sequence[int] | None) -> str:
    sides = (("kind", kinds), ("action", actions))
    return " AND ".join(f"{name} IN ({_listed(numbers)})" for name, numbers in sides if numbers is not None)


def _any_of(conditions: Sequence[str]) -> str:
    """Join conditions by halves: SQLite limits how deep an expression is, not how wide."""
    if len(conditions) == 1:
        return f"({conditions[0]})"
    half = len(conditions) // 2
    return f"({_any_of(conditions[:half])} OR {_any_of(conditions[half:])})"


def has_class(classes: Iterable[str]) -> str:
    """Return the condition that a hit is of one of some classes."""
    names = ",".join(f"'{each}'" for each in classes)
    return f"{_CLASS} IN ({names})"


HAS_CONTACT, HAS_HASH, HAS_SET = (f"{name} = :{name}" for name in ("contact_key", "hash_key", "set_key"))
IS_ACTIVATED = "activation_ms >= :activated_low AND activation_ms < :activated_high"

# Reading sealed events. A segment's columns are those of `sealed.Sealed`.
NEXT_SEGMENT = {
    False: """
SELECT id, first, last, events, places, places_order FROM segments
WHERE last >= :low AND first < :high ORDER BY last LIMIT 1
""",
    True: """
SELECT id, first, last, events, places, places_order FROM segments
WHERE first < :high AND last >= :low ORDER BY first DESC LIMIT 1
""",
}
"""The segment nearest to the start of a span, by descending."""
LASTS = "SELECT last FROM segments WHERE last >= :low AND first < :high ORDER BY last"
SMALL_SEGMENTS = """
SELECT id, first, last, events, places, places_order FROM segments WHERE events < :events ORDER BY first
"""
_NEXT_ACTIVATED = """
SELECT id, first, last, events, places, places_order FROM segments WHERE last >= :low AND first < :high AND EXISTS (
    SELECT 1 FROM activation_keys
    WHERE activation_keys.id BETWEEN segments.id << 32 | :bucket_low AND segments.id << 32 | :bucket_high
) ORDER BY {} LIMIT 1
"""
NEXT_ACTIVATED = {False: _NEXT_ACTIVATED.format("last"), True: _NEXT_ACTIVATED.format("first DESC")}
"""The same, of those that hold events of activations in a span of time."""
FIRST_REACHING = "SELECT first FROM segments WHERE last >= :low ORDER BY last LIMIT 1"
SEGMENT_AT = "SELECT id, first, last, events, places, places_order FROM segments WHERE first = :first"
SEGMENT = "SELECT id, first, last, events, places, places_order FROM segments WHERE id = :id"
_NEXT_KIND_RUN = """
SELECT {nearest}((
    SELECT {nearest}(first) FROM kind_runs WHERE kind = wanted.value AND first >= :low AND first < :high
)) FROM json_each(:kinds) AS wanted
"""
NEXT_KIND_RUN = {False: _NEXT_KIND_RUN.format(nearest="min"), True: _NEXT_KIND_RUN.format(nearest="max")}
KIND_RUNS = """
SELECT place, count FROM kind_runs
WHERE kind IN (SELECT value FROM json_each(:kinds)) AND first = :first ORDER BY place
"""
_NEXT_ACTION_RUN = """
SELECT {nearest}((
    SELECT first FROM action_runs WHERE action = wanted.value AND first >= :low AND first < :high
    AND (:kinds IS NULL OR kind IN (SELECT value FROM json_each(:kinds))) ORDER BY first {order} LIMIT 1
)) FROM json_each(:actions) AS wanted
"""
NEXT_ACTION_RUN = {
    False: _NEXT_ACTION_RUN.format(nearest="min", order="ASC"),
    True: _NEXT_ACTION_RUN.format(nearest="max", order="DESC"),
}
ACTION_RUNS = """
SELECT place, count FROM action_runs WHERE action IN (SELECT value FROM json_each(:actions)) AND first = :first
    AND (:kinds IS NULL OR kind IN (SELECT value FROM json_each(:kinds))) ORDER BY place
"""
CONTACT_KEYS = """
SELECT segments.id, first, last, entries FROM contact_keys JOIN segments ON segments.id = contact_keys.id & 4294967295
WHERE contact_keys.id BETWEEN :bucket << 32 AND :bucket << 32 | 4294967295
"""
ACTIVATION_KEYS = """
SELECT entries FROM activation_keys WHERE id BETWEEN :id << 32 | :bucket_low AND :id << 32 | :bucket_high
"""
CLASSIFIED = """
SELECT position, class, json FROM classifications JOIN verdicts ON id = verdict
WHERE position >= :low AND position < :high
"""
CLASSIFIED_AT = """
SELECT position, class, json FROM classifications JOIN verdicts ON id = verdict
WHERE position IN (SELECT value FROM json_each(:positions))
"""
NEXT_CLASSIFIED = {
    False: "SELECT min(position) FROM classifications WHERE class = :class AND position >= :low AND position < :high",
    True: "SELECT max(position) FROM classifications WHERE class = :class AND position >= :low AND position < :high",
}
ROW = "SELECT body FROM events WHERE position = :position"
ID_KEYS = """
SELECT id & 4294967295, entries FROM id_keys WHERE id BETWEEN :bucket << 32 AND :bucket << 32 | 4294967295
ORDER BY id DESC
"""
SEGMENT_ID_KEYS = "SELECT entries FROM id_keys WHERE id IN (SELECT value FROM json_each(:buckets))"
FRAMES = "SELECT id & 65535, positions, lines FROM frames WHERE id BETWEEN :first AND :last ORDER BY id"
FRAME_POSITIONS = "SELECT id & 65535, positions FROM frames WHERE id BETWEEN :first AND :last ORDER BY id"

KINDS = "SELECT id, channel, type, subtype FROM kinds"
KINDS_LIKE = """
SELECT id FROM kinds WHERE (:channel IS NULL OR channel = :channel)
    AND (:types IS NULL OR type IN (SELECT value FROM json_each(:types)))
    AND (:subtypes IS NULL OR subtype IN (SELECT value FROM json_each(:subtypes)))
"""
ACTIONS = "SELECT id, name FROM actions"
ACTION = "SELECT id FROM actions WHERE name = :name"
FILTERS = "SELECT segment, filter FROM filters ORDER BY segment"
SEGMENTS_AFTER = "SELECT id FROM segments WHERE id > :id ORDER BY id"
SEALED_COUNT = "SELECT coalesce(sum(events), 0) FROM segments"
RECENT_COUNT = "SELECT count(*) FROM facets"
JUDGED_COUNT = "SELECT count(*) FROM classifications"
NEWEST = """
SELECT max(newest) FROM (SELECT max(position) AS newest FROM events UNION ALL SELECT max(last) FROM segments)
"""
ALL_SEGMENTS = "SELECT id, first, last, events, places, places_order FROM segments ORDER BY first"
ALL_ROWS = """
SELECT position, coalesce(CAST(body AS BLOB), x''), kind, action, id, contact_key, hash_key, set_key, activation_ms
FROM events LEFT JOIN facets USING (position) ORDER BY position
"""
"""With a body of bytes even where the file is damaged."""
SEGMENT_ACTION_RUNS = """
SELECT action, kind, place, count FROM action_runs
WHERE action IN (SELECT id FROM actions) AND first = :first ORDER BY place
"""
SEGMENT_KIND_RUNS = """
SELECT kind, place, count FROM kind_runs WHERE kind IN (SELECT id FROM kinds) AND first = :first ORDER BY place
"""
SEGMENT_ID_BUCKETS = """
SELECT id >> 32, entries FROM id_keys WHERE id IN (SELECT value FROM json_each(:buckets)) ORDER BY id
"""
SEGMENT_CONTACT_BUCKETS = """
SELECT id >> 32, entries FROM contact_keys WHERE id IN (SELECT value FROM json_each(:buckets)) ORDER BY id
"""
SEGMENT_ACTIVATION_BUCKETS = """
SELECT id & 4294967295, entries FROM activation_keys WHERE id BETWEEN :id << 32 AND :id << 32 | 4294967295 ORDER BY id
"""
STATE_COUNT = "SELECT count(*) FROM state WHERE name IN ('customer', 'epoch', 'ceiling_ms', 'layout')"
STRAYS = {
    "facets": "SELECT count(*) FROM facets WHERE position NOT IN (SELECT position FROM events)",
    "frames": "SELECT count(*) FROM frames WHERE id >> 16 NOT IN (SELECT id FROM segments)",
    "kind_runs": "SELECT count(*) FROM kind_runs WHERE first NOT IN (SELECT first FROM segments)",
    "action_runs": "SELECT count(*) FROM action_runs WHERE first NOT IN (SELECT first FROM segments)",
    "id_keys": "SELECT count(*) FROM id_keys WHERE id & 4294967295 NOT IN (SELECT id FROM segments)",
    "contact_keys": "SELECT count(*) FROM contact_keys WHERE id & 4294967295 NOT IN (SELECT id FROM segments)",
    "activation_keys": "SELECT count(*) FROM activation_keys WHERE id >> 32 NOT IN (SELECT id FROM segments)",
    "classifications": "SELECT count(*) FROM classifications WHERE verdict NOT IN (SELECT id FROM verdicts)",
}
"""Rows of each table that belong to no event or segment."""
TOUCH = tuple(
    f"SELECT (SELECT min(rowid) FROM {table}), (SELECT max(rowid) FROM {table})"  # noqa: S608  names of our own
    for table in (
        *("events", "facets", "segments", "frames", "id_keys", "contact_keys", "activation_keys", "kinds", "actions"),
        *("classifications", "verdicts", "audiences"),
    )
)
"""Reads of both ends of each table: what is cut off or overwritten there shows when a log is opened."""

# Judging hits.
ADD_VERDICT = "INSERT INTO verdicts (json) VALUES (?) ON CONFLICT DO UPDATE SET json = excluded.json RETURNING id"
DROP_UNUSED_VERDICTS = "DELETE FROM verdicts WHERE id NOT IN (SELECT verdict FROM classifications)"
SET_CLASSIFICATION = "INSERT OR REPLACE INTO classifications (position, class, verdict) VALUES (?, ?, ?)"

# Counting.
ADD_COUNTS = """
INSERT INTO counts (action, hour, kind, trait, events)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?) WHERE true
ON CONFLICT DO UPDATE SET events = events + excluded.events
"""
ADD_REACTORS = """
INSERT INTO reactors (action, contact, opens, clicks, effective)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?) WHERE true
ON CONFLICT DO UPDATE SET
    opens = opens + excluded.opens, clicks = clicks + excluded.clicks, effective = effective + excluded.effective
RETURNING action, contact, opens, clicks, effective
"""
ADD_AUDIENCE = """
INSERT INTO audiences (action, reactive, openers, clickers, effective) VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET
    reactive = reactive + excluded.reactive, openers = openers + excluded.openers,
    clickers = clickers + excluded.clickers, effective = effective + excluded.effective
"""
DROP_COUNT = "DELETE FROM counts WHERE action = ? AND hour = ? AND kind = ? AND trait = ? AND events = 0"
DROP_REACTOR = "DELETE FROM reactors WHERE action = ? AND contact = ? AND opens = 0 AND clicks = 0"
DROP_AUDIENCE = "DELETE FROM audiences WHERE action = ? AND reactive = 0"
_COUNTER_KEYS = {"counts": "action, hour, kind, trait", "reactors": "action, contact", "audiences": "action"}
ALL_COUNTERS = {table: f"SELECT * FROM {table} ORDER BY {key}" for table, key in _COUNTER_KEYS.items()}  # noqa: S608
DROP_COUNTERS = {table: f"DELETE FROM {table}" for table in _COUNTER_KEYS}  # noqa: S608  names of our own
PUT_COUNTERS = {table: f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?)" for table in _COUNTER_KEYS}  # noqa: S608  the same
"""By table; each has five columns."""
AUDIENCE = """
SELECT reactive, openers, clickers, effective FROM audiences JOIN actions ON id = action WHERE name = :name
"""
_FACETS: dict[Facet, tuple[str, str]] = {
    "action": ("action", "actions.name"),
    "channel": ("kind", "channel"),
    "type": ("kind", "type"),
    "subtype": ("kind", "subtype"),
    "trait": ("trait", "trait"),
}
"""By which number counters tell a facet apart, and its name."""


def counted(by: Sequence[Facet], *, one_action: bool = False) -> str:
    """Return the statement that counts events, or one action's, by period and facets.

    It counts by numbers first, then by what they stand for.
    """
    numbers = "".join(f", {number}" for number in sorted({_FACETS[facet][0] for facet in by}))
    names = "".join(f", {_FACETS[facet][1]}" for facet in by)
    joins = "".join(_NAMED[number] for number in ("action", "kind") if f", {number}" in numbers)
    source = "actions CROSS JOIN counts ON action = actions.id" if one_action or "action" in by else "counts"
    only = "name = :action" if one_action else "action > 0" if "action" in by else "action = 0"
    return f"""
SELECT start{names}, sum(events) FROM (
    SELECT hour / :period * :period AS start{numbers}, sum(events) AS events
    FROM {source} WHERE {only} AND hour >= :low AND hour < :high GROUP BY start{numbers}
) AS counted{joins} GROUP BY start{names} ORDER BY start{names} LIMIT :limit
"""  # noqa: S608  names of our own


_NAMED = {
    "action": " JOIN actions ON actions.id = counted.action",
    "kind": " JOIN kinds ON kinds.id = counted.kind",
}
