"""Journeys: the latest hits of a message, since who is behind one shows in the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from estampe.events import EventType, HitDetail, decode
from estampe.log import Query
from estampe.tracking.recording.activations import Message
from estampe.tracking.recording.pace import paced
from estampe.tracking.sightings import agent_of, parted, sighting_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
    from uuid import UUID

    from estampe.events import Event
    from estampe.log import EventLog
    from estampe.tracking.agents import Profile
    from estampe.tracking.recording.activations import Activated
    from estampe.verdicts import Classification, Facts, Sighting

    Agents = Callable[[Collection[str], Mapping[str, Hashable]], Mapping[str, Profile]]
    Judge = Callable[[Sighting, Sequence[Sighting]], Classification]

LOOK_BACK_MS = 600_000
"""How long a hit may still be judged anew because of others, milliseconds."""

_NEAR = 32
"""With how many hits before it, and as many behind it, one is judged: a flood of them must not cost its square."""

STEPS = 64
"""Hits of one message that are remembered."""

_ALL_STEPS = 65_536
"""Hits of all messages that are remembered."""

_RECALLED = 16_384
"""Hits that are read from logs after a start."""


class Step(msgspec.Struct, frozen=True, gc=False):
    """A hit that is in the log: its event's id and position, what rules see of it, how it was judged."""

    id: UUID
    position: int
    sighting: Sighting
    judged: Classification


class _Recalled(NamedTuple):
    """A hit as the log has it: its event's id, when it was made, what it was, how it was judged."""

    id: UUID
    time_ms: int
    detail: HitDetail
    judged: Classification


def judgements(sightings: Sequence[Sighting], judge: Judge, first: int = 0) -> list[Classification]:
    """Judge each hit of a message, from the `first` on, by those nearest to it in time; return judgements in order."""
    order = sorted(range(len(sightings)), key=lambda number: sightings[number].time_ms)
    in_time = [sightings[number] for number in order]
    judged: dict[int, Classification] = {}
    for place, number in paced((place, number) for place, number in enumerate(order) if number >= first):
        near = in_time[max(0, place - _NEAR) : place] + in_time[place + 1 : place + 1 + _NEAR]
        judged[number] = judge(sightings[number], near)
    return [judged[number] for number in range(first, len(sightings))]


class Journeys:
    """Remembers the hits of the last minutes by message, after a start those that the log has; for one thread.

    Parameters:
        agents: tells what is known of user agents; is told which message brought each.
        most: how many hits to remember.
    """

    def __init__(self, agents: Agents, most: int = _ALL_STEPS) -> None:
        self._agents = agents
        self._most = most
        self._steps: dict[Message, list[Step]] = {}  # whose message was hit last is last
        self._held = 0
        self._recalled: dict[Message, list[_Recalled]] = {}
        self._recalled_ms = 0
        self._asked: set[int] = set()

    def recall(self, customer: int, log: EventLog, now_ms: int) -> None:
        """Read the last minutes of a customer's log, unless that was done before.

        Raises:
            LogError: it cannot be read.
        """
        if customer in self._asked:
            return
        found = _recent_hits(log, now_ms - LOOK_BACK_MS, _RECALLED - sum(map(len, self._recalled.values())))
        for hit in paced(found):
            self._recalled.setdefault(Message(customer, hit.detail.activation.stamp.id.int), []).append(hit)
        self._recalled_ms = now_ms
        self._asked.add(customer)

    def of(self, message: Message, log: EventLog, activated: Activated) -> Sequence[Step]:
        """Return the hits of a message that are remembered."""
        if message in self._recalled:
            self.keep(message, self._steps_of(message, log, activated))
            del self._recalled[message]
        return self._steps.get(message, ())

    def keep(self, message: Message, steps: Iterable[Step]) -> None:
        """Remember the hits of a message, the latest of those given, in place of those that were remembered."""
        latest = sorted(steps, key=_time_ms)[-STEPS:]
        self._replace(message, [step for step in latest if _time_ms(step) >= _time_ms(latest[-1]) - LOOK_BACK_MS])

    def forget(self, now_ms: int) -> None:
        """Forget messages that nobody hit for minutes, and as many more as are too many."""
        before_ms = now_ms - LOOK_BACK_MS
        while self._steps:
            message, steps = next(iter(self._steps.items()))
            if self._held <= self._most and _time_ms(steps[-1]) >= before_ms:
                break
            self._replace(message, [])
        if now_ms - self._recalled_ms > LOOK_BACK_MS:
            self._recalled.clear()

    def _replace(self, message: Message, steps: list[Step]) -> None:
        self._held += len(steps) - len(self._steps.pop(message, ()))
        if steps:
            self._steps[message] = steps

    def _steps_of(self, message: Message, log: EventLog, activated: Activated) -> Iterator[Step]:
        hits = self._recalled[message]
        positions = log.find([hit.id for hit in hits])
        whose = {agent_of(hit.detail.client): message for hit in hits}
        profiles = self._agents(whose.keys(), whose)
        for hit in hits:
            sighting = sighting_of(
                hit.detail,
                time_ms=hit.time_ms,
                since_ms=hit.time_ms - activated.time_ms,
                facts=hit.judged.facts,
                robot=profiles[agent_of(hit.detail.client)].robot,
            )
            yield Step(hit.id, positions[hit.id], sighting, hit.judged)


def _recent_hits(log: EventLog, since_ms: int, most: int) -> Iterator[_Recalled]:
    """Yield the latest hits that were made of visits, the last one first."""
    if most <= 0:
        return
    lately = Query(start_ms=since_ms, types=(EventType.HIT,), annotate=True, sort="desc", limit=most)
    for chunk in log.scan(lately):
        for line in chunk.splitlines():
            event, judged = parted(line)
            if judged and judged.facts:
                yield _hit(decode(event), judged, judged.facts)


def _hit(event: Event, judged: Classification, facts: Facts) -> _Recalled:
    detail = event.source.detail
    assert isinstance(detail, HitDetail)  # noqa: S101  the query says so
    return _Recalled(event.id, event.timestamp - facts.waited_ms, detail, judged)


def _time_ms(step: Step) -> int:
    return step.sighting.time_ms
