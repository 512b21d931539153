"""What is judged of hits, beside the log: read with them, and written without touching them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from estampe.log import sql, store
from estampe.log.entry import entry_of_event, read_event
from estampe.log.lines import lines_at
from estampe.log.tally import Tally
from estampe.verdicts import Classification, HitClass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import apsw

    from estampe.log.names import Names
    from estampe.log.selection import Selection

HIT = b'{"type":"hit",'
"""How the bytes of every hit start."""


class Judgement(NamedTuple):
    """The class of a hit, and what annotates it (JSON)."""

    name: str
    json: str


def classified(connection: apsw.Connection, first: int, last: int) -> dict[int, Judgement]:
    """Return what is judged of the hits from a position to another, by position."""
    return _judgements(store.rows(connection, sql.CLASSIFIED, {"low": first, "high": last + 1}))


def classified_at(connection: apsw.Connection, positions: Sequence[int]) -> dict[int, Judgement]:
    """Return what is judged of the hits at some positions, by position."""
    text = msgspec.json.encode(positions).decode()
    return _judgements(store.rows(connection, sql.CLASSIFIED_AT, {"positions": text}))


def _judgements(found: Iterable[tuple[Any, ...]]) -> dict[int, Judgement]:
    return {position: Judgement(name, json) for position, name, json in found}


def class_of(position: int, judgements: Mapping[int, Judgement]) -> str:
    """Return the class of the hit at a position."""
    judgement = judgements.get(position)
    return judgement.name if judgement else HitClass.HUMAN.value


def annotated(line: bytes, judgement: Judgement | None) -> bytes:
    """Return an event with its classification as last member; what is no hit, as it is."""
    if not line.startswith(HIT):
        return line
    json = judgement.json.encode() if judgement else b"null"
    return b'%b,"classification":%b}' % (line[:-1], json)


def next_classified(connection: apsw.Connection, selection: Selection, *, descending: bool) -> tuple[int, int]:
    """Return a selection's span from its nearest hit of the selected classes on; an empty one if there is none."""
    bounds = {"low": selection.low, "high": selection.high}
    statement = sql.NEXT_CLASSIFIED[descending]
    found = [store.value(connection, statement, {**bounds, "class": name}) for name in selection.classes]
    positions = [position for position in found if position is not None]
    if not positions:
        return selection.low, selection.low
    return (selection.low, max(positions) + 1) if descending else (min(positions), selection.high)


def keep(connection: apsw.Connection, position: int, classification: Classification) -> None:
    """Store what is judged of the hit at a position; inside a transaction."""
    verdict = store.value(connection, sql.ADD_VERDICT, (msgspec.json.encode(classification).decode(),))
    connection.execute(sql.SET_CLASSIFICATION, (position, classification.hit_class.value, verdict))


def rejudge(connection: apsw.Connection, names: Names, classifications: Mapping[int, Classification]) -> int:
    """Store what is judged of hits that are in the log, and count them anew; return how many changed.

    Inside a transaction. What is no hit, or not there, is left alone.
    """
    tally = Tally()
    changed = 0
    for position, line in lines_at(connection, sorted(classifications)):
        classification = classifications[position]
        known = classified(connection, position, position).get(position)
        if not line.startswith(HIT) or (known and known.json == msgspec.json.encode(classification).decode()):
            continue
        entry = entry_of_event(read_event(line))
        numbers = names.kind(entry.kind), names.action(entry.action)
        tally.add(entry._replace(trait=known.name) if known else entry, position, numbers, -1)
        tally.add(entry.judged(classification), position, numbers)
        keep(connection, position, classification)
        changed += 1
    tally.store(connection)
    return changed


def drop_unused(connection: apsw.Connection) -> None:
    """Drop what is said of no hit any more; inside a transaction."""
    connection.execute(sql.DROP_UNUSED_VERDICTS)
