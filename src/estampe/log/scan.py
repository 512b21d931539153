"""Scans: the events of a query as chunks of lines, read in short steps.

Every step takes its own snapshot, reads one segment's frames (packed) or a chunk of recent rows, and lets go.
Where the next step starts is a position, so events that are sealed or opened in between are neither missed
nor read twice.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate, chain, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import apsw
import zstandard

from estampe.events import facets
from estampe.log import store
from estampe.log.entry import read_event
from estampe.log.judgements import annotated, class_of, classified, classified_at, next_classified
from estampe.log.matches import Matches
from estampe.log.sealed import Span, sheets, within
from estampe.log.segment import decompress
from estampe.verdicts import HitClass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from estampe.log.judgements import Judgement
    from estampe.log.matches import Match
    from estampe.log.port import Query, Watermark
    from estampe.log.reader import Reader
    from estampe.log.sealed import Sheet
    from estampe.log.selection import Selection

CHUNK_BYTES = 1 << 20
FIRST_CHUNK_BYTES = 1 << 16
FIRST_ROWS = 64
MOST_ROWS = 4096
FEW = 8
"""One event of so many in a segment is few."""


class Recent(NamedTuple):
    """Neighbouring selected rows: the span they cover, how many, their lines without the last newline."""

    first: int
    last: int
    events: int
    lines: bytes


class Found(NamedTuple):
    """A segment with selected events, the frames that hold them, and what is judged of its hits, where that counts."""

    match: Match
    sheets: Sequence[Sheet]
    judgements: Mapping[int, Judgement]

    @property
    def first(self) -> int:
        """The smallest position of the segment."""
        return self.match.sealed.first

    @property
    def last(self) -> int:
        """The largest position of the segment."""
        return self.match.sealed.last


class Piece(NamedTuple):
    """Whole lines, plain or as one zstd frame."""

    data: bytes
    packed: bool


class SqliteScan:
    """See `port.Scan`; may be iterated once, by `iter` or by `frames`."""

    def __init__(self, reader: Reader, query: Query, selection: Selection, watermark: Watermark) -> None:
        self.watermark = watermark
        self._reader = reader
        self._query = query
        self._selection = selection
        self._descending = query.sort == "desc"
        self._ordered = query.sort is not None or query.limit is not None
        self._left = query.limit
        self._rows = FIRST_ROWS

    def __iter__(self) -> Iterator[bytes]:
        """Yield chunks of lines."""
        with store.translated(self._reader.path):
            yield from _gathered(decompress(data) if packed else data for data, packed in self._pieces())

    def frames(self) -> Iterator[bytes]:
        """Yield the same lines as zstd frames; sealed ones as they are stored."""
        compress = zstandard.ZstdCompressor(level=1, write_checksum=True).compress
        with store.translated(self._reader.path):
            yield from _gathered(data if packed else compress(data) for data, packed in self._pieces())

    def _pieces(self) -> Iterator[Piece]:
        """Walk the span in the query's direction, one step a snapshot."""
        matches = Matches(self._selection, descending=self._descending)
        while not self._selection.empty and self._left != 0:
            with self._reader.snapshot() as connection:
                step = self._step(connection, matches)
            if step is None:
                return
            yield from self._recent_pieces(step) if isinstance(step, Recent) else self._sealed_pieces(step)
            self._pass(step)

    def _pass(self, step: Recent | Found) -> None:
        """Select only what comes after a step: its rows may be sealed meanwhile, together with later ones."""
        if self._descending:
            self._selection = self._selection._replace(high=step.first)
        else:
            self._selection = self._selection._replace(low=step.last + 1)

    def _step(self, connection: apsw.Connection, matches: Matches) -> Recent | Found | None:
        """Read what comes first in the span: rows before the next segment, or that segment."""
        low, high = self._span(connection)
        match = matches.next(connection, low, high)
        if match is None:
            return self._recent(connection, low, high)
        before = (match.sealed.last + 1, high) if self._descending else (low, match.sealed.first)
        return self._recent(connection, *before) or self._found(connection, match)

    def _span(self, connection: apsw.Connection) -> tuple[int, int]:
        """Return the span that is left, without what comes before the first classified hit if all must be."""
        if self._selection.robots_only:
            return next_classified(connection, self._selection, descending=self._descending)
        return self._selection.low, self._selection.high

    def _found(self, connection: apsw.Connection, match: Match) -> Found:
        read = sheets(connection, *match)
        judged = self._selection.classes or self._selection.annotated
        return Found(match, read, self._judgements(connection, match, read) if judged else {})

    def _judgements(self, connection: apsw.Connection, match: Match, read: Sequence[Sheet]) -> dict[int, Judgement]:
        """Read what is judged of a segment's hits; of few events by their positions, else of all it has."""
        sealed, spans = match
        if spans is None or sum(end - start for start, end in spans) * FEW > sealed.events:
            return classified(connection, sealed.first, sealed.last)
        return classified_at(connection, [position for sheet in read for position in _positions(sheet, spans)])

    def _recent(self, connection: apsw.Connection, low: int, high: int) -> Recent | None:
        if low >= high:
            return None
        limit = self._rows if self._left is None else min(self._rows, self._left)
        recent = self._joined(connection, {"low": low, "high": high, "limit": limit, **self._selection.bindings()})
        if not recent.events:
            return None
        self._rows = max(1, min(self._rows * 4, MOST_ROWS, CHUNK_BYTES * recent.events // len(recent.lines)))
        return recent

    def _joined(self, connection: apsw.Connection, bindings: dict[str, Any]) -> Recent:
        """Read up to `limit` rows; fewer where they turn out to be large, but one however large it is."""
        statement = self._selection.statement(descending=self._descending)
        while bindings["limit"] > 1:
            try:
                with store.at_most(connection, 2 * CHUNK_BYTES):
                    return Recent(*store.rows(connection, statement, bindings)[0])
            except apsw.TooBigError:
                bindings["limit"] //= 4
        return Recent(*store.rows(connection, statement, {**bindings, "limit": 1})[0])

    def _recent_pieces(self, recent: Recent) -> Iterator[Piece]:
        if not self._selection.keys:
            self._count(recent.events)
            yield Piece(recent.lines + b"\n", packed=False)
        elif lines := list(self._exact(recent.lines.split(b"\n"))):
            self._count(len(lines))
            yield Piece(_lines(lines), packed=False)

    def _count(self, events: int) -> None:
        if self._left is not None:
            self._left -= events

    def _sealed_pieces(self, found: Found) -> Iterator[Piece]:
        inside = self._selection.low <= found.first and found.last < self._selection.high
        if self._ordered:
            yield from self._ordered_pieces(found, inside=inside)
            return
        for sheet in found.sheets:
            if inside and self._is_whole(sheet, found):
                yield Piece(sheet.lines, packed=True)
            elif lines := list(self._exact(line for _, line in self._selected(sheet, found))):
                yield Piece(_lines(lines), packed=False)

    def _is_whole(self, sheet: Sheet, found: Found) -> bool:
        """Whether all of a frame's events are selected as they are stored."""
        if self._selection.keys or self._selection.annotated or not _is_covered(sheet, found.match.spans):
            return False
        classes = self._selection.classes
        if not classes or (HitClass.HUMAN in classes and not found.judgements):
            return True
        return all(self._takes(position, found) for position in sheet.open_positions())

    def _ordered_pieces(self, found: Found, *, inside: bool) -> Iterator[Piece]:
        """Yield a segment's selected events by position, as plain pieces of about a chunk each."""
        if inside and found.match.spans is None and not self._selection.annotated:
            lines = _in_order(found)
            if self._descending:
                lines.reverse()
            lines = lines[: self._left]
        else:
            pairs = [pair for sheet in found.sheets for pair in self._selected(sheet, found)]
            pairs.sort(reverse=self._descending)
            lines = list(islice(self._exact(line for _, line in pairs), self._left))
        self._count(len(lines))
        yield from _chunked(lines)

    def _selected(self, sheet: Sheet, found: Found) -> Iterator[tuple[int, bytes]]:
        """Yield the selected events of a frame with their positions, in the order of their places."""
        positions = sheet.open_positions()
        spans = within(found.match.spans or [sheet.span], *sheet.span)
        places = chain.from_iterable(range(start - sheet.place, end - sheet.place) for start, end in spans)
        chosen = [place for place in places if self._takes(positions[place], found)]
        lines = sheet.open() if chosen else []
        for place in chosen:
            position, line = positions[place], lines[place]
            yield position, annotated(line, found.judgements.get(position)) if self._selection.annotated else line

    def _takes(self, position: int, found: Found) -> bool:
        """Whether an event is in the span, and if it must be a hit of some class, is."""
        selection = self._selection
        if not selection.low <= position < selection.high:
            return False
        return not selection.classes or class_of(position, found.judgements) in selection.classes

    def _exact(self, lines: Iterable[bytes]) -> Iterable[bytes]:
        """Drop events that only share a key with the contact or set asked for."""
        return filter(self._is_exact, lines) if self._selection.keys else lines

    def _is_exact(self, line: bytes) -> bool:
        facts = facets(read_event(line))
        asked = (self._query.contact, self._query.hash and self._query.hash.lower(), self._query.set)
        return all(name in (None, has) for name, has in zip(asked, (facts.contact, facts.hash, facts.set), strict=True))


def _positions(sheet: Sheet, spans: Sequence[Span]) -> Iterator[int]:
    """Yield the positions of a frame's events at places in spans."""
    positions = sheet.open_positions()
    for start, end in within(spans, *sheet.span):
        yield from positions[start - sheet.place : end - sheet.place]


def _in_order(found: Found) -> list[bytes]:
    """Return all events of a segment by rising position."""
    lines = [line for sheet in found.sheets for line in sheet.open()]
    order = found.match.sealed.order()
    return list(itemgetter(*order)(lines)) if len(order) > 1 else lines


def _is_covered(sheet: Sheet, spans: Sequence[Span] | None) -> bool:
    """Whether all of a frame's places are in spans."""
    return spans is None or within(spans, *sheet.span) == [sheet.span]


def _chunked(lines: list[bytes]) -> Iterator[Piece]:
    """Yield lines as pieces of about a chunk each."""
    ends = list(accumulate(map(len, lines)))
    start = size = 0
    while start < len(lines):
        end = max(start + 1, bisect_right(ends, size + CHUNK_BYTES))
        yield Piece(_lines(lines[start:end]), packed=False)
        start, size = end, ends[end - 1]


def _lines(events: list[bytes]) -> bytes:
    return b"\n".join(events) + b"\n" if events else b""


def _gathered(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Join parts to chunks: the first as it is, so that a reader has something soon, then up to CHUNK_BYTES each."""
    waiting: list[bytes] = []
    size, enough = 0, 1
    for part in parts:
        waiting.append(part)
        size += len(part)
        if size >= enough:
            yield b"".join(waiting) if len(waiting) > 1 else part
            waiting, size, enough = [], 0, min(max(enough * 4, FIRST_CHUNK_BYTES), CHUNK_BYTES)
    if size:
        yield b"".join(waiting)
