"""An import that is spread over all of a log opens a few segments at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from log_samples import PAST_MS, events, everything

from estampe.events import decode, encode
from estampe.log import SqliteEventLog, importing

if TYPE_CHECKING:
    from collections.abc import Sequence

    import apsw

    from estampe.log.entry import Entry

SPAN = 1200


@pytest.mark.usefixtures("small_segments")
def test_few_segments_are_rows_at_a_time(log: SqliteEventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "RECENT_EVENTS", 40)
    dense = events(range(PAST_MS, PAST_MS + SPAN))
    log.import_history(dense)
    log.compact()
    most_rows = 0
    add = log._history._add

    def watched(connection: apsw.Connection, entries: Sequence[tuple[int, Entry]]) -> object:
        nonlocal most_rows
        added, opened = add(connection, entries)
        most_rows = max(most_rows, len(opened) + len(log._writer.seen.recent))
        return added, opened

    monkeypatch.setattr(log._history, "_add", watched)
    sparse = events(range(PAST_MS, PAST_MS + SPAN, 15))
    assert log.import_history(sparse) == (len(sparse), 0)
    assert log.import_history(sparse) == (0, len(sparse))
    assert 0 < most_rows < SPAN / 4
    in_order = sorted([*dense, *sparse], key=lambda event: event.timestamp)
    assert everything(log) == [encode(event) for event in in_order]
    assert [decode(body).timestamp for body in everything(log)] == [event.timestamp for event in in_order]
    assert log.verify().faults == ()
