"""Every SQL statement of the embedded engine, named; and the schema with its version.

A position is either a row of `events` (and of `facets`) or lies in one segment, never both: rows are sealed, and
segments opened again, in one transaction. Segments do not overlap, and no row lies inside the span of one.
"""

from estampe.log.port import POSITION_BITS

APPLICATION_ID = 0x45535450  # "ESTP"
VERSION = 1

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
    contact_key INTEGER NOT NULL, hash_key INTEGER NOT NULL
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

CREATE TABLE contact_keys (    -- the same for contacts' ids and unicity hashes
    id INTEGER PRIMARY KEY, entries BLOB NOT NULL
) STRICT;

CREATE TABLE filters (         -- Bloom filters of the ids of segments up to `segment`, since the row before
    segment INTEGER PRIMARY KEY, filter BLOB NOT NULL
) STRICT;
"""

GET_STATE = "SELECT value FROM state WHERE name = :name"
SET_STATE = "INSERT INTO state (name, value) VALUES (:name, :value) ON CONFLICT DO UPDATE SET value = excluded.value"
BUMP_STATE = "UPDATE state SET value = value + 1 WHERE name = :name"

# Writing. The statements that end before VALUES are completed by `store.insert`.
ADD_EVENTS = "INSERT INTO events (position, body)"
ADD_FACETS = "INSERT INTO facets (position, kind, action, id, contact_key, hash_key)"
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
ADD_FILTER = "INSERT INTO filters (segment, filter) VALUES (?, ?)"
DROP_ROWS = (
    "DELETE FROM events WHERE position BETWEEN :first AND :last",
    "DELETE FROM facets WHERE position BETWEEN :first AND :last",
)
DROP_SEGMENT = (
    "DELETE FROM action_runs WHERE action IN (SELECT id FROM actions) AND first = :first",
    "DELETE FROM kind_runs WHERE kind IN (SELECT id FROM kinds) AND first = :first",
    "DELETE FROM frames WHERE id BETWEEN :id << 16 AND :id << 16 | 65535",
    "DELETE FROM id_keys WHERE id IN (SELECT value FROM json_each(:buckets))",
    "DELETE FROM contact_keys WHERE id IN (SELECT value FROM json_each(:buckets))",
    "DELETE FROM segments WHERE id = :id",
)

# Reading recent events.
ROWS = """
SELECT * FROM (
    SELECT position, kind, action, id, contact_key, hash_key, body FROM facets JOIN events USING (position)
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
SELECT min(position), max(position), count(*), CAST(group_concat(body, x'0A') AS BLOB) FROM ({})
"""
_WHOLE = """
SELECT position, body FROM events
WHERE position >= :low AND position < :high ORDER BY position {} LIMIT :limit
"""
_FILTERED = """
SELECT facets.position AS position, body FROM facets CROSS JOIN events USING (position)
WHERE facets.position >= :low AND facets.position < :high
    AND (:kinds IS NULL OR kind IN (SELECT value FROM json_each(:kinds)))
    AND (:action IS NULL OR action = :action)
    AND (:contact_key IS NULL OR contact_key = :contact_key) AND (:hash_key IS NULL OR hash_key = :hash_key)
ORDER BY facets.position {} LIMIT :limit
"""
RECENT = {
    (filtered, descending): _RECENT.format(inner.format("DESC" if descending else "ASC"))
    for filtered, inner in ((False, _WHOLE), (True, _FILTERED))
    for descending in (False, True)
}
"""Up to `limit` events of a span joined by newlines; by (has a filter, descending)."""

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
FIRST_REACHING = "SELECT first FROM segments WHERE last >= :low ORDER BY last LIMIT 1"
SEGMENT_AT = "SELECT id, first, last, events, places, places_order FROM segments WHERE first = :first"
SEGMENT = "SELECT id, first, last, events, places, places_order FROM segments WHERE id = :id"
NEXT_KIND_RUN = {
    False: "SELECT min(first) FROM kind_runs WHERE kind = :kind AND first >= :low AND first < :high",
    True: "SELECT max(first) FROM kind_runs WHERE kind = :kind AND first >= :low AND first < :high",
}
KIND_RUNS = """
SELECT place, count FROM kind_runs
WHERE kind IN (SELECT value FROM json_each(:kinds)) AND first = :first ORDER BY place
"""
_NEXT_ACTION_RUN = """
SELECT first FROM action_runs WHERE action = :action AND first >= :low AND first < :high
    AND (:kinds IS NULL OR kind IN (SELECT value FROM json_each(:kinds))) ORDER BY first {} LIMIT 1
"""
NEXT_ACTION_RUN = {False: _NEXT_ACTION_RUN.format("ASC"), True: _NEXT_ACTION_RUN.format("DESC")}
ACTION_RUNS = """
SELECT place, count FROM action_runs WHERE action = :action AND first = :first
    AND (:kinds IS NULL OR kind IN (SELECT value FROM json_each(:kinds))) ORDER BY place
"""
CONTACT_KEYS = """
SELECT id & 4294967295, entries FROM contact_keys
WHERE id BETWEEN :bucket << 32 AND :bucket << 32 | 4294967295
"""
ID_KEYS = """
SELECT id & 4294967295, entries FROM id_keys WHERE id BETWEEN :bucket << 32 AND :bucket << 32 | 4294967295
ORDER BY id DESC
"""
SEGMENT_ID_KEYS = "SELECT entries FROM id_keys WHERE id IN (SELECT value FROM json_each(:buckets))"
FRAMES = "SELECT id & 65535, positions, lines FROM frames WHERE id BETWEEN :first AND :last ORDER BY id"

KINDS = "SELECT id, channel, type, subtype FROM kinds"
ACTIONS = "SELECT id, name FROM actions"
ACTION = "SELECT id FROM actions WHERE name = :name"
FILTERS = "SELECT segment, filter FROM filters ORDER BY segment"
SEGMENTS_AFTER = "SELECT id FROM segments WHERE id > :id ORDER BY id"
SEALED_COUNT = "SELECT coalesce(sum(events), 0) FROM segments"
RECENT_COUNT = "SELECT count(*) FROM facets"
NEWEST = """
SELECT max(newest) FROM (SELECT max(position) AS newest FROM events UNION ALL SELECT max(last) FROM segments)
"""
ALL_SEGMENTS = "SELECT id, first, last, events, places, places_order FROM segments ORDER BY first"
ALL_ROWS = """
SELECT position, body, kind, action, id, contact_key, hash_key FROM events LEFT JOIN facets USING (position)
ORDER BY position
"""
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
STATE_COUNT = "SELECT count(*) FROM state WHERE name IN ('customer', 'epoch', 'ceiling_ms', 'layout')"
STRAYS = {
    "facets": "SELECT count(*) FROM facets WHERE position NOT IN (SELECT position FROM events)",
    "frames": "SELECT count(*) FROM frames WHERE id >> 16 NOT IN (SELECT id FROM segments)",
    "kind_runs": "SELECT count(*) FROM kind_runs WHERE first NOT IN (SELECT first FROM segments)",
    "action_runs": "SELECT count(*) FROM action_runs WHERE first NOT IN (SELECT first FROM segments)",
    "id_keys": "SELECT count(*) FROM id_keys WHERE id & 4294967295 NOT IN (SELECT id FROM segments)",
    "contact_keys": "SELECT count(*) FROM contact_keys WHERE id & 4294967295 NOT IN (SELECT id FROM segments)",
}
"""Rows of each table that belong to no event or segment."""
TOUCH = tuple(
    f"SELECT min(rowid), max(rowid) FROM {table}"  # noqa: S608  names of our own
    for table in ("events", "facets", "segments", "frames", "id_keys", "contact_keys", "kinds", "actions")
)
"""Reads of both ends of each table: what is cut off or overwritten there shows when a log is opened."""
