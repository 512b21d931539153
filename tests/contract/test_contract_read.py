"""Events by their positions: wherever they are kept, whatever else is asked for."""

from __future__ import annotations

from contextlib import closing
from random import Random
from typing import TYPE_CHECKING

import pytest
from activity import Activity, positions
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from estampe.events import decode
from estampe.log import LogClosed

if TYPE_CHECKING:
    from pathlib import Path

    from engines import Engine
    from stored import Stored

    from estampe.log import EventLog


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_each_position_gives_its_event_and_any_other_nothing(stored: Stored, data: st.DataObject) -> None:
    by_id = positions(stored.log)
    there = {by_id[decode(body).id]: body for body in stored.bodies}
    some = data.draw(st.lists(st.sampled_from(sorted(there)), max_size=60))
    nowhere = data.draw(st.lists(st.integers(0, max(there) + 9), max_size=9))
    asked = Random(1).sample(some + nowhere, len(some) + len(nowhere))  # noqa: S311  not secret
    assert stored.log.read(asked) == {position: there[position] for position in asked if position in there}


def test_all_can_be_read_at_once(stored: Stored) -> None:
    found = stored.log.read(positions(stored.log).values())
    assert sorted(found.values()) == sorted(stored.bodies)


def test_nothing_asked_for_is_nothing(log: EventLog) -> None:
    assert log.read([]) == {}
    assert log.read([0, 1, 1 << 60]) == {}


def test_what_was_found_by_its_id_can_be_read(engine: Engine, log: EventLog) -> None:
    """Also while it moves to where old events are kept."""
    drafts = Activity().named_drafts(60)
    log.publish(drafts).result()
    ids = [draft.id for draft in drafts if draft.id]
    for settle in (False, True):
        if settle:
            engine.settle(log)
        found = log.find(ids)
        lines = log.read(found.values())
        assert {event_id: decode(lines[position]).id for event_id, position in found.items()} == {
            event_id: event_id for event_id in ids
        }


def test_a_closed_log_says_so(engine: Engine, tmp_path: Path) -> None:
    with closing(engine.open(tmp_path)) as log:
        (receipt,) = log.publish(Activity().drafts(1)).result()
    with pytest.raises(LogClosed):
        log.read([receipt.position])
