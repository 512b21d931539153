"""Recording: visits become hits, judged and published, each once, whatever happens in between."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from msgspec.structs import replace

from estampe.instants import clock_ms
from estampe.tracking.linking.links import LinkKind, read
from estampe.tracking.recording.activations import Activations, Message
from estampe.tracking.recording.hits import detail_of, facts_of, hit
from estampe.tracking.recording.journeys import STEPS, Journeys, Step, judgements
from estampe.tracking.recording.optouts import enlist, optout
from estampe.tracking.recording.pace import paced
from estampe.tracking.sightings import sighting_of
from estampe.tracking.spooling.visits import decode
from estampe.verdicts import HitClass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Future
    from uuid import UUID

    from estampe.catalog import Catalog, Customers
    from estampe.events import Customer, Draft, HitDetail
    from estampe.log import EventLog, Receipt
    from estampe.tracking.agents import Profile
    from estampe.tracking.linking.links import Link
    from estampe.tracking.recording.activations import Activated
    from estampe.tracking.recording.journeys import Agents, Judge
    from estampe.tracking.spooling.segments import Kept
    from estampe.tracking.spooling.visits import Visit
    from estampe.verdicts import Classification, Sighting

K = TypeVar("K")

_DRAFTS = 64
"""Drafts of one publication: they are encoded without a rest."""


class Taken(NamedTuple):
    """A visit taken from the spool, the link that it followed, and whose that is."""

    kept: Kept
    visit: Visit
    link: Link
    message: Message


def taken_of(kept: Kept) -> Taken:
    """Read a visit; what raises is no visit."""
    visit = decode(kept.visit)
    link = read(visit.link)
    return Taken(kept, visit, link, Message(link.message.customer, link.message.stamp.int))


class Recorded(NamedTuple):
    """Visits that could not be published.

    `early`: their messages are not activated yet. `strange`: their customers are none of the catalog's.
    """

    early: Sequence[Taken]
    strange: Sequence[Taken]


class _Hit(NamedTuple):
    taken: Taken
    detail: HitDetail
    sighting: Sighting


class _Journey(NamedTuple):
    """A message's earlier hits, its new ones, and judgements of all of them in this order."""

    message: Message
    steps: Sequence[Step]
    hits: Sequence[_Hit]
    judged: Sequence[Classification]

    def changed(self) -> Iterator[tuple[Step, Classification]]:
        """Yield earlier hits of which something else is true now, and what."""
        for step, judged in zip(self.steps, self.judged, strict=False):
            if judged.hit_class is not step.judged.hit_class:
                yield step, judged

    def people(self) -> Iterator[tuple[str, int]]:
        """Yield the contact, and when it did something, for each new hit that a person made."""
        for each, judged in zip(self.hits, self.judged[len(self.steps) :], strict=True):
            if judged.hit_class is HitClass.HUMAN:
                yield each.taken.link.message.contact, each.taken.visit.time_ms

    def steps_now(self, receipts: Mapping[UUID, Receipt]) -> Iterator[Step]:
        """Yield all hits as they are in the log now."""
        for step, judged in zip(self.steps, self.judged, strict=False):
            yield replace(step, judged=judged)
        for each, judged in zip(self.hits, self.judged[len(self.steps) :], strict=True):
            receipt = receipts[each.taken.kept.id]
            yield Step(receipt.id, receipt.position, each.sighting, judged)


class _Share(NamedTuple):
    """What is being published for one customer, by its number."""

    customer: int
    log: EventLog
    journeys: Sequence[_Journey]
    receipts: Sequence[Future[list[Receipt]]]


