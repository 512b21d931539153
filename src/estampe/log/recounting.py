"""Counting a log's events anew, to see that its counters are right, and to mend them."""

from __future__ import annotations

from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING

import apsw

from estampe.log import sql, store
from estampe.log.entry import entry_of_event, read_event
from estampe.log.judgements import classified
from estampe.log.port import Recount
from estampe.log.sealed import Sealed, sheets
from estampe.log.tally import Tally, differences

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from estampe.log.entry import Entry
    from estampe.log.judgements import Judgement
    from estampe.log.names import Names
    from estampe.log.port import Progress

BATCH_EVENTS = 16_384
MOST_DIFFERENCES = 100


class Recounter:
    """Counts events into a scratch file, a batch at a time."""

    def __init__(self) -> None:
        self.connection = apsw.Connection("")  # a scratch file that SQLite deletes by itself
        self.connection.execute(f"BEGIN; {sql.COUNTERS}")
        self._tally = Tally()
        self._waiting = 0

    def add(self, entry: Entry, position: int, numbers: tuple[int, int], judgement: Judgement | None) -> None:
        """Count an event, given what is judged of it."""
        if judgement and entry.kind.is_hit:
            entry = entry._replace(trait=judgement.name)
        self._tally.add(entry, position, numbers)
        self._waiting += 1
        if self._waiting >= BATCH_EVENTS:
            self.store()

    def store(self) -> None:
        """Store what waits."""
        self._tally.store(self.connection)
        self._tally, self._waiting = Tally(), 0

    def differences(self, connection: apsw.Connection) -> Iterator[str]:
        """Yield a sentence for each counter of a log that is not as counted here."""
        self.store()
        return differences(connection, self.connection)

    def close(self) -> None:
        """Drop the scratch file."""
        self.connection.close()


def recount(connection: apsw.Connection, names: Names, progress: Progress) -> Recount:
    """Count all events, compare, and put what was counted in place of what was there; inside a transaction."""
    total = sum(store.value(connection, statement) for statement in (sql.SEALED_COUNT, sql.RECENT_COUNT))
    with closing(Recounter()) as counter:
        for done, (position, line, judgements) in enumerate(_events(connection), 1):
            entry = entry_of_event(read_event(line))
            counter.add(entry, position, (names.kind(entry.kind), names.action(entry.action)), judgements.get(position))
            if done % BATCH_EVENTS == 0:
                progress("counting", done, total)
        found = tuple(islice(counter.differences(connection), MOST_DIFFERENCES))
        if found:
            _replace(connection, counter.connection)
    progress("counting", total, total)
    return Recount(total, found)


def _events(connection: apsw.Connection) -> Iterator[tuple[int, bytes, Mapping[int, Judgement]]]:
    """Yield every event with its position and what is judged of its neighbours and it."""
    for row in store.rows(connection, sql.ALL_SEGMENTS):
        sealed = Sealed(*row)
        judgements = classified(connection, sealed.first, sealed.last)
        for sheet in sheets(connection, sealed):
            for position, line in zip(sheet.open_positions(), sheet.open(), strict=True):
                yield position, line, judgements
    for position, line, *_ in store.each(connection, sql.ALL_ROWS):
        yield position, line, classified(connection, position, position)


def _replace(connection: apsw.Connection, counted: apsw.Connection) -> None:
    for table, statement in sql.ALL_COUNTERS.items():
        connection.execute(sql.DROP_COUNTERS[table])
        connection.executemany(sql.PUT_COUNTERS[table], counted.execute(statement))
