"""Which ids a log has: exact, and cheap where it matters.

Ids of recent events are in a dict. Ids of sealed ones pass Bloom filters of a million each (two bytes and a
half an id); only what those may know is looked up in the file. So a new id costs no index page, and a
repeated one its first position.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import apsw
import msgspec
from rbloom import Bloom

from estampe.log import sql, store
from estampe.log.keys import BUCKET_BITS, id_key, keys_in
from estampe.log.sealed import SEGMENT_BITS, position_of_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from estampe.log.segment import Row

FILTER_IDS = 1 << 20
FALSE_POSITIVES = 1e-4
HEAD_BYTES = 8


def _itself(key: int) -> int:
    # A key is already a good hash; spread it over the 128 bits that the filter draws its probes from.
    return key * 0x9E3779B97F4A7C15F39CC0605CEDC835 % (1 << 127)


class Seen:
    """The ids of one log; used by its writer only.

    `recent` maps the ids (16 bytes) of events that are rows to their positions.
    """

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self.recent: dict[bytes, int] = dict(store.rows(connection, sql.IDS))
        self._full: list[Bloom] = []
        self._open = Bloom(FILTER_IDS, FALSE_POSITIVES, _itself)
        self._held = 0
        filters = store.rows(connection, sql.FILTERS)
        head = self._open.save_bytes()[:HEAD_BYTES]
        self._full.extend(_loaded(stored, head) for _, stored in filters)
        covered = filters[-1][0] if filters else 0
        for (segment_id,) in store.rows(connection, sql.SEGMENTS_AFTER, {"id": covered}):
            entries = store.rows(connection, sql.SEGMENT_ID_KEYS, {"buckets": buckets(segment_id)})
            self._add(chain.from_iterable(keys_in(packed) for (packed,) in entries))

    def position_of(self, event_id: bytes) -> int | None:
        """Return where an id's first event is, None if the log has no such id."""
        found = self.recent.get(event_id)
        if found is None and self.may_be_sealed(event_id):
            found = position_of_id(self._connection, event_id)
        return found

    def may_be_sealed(self, event_id: bytes) -> bool:
        """Whether a segment may have an id; False is certain."""
        key = id_key(event_id)
        return key in self._open or any(key in full for full in self._full)

    def note(self, rows: Iterable[Row]) -> None:
        """Note ids of events that are rows now."""
        self.recent.update((row.id, row.position) for row in rows)

    def seal(self, segment_id: int, keys: Iterable[int]) -> None:
        """Note, inside the transaction that seals them, the keys of ids that are sealed; store a filter once full."""
        self._add(keys)
        if self._held >= FILTER_IDS:
            self._connection.execute(sql.ADD_FILTER, (segment_id, self._open.save_bytes()))

    def _add(self, keys: Iterable[int]) -> None:
        known = list(keys)
        self._open.update(known)
        self._held += len(known)

    def forget(self, ids: Iterable[bytes]) -> None:
        """Drop ids from the recent ones, after they were sealed; begin a new filter if that stored one."""
        for event_id in ids:
            self.recent.pop(event_id, None)
        if self._held >= FILTER_IDS:
            self._full.append(self._open)
            self._open = Bloom(FILTER_IDS, FALSE_POSITIVES, _itself)
            self._held = 0


def _loaded(stored: bytes, head: bytes) -> Bloom:
    """Read a stored filter, made for FILTER_IDS ids or another number; `head` is how each one starts."""
    # The library believes the number of probes at the start and panics over too few bytes.
    if len(stored) <= HEAD_BYTES or stored[:HEAD_BYTES] != head:
        raise apsw.CorruptError("a filter of ids is not one")
    return Bloom.load_bytes(stored, _itself)


def buckets(segment_id: int) -> str:
    """Return the row ids of a segment's key buckets, as a JSON array."""
    return msgspec.json.encode([bucket << SEGMENT_BITS | segment_id for bucket in range(1 << BUCKET_BITS)]).decode()
