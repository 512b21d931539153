"""Judging: the hits that a log has, again with the rules of today."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from estampe.events import EventType, HitDetail, decode
from estampe.instants import DAY_MS
from estampe.log import Query
from estampe.tracking.recording.journeys import LOOK_BACK_MS, judgements
from estampe.tracking.sightings import agent_of, parted, sighting_of
from estampe.verdicts import Classification, classify

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from uuid import UUID

    from estampe.log import Progress
    from estampe.verdicts import Networks, Sighting

    Robots = Callable[[Collection[str]], Mapping[str, str]]
    Keep = Callable[[Mapping[UUID, Classification]], object]

_BATCH = 1_024
_HELD = 65_536
_ACTIVATIONS = 262_144
_LONGEST = 512

_HIT = b'{"type":"hit",'


class Log(Protocol):
    """As much of a log as is read."""

    def scan(self, query: Query) -> Iterable[bytes]:
        """Answer a query with chunks of lines."""


class Span(NamedTuple):
    """A time: from, and before, Unix milliseconds."""

    start_ms: int
    end_ms: int

    def __contains__(self, time_ms: object) -> bool:
        """Whether an instant is in it."""
        return isinstance(time_ms, int) and self.start_ms <= time_ms < self.end_ms


class Judged(NamedTuple):
    """A hit: its event, what was judged of it before, and now."""

    id: UUID
    timestamp_ms: int
    detail: HitDetail
    was: Classification | None
    now: Classification

    @property
    def is_changed(self) -> bool:
        """Whether it is judged otherwise; that other rules come to the same is none."""
        if self.was is None:
            return True
        return (self.was.hit_class, self.was.through, self.was.evidence) != (
            self.now.hit_class,
            self.now.through,
            self.now.evidence,
        )


class Turn(NamedTuple):
    """From which class to which; None: it was not judged."""

    was: str | None
    now: str


class Outcome:
    """What judging came to: hits by turn, an example of each, and how many are judged otherwise than before."""

    def __init__(self) -> None:
        self.hits: Counter[Turn] = Counter()
        self.examples: dict[Turn, Judged] = {}
        self.changed = 0

    def add(self, judged: Judged) -> None:
        """Count a hit."""
        turn = Turn(judged.was.hit_class.value if judged.was else None, judged.now.hit_class.value)
        self.hits[turn] += 1
        self.changed += judged.is_changed
        self.examples.setdefault(turn, judged)


class _Read(NamedTuple):
    """A hit as the log has it."""

    id: UUID
    timestamp_ms: int
    detail: HitDetail
    was: Classification | None
    activated_ms: int | None

    @property
    def time_ms(self) -> int:
        """When it was made: it waited for its publication."""
        waited_ms = self.was.facts.waited_ms if self.was and self.was.facts else 0
        return self.timestamp_ms - waited_ms


class _Stamp(msgspec.Struct, gc=False):
    id: str


class _Block(msgspec.Struct, gc=False):
    stamp: _Stamp


class _Detail(msgspec.Struct, gc=False):
    activation: _Block


class _Source(msgspec.Struct, gc=False):
    detail: _Detail


class _Activation(msgspec.Struct, gc=False):
    """As much of an activation as is needed."""

    timestamp: int
    source: _Source


_activations = msgspec.json.Decoder(_Activation)


class Judging:
    """Judges the hits of a log, in pages: what it holds is bounded, however long the log is.

    Parameters:
        robots: tells as what lists of robots know some agents, empty for none.
        networks: whose networks are known.
    """

    def __init__(self, robots: Robots, networks: Networks) -> None:
        self._robots = robots
        self._networks = networks

    def run(self, log: Log, span: Span, keep: Keep, progress: Progress) -> Outcome:
        """Judge the hits of some time.

        Parameters:
            log: where they are.
            span: those whose timestamp is in it.
            keep: is given those that are judged otherwise than before, some at a time.
            progress: is told how many were judged.
        """
        outcome = Outcome()
        for batch in _batches(_Sessions().of(_read(log, span))):
            judged = [each for each in self._judge(batch) if each.timestamp_ms in span]
            for each in judged:
                outcome.add(each)
            keep({each.id: each.now for each in judged if each.is_changed})
            progress("judging hits", outcome.hits.total(), None)
        progress("judging hits", outcome.hits.total(), outcome.hits.total())
        return outcome

    def _judge(self, sessions: Sequence[Sequence[_Read]]) -> Iterator[Judged]:
        robots = self._robots({agent_of(hit.detail.client) for session in sessions for hit in session})
        for session in sessions:
            sightings = [_sighting(hit, robots[agent_of(hit.detail.client)]) for hit in session]
            for hit, now in zip(session, judgements(sightings, self._verdict), strict=True):
                yield Judged(hit.id, hit.timestamp_ms, hit.detail, hit.was, now)

    def _verdict(self, sighting: Sighting, journey: Sequence[Sighting]) -> Classification:
        return classify(sighting, journey, self._networks)


def _sighting(hit: _Read, robot: str) -> Sighting:
    return sighting_of(
        hit.detail,
        time_ms=hit.time_ms,
        since_ms=None if hit.activated_ms is None else hit.time_ms - hit.activated_ms,
        facts=hit.was.facts if hit.was else None,
        robot=robot,
    )


class _Sessions:
    """Gathers the hits of each message that are within minutes of each other."""

    def __init__(self) -> None:
        self._open: dict[UUID, list[_Read]] = {}  # that which was added to last is last
        self._held = 0

    def of(self, hits: Iterable[_Read]) -> Iterator[Sequence[_Read]]:
        """Yield sessions when they are over."""
        for hit in hits:
            stamp = hit.detail.activation.stamp.id
            session = self._open.pop(stamp, [])
            session.append(hit)
            self._open[stamp] = session
            self._held += 1
            if len(session) >= _LONGEST:
                yield self._end(stamp)
            yield from self._over(hit.timestamp_ms - LOOK_BACK_MS)
        while self._open:
            yield self._end(next(iter(self._open)))

    def _over(self, before_ms: int) -> Iterator[Sequence[_Read]]:
        while self._open:
            stamp, session = next(iter(self._open.items()))
            if self._held <= _HELD and session[-1].timestamp_ms >= before_ms:
                return
            yield self._end(stamp)

    def _end(self, stamp: UUID) -> Sequence[_Read]:
        session = self._open.pop(stamp)
        self._held -= len(session)
        return session


def _batches(sessions: Iterable[Sequence[_Read]]) -> Iterator[Sequence[Sequence[_Read]]]:
    batch: list[Sequence[_Read]] = []
    hits = 0
    for session in sessions:
        batch.append(session)
        hits += len(session)
        if hits >= _BATCH:
            yield batch
            batch, hits = [], 0
    if batch:
        yield batch


def _read(log: Log, span: Span) -> Iterator[_Read]:
    """Yield the hits of some time and of the minutes around it, with the times of their activations."""
    from_ms, end_ms = max(span.start_ms - LOOK_BACK_MS, 0), span.end_ms + LOOK_BACK_MS
    first_ms = max(from_ms - DAY_MS, 0)
    activated = _Activated(first_ms)
    before = Query(start_ms=first_ms, end_ms=from_ms, types=(EventType.ACTIVATION,), sort="asc")
    asked = Query(
        start_ms=from_ms, end_ms=end_ms, types=(EventType.ACTIVATION, EventType.HIT), sort="asc", annotate=True
    )
    for line in chain(_lines(log, before), _lines(log, asked)):
        if line.startswith(_HIT):
            yield _hit(line, activated)
        else:
            activated.note(line)


def _lines(log: Log, query: Query) -> Iterator[bytes]:
    return chain.from_iterable(chunk.splitlines() for chunk in log.scan(query))


def _hit(line: bytes, activated: _Activated) -> _Read:
    body, was = parted(line)
    event = decode(body)
    detail = event.source.detail
    assert isinstance(detail, HitDetail)  # noqa: S101  the type says so
    is_ours = was is not None and was.facts is not None
    return _Read(event.id, event.timestamp, detail, was, activated.at_ms(detail.activation.stamp.id, is_ours=is_ours))


class _Activated:
    """Remembers when messages were activated, the last of them.

    Parameters:
        since_ms: of activations from then on it is told.
    """

    def __init__(self, since_ms: int) -> None:
        self._since_ms: int | None = since_ms
        self._times: dict[str, int] = {}

    def note(self, line: bytes) -> None:
        """Remember an activation."""
        activation = _activations.decode(line)
        self._times.setdefault(activation.source.detail.activation.stamp.id.lower(), activation.timestamp)
        if len(self._times) > _ACTIVATIONS:
            del self._times[next(iter(self._times))]
            self._since_ms = None

    def at_ms(self, stamp: UUID, *, is_ours: bool) -> int | None:
        """Return when a message was activated; of ours that it was not told of, the latest that it can have been."""
        found = self._times.get(str(stamp))
        return self._since_ms if found is None and is_ours else found