class Recording:
    """Publishes visits; blocking, for one thread.

    Parameters:
        catalog: where the redlist is.
        customers: the catalog's customers.
        log_of: returns a customer's log.
        agents: tells what is known of user agents; is told which message brought each.
        judge: judges a hit by others of its message.
        seen: is told of the contacts of a customer, by its number, who did something themselves, and when, Unix
            milliseconds.
        count: is told of each hit that was `published` or `rejudged`.
    """

    def __init__(  # noqa: PLR0913  one for each part that it wires
        self,
        *,
        catalog: Catalog,
        customers: Customers,
        log_of: Callable[[Customer], EventLog],
        agents: Agents,
        judge: Judge,
        seen: Callable[[int, Mapping[str, int]], object],
        count: Callable[[str], object],
    ) -> None:
        self._catalog = catalog
        self._customers = customers
        self._log_of = log_of
        self._agents = agents
        self._judge = judge
        self._seen = seen
        self._count = count
        self._activations = Activations()
        self._journeys = Journeys(agents)

    def record(self, taken: Sequence[Taken], now_ms: int) -> Recorded:
        """Publish visits as hits, and judge earlier hits of their messages anew; to be repeated where it fails.

        Raises:
            LogError, CatalogUnavailable: not all was kept.
        """
        early: list[Taken] = []
        strange: list[Taken] = []
        shares: list[_Share] = []
        for customer, some in _grouped(taken, lambda each: each.message.customer).items():
            log = self._log(customer)
            if log is None:
                strange += some
                continue
            self._enlist(customer, some)
            activated = self._activations.of(log, {each.message for each in some})
            early += [each for each in some if each.message not in activated]
            ready = [each for each in some if each.message in activated]
            shares.append(self._share(customer, log, ready, activated, now_ms))
        for share in shares:
            self._settle(share)
        self._journeys.forget(now_ms)
        return Recorded(early, strange)

    def _log(self, customer: int) -> EventLog | None:
        try:
            known = self._customers.customer_of(customer)
        except KeyError:
            return None
        return self._log_of(known)

    def _enlist(self, customer: int, taken: Iterable[Taken]) -> None:
        """Put on the redlist who asked for it; also where the message is not activated yet."""
        for contact in {each.link.message.contact for each in taken if each.link.kind is LinkKind.UNSUBSCRIBE}:
            enlist(self._catalog, customer, contact)

    def _share(
        self,
        customer: int,
        log: EventLog,
        taken: Sequence[Taken],
        activated: Mapping[Message, Activated],
        now_ms: int,
    ) -> _Share:
        self._journeys.recall(customer, log, now_ms)
        whose = {each.visit.agent: each.message for each in taken}
        profiles = self._agents(whose.keys(), whose)
        journeys: list[_Journey] = []

        def judged() -> Iterator[_Journey]:
            """Judge those of one message after the other, just before they are published: their facts say how long."""
            for message, some in paced(_grouped(taken, lambda each: each.message).items()):
                since = activated[message]
                hits = [_hit(each, since, profiles[each.visit.agent], clock_ms()) for each in some]
                journeys.append(self._judged(message, hits, self._journeys.of(message, log, since)))
                yield journeys[-1]

        return _Share(customer, log, journeys, _publish(log, judged()))

    def _judged(self, message: Message, hits: Sequence[_Hit], steps: Sequence[Step]) -> _Journey:
        known = {step.id for step in steps}  # published before a crash, and taken again
        new = [each for each in hits if each.taken.kept.id not in known]
        sightings = [*(step.sighting for step in steps), *(each.sighting for each in new)]
        settled = steps if len(steps) >= STEPS else ()  # a flood must not cost 64 judgements for each of its hits
        judged = [*(step.judged for step in settled), *judgements(sightings, self._judge, len(settled))]
        return _Journey(message, steps, new, judged)

    def _settle(self, share: _Share) -> None:
        """Wait until a share is durable, judge earlier hits anew that others have changed, and remember all."""
        receipts = {receipt.id: receipt for future in share.receipts for receipt in future.result()}
        hits = (receipts[each.taken.kept.id] for journey in share.journeys for each in journey.hits)
        self._tell("published", sum(not receipt.duplicate for receipt in hits))
        changed = {step.position: judged for journey in share.journeys for step, judged in journey.changed()}
        rejudged = share.log.classify(changed) if changed else 0
        for journey in share.journeys:
            self._journeys.keep(journey.message, journey.steps_now(receipts))
        self._tell("rejudged", rejudged)
        if people := dict(each for journey in share.journeys for each in journey.people()):
            self._seen(share.customer, people)

    def _tell(self, outcome: str, times: int) -> None:
        for _ in range(times):
            self._count(outcome)


def _hit(taken: Taken, activated: Activated, profile: Profile, now_ms: int) -> _Hit:
    visit, link = taken.visit, taken.link
    detail = detail_of(visit, link, activated.activation, profile.ua)
    sighting = sighting_of(
        detail,
        time_ms=visit.time_ms,
        since_ms=visit.time_ms - activated.time_ms,
        facts=facts_of(visit, link, now_ms),
        robot=profile.robot,
    )
    return _Hit(taken, detail, sighting)


def _drafts(journeys: Iterable[_Journey]) -> Iterator[tuple[Draft, Classification | None]]:
    for journey in journeys:
        for each, judged in zip(journey.hits, journey.judged[len(journey.steps) :], strict=True):
            yield hit(each.taken.kept.id, each.detail), judged
            if each.taken.link.kind is LinkKind.UNSUBSCRIBE:
                yield optout(each.detail, one_click=each.taken.visit.one_click), None


def _publish(log: EventLog, journeys: Iterable[_Journey]) -> list[Future[list[Receipt]]]:
    drafts = _drafts(journeys)
    parts = iter(lambda: list(islice(drafts, _DRAFTS)), [])
    return [log.publish(*zip(*part, strict=True)) for part in paced(parts)]


def _grouped(taken: Iterable[Taken], key: Callable[[Taken], K]) -> dict[K, list[Taken]]:
    found: dict[K, list[Taken]] = defaultdict(list)
    for each in taken:
        found[key(each)].append(each)
    return found
