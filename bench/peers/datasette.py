"""Datasette over a SQLite table of the events."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

from corpus import WORK
from process import Process, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from corpus import Corpus

SCHEMA = "CREATE TABLE event (seq INTEGER PRIMARY KEY, id TEXT, time INTEGER, type TEXT, action TEXT, body TEXT)"
KEYS = """
CREATE UNIQUE INDEX event_id ON event (id);
CREATE INDEX event_time ON event (time);
CREATE INDEX event_type ON event (type, time);
ANALYZE;
"""


class Datasette(NamedTuple):
    """A running server."""

    process: Process
    base: str

    def array(self, clauses: str = "") -> str:
        """Return the address of a JSON array of bodies: `clauses` follow the SELECT."""
        query = {"sql": f"select body from event {clauses}", "_shape": "arrayfirst", "_json": "body"}  # noqa: S608  our own clauses
        return f"{self.base}/bench.json?{urlencode(query)}"

    def csv(self) -> str:
        """Return the address of the whole table as streamed CSV."""
        return f"{self.base}/bench/event.csv?_stream=on&_nofacet=1&_col=body"


def filled(corpus: Corpus) -> Path:
    """Return a database that holds the corpus, made once."""
    kept = corpus.folder() / "bench.db"
    if not kept.exists():
        making = kept.with_suffix(".making")
        making.unlink(missing_ok=True)
        with closing(sqlite3.connect(making, isolation_level=None)) as database:
            database.execute(SCHEMA)
            database.execute("BEGIN")
            rows = ((row.id, row.time, row.type, row.action, row.body.decode()) for row in corpus.rows())
            database.executemany("INSERT INTO event (id, time, type, action, body) VALUES (?, ?, ?, ?, ?)", rows)
            database.execute("COMMIT")
            database.executescript(KEYS)
        making.rename(kept)
    return kept


@contextmanager
def serve(database: Path) -> Iterator[Datasette]:
    """Serve a database as immutable, with no limit on rows, time or size."""
    port = free_port()
    settings = {
        "max_returned_rows": 1_000_000_000,
        "sql_time_limit_ms": 3_600_000,
        "max_csv_mb": 0,
        "default_cache_ttl": 0,
        "suggest_facets": "off",
    }
    flags = [part for name, value in settings.items() for part in ("--setting", name, str(value))]
    command = [sys.executable, "-m", "datasette", "serve", "-i", database, "-p", str(port), *flags]
    with Process(command, port=port, log=WORK / "datasette.log") as process:
        yield Datasette(process, f"http://127.0.0.1:{port}")
