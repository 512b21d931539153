"""Bringing a log's file from an older format to today's."""

from __future__ import annotations

import logging
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import apsw

from estampe.log import sql, store
from estampe.log.entry import Kind, entry_of_event, read_event
from estampe.log.history import add_activation_keys, add_contact_keys
from estampe.log.keys import pack_activations, pack_contacts
from estampe.log.sealed import Sealed, sheets
from estampe.log.seen import buckets
from estampe.log.tally import Tally

if TYPE_CHECKING:
    from pathlib import Path

    from estampe.log.entry import Entry

FIRST = (sql.APPLICATION_ID, 1)

log = logging.getLogger(__name__)


def upgrade(path: Path) -> None:
    """Bring a log's file to today's format, in one transaction: a crash leaves it as it was.

    Only the process that writes a log may call it.
    """
    with closing(store.connect(path)) as connection:
        if store.format_of(connection) != FIRST:
            return
        log.warning("bringing %s to format %s; this reads all of it once", path, sql.VERSION)
        with store.transaction(connection):
            _Second(connection).run()
            connection.execute(f"PRAGMA user_version = {sql.VERSION}")
        with suppress(apsw.BusyError, apsw.FullError):  # someone reads for long, or no room: the keeper goes on
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)


class _Second:
    """From the first format to the second: sets, activations, classifications, counters."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._kinds = {Kind(*names): number for number, *names in store.rows(connection, sql.KINDS)}
        self._actions = {name: number for number, name in store.rows(connection, sql.ACTIONS)}

    def run(self) -> None:
        for statement in sql.WIDEN_FACETS:
            self._connection.execute(statement)
        self._connection.execute(sql.SECOND + sql.COUNTERS)
        for row in store.rows(self._connection, sql.ALL_SEGMENTS):
            self._segment(Sealed(*row))
        self._rows()

    def _segment(self, sealed: Sealed) -> None:
        tally = Tally()
        entries = []
        for sheet in sheets(self._connection, sealed):
            for position, line in zip(sheet.open_positions(), sheet.open(), strict=True):
                entries.append(self._counted(tally, position, line))
        keys = ([getattr(entry, name) for entry in entries] for name in ("contact_key", "hash_key", "set_key"))
        self._connection.execute(sql.DROP_CONTACT_KEYS, {"buckets": buckets(sealed.id)})
        add_contact_keys(self._connection, sealed.id, pack_contacts(*keys))
        add_activation_keys(self._connection, sealed.id, pack_activations(entry.activation_ms for entry in entries))
        tally.store(self._connection)

    def _rows(self) -> None:
        tally = Tally()
        for position, line in store.each(self._connection, sql.ALL_BODIES):
            entry = self._counted(tally, position, line)
            self._connection.execute(sql.FILL_FACETS, (entry.set_key, entry.activation_ms, position))
        tally.store(self._connection)

    def _counted(self, tally: Tally, position: int, line: bytes) -> Entry:
        entry = entry_of_event(read_event(line))
        tally.add(entry, position, (self._kinds[entry.kind], self._actions[entry.action]))
        return entry
