"""The table of the FastAPI peer, and the indexes that each of its lists needs."""

COLUMNS = ("id", "time", "type", "link", "class", "action", "hash", "activated", "body")
"""What is given, in the order of `corpus.Row`."""
TABLE = """
CREATE TABLE event (
    seq bigint GENERATED ALWAYS AS IDENTITY,
    id uuid NOT NULL,
    time bigint NOT NULL,
    type text NOT NULL,
    link text NOT NULL,
    class text NOT NULL,
    action text NOT NULL,
    hash text NOT NULL,
    activated bigint NOT NULL,
    body bytea NOT NULL
);
"""
KEYS = """
ALTER TABLE event ADD PRIMARY KEY (seq), ADD UNIQUE (id);
CREATE INDEX ON event (time, seq);
CREATE INDEX ON event (type, time, seq);
"""
REACTIVE = "type IN ('bounce', 'hit', 'impression', 'reply', 'optout', 'complaint')"
LIST_KEYS = f"""
CREATE INDEX ON event (action, type, time, seq) INCLUDE (link, class);
CREATE INDEX ON event (action, link, class, time, seq) WHERE type = 'hit';
CREATE INDEX ON event (hash, time, seq) WHERE hash <> '';
CREATE INDEX ON event (activated) WHERE {REACTIVE};
CREATE STATISTICS event_days ON (time / 86400000), type FROM event;
"""
