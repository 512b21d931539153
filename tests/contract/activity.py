"""Drafts and events with few values, so that every filter meets many of them; and what a query selects."""

from __future__ import annotations

from contextlib import closing
from functools import lru_cache
from hashlib import md5
from io import BytesIO
from random import Random
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import msgspec
import zstandard

from estampe.events import Customer, decode, decode_draft, draft_parts, facets
from estampe.verdicts import Classification, Facts, HitClass, Signal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from estampe.events import Draft, Event, Facets
    from estampe.log import Clause, EventLog, Query, Receipt

CUSTOMER = Customer(agency="DEMO", customer="028")
NEIGHBOUR = Customer(agency="DEMO", customer="029")

HASH = md5(b"anna@atelier.example", usedforsecurity=False).hexdigest()
OTHER_HASH = md5(b"bruno@atelier.example", usedforsecurity=False).hexdigest()
SETS = (None, UUID(int=1, version=4), UUID(int=2, version=4))
CONTACTS: tuple[dict[str, Any], ...] = (
    {"type": "id", "value": "C1"},
    {"type": "id", "value": "C2"},
    {"type": "footprint", "id": "C2", "unicity": "anna@atelier.example", "hash": HASH},
    {"type": "hash", "value": HASH.upper()},
    {"type": "unicity", "value": ["bruno@atelier.example"]},
    {"type": "unicity", "value": ["a", "contact", "without a hash"]},
    {"type": "id", "value": HASH},
    {"type": "id", "value": f"{SETS[1]}"},
)
CROWD = 40
"""So many more contacts, for audiences."""
ACTIONS: tuple[str | int, ...] = ("000PE4", "000PE5", 17)
CHANNELS = ("email", "sms", "notification")
STAMP_TIMES = (0, 1_599_913_599_999, 1_599_913_600_000, 1_599_913_600_001, 1_600_000_000_000, 2**63 - 1)
"""Of activations: some a millisecond apart, some ages."""
DOMAINS = ("atelier.example", "Aol.com", "yahoo.fr", "é.example")


def _bounce(verdict: str, subject: str) -> tuple[str, dict[str, Any]]:
    code = {"code": {"enhanced": "5.1.1", "basic": 550}, "diagnostic": "550 5.1.1 é", "mta": ""}
    analysis = {"verdict": verdict, "subject": {"type": subject}}
    return "bounce", {"bounce": {"status": {"type": "sync", **code}, "analysis": analysis}}


def _hit(kind: str, **more: str) -> tuple[str, dict[str, Any]]:
    return "hit", {"link": {"type": kind, **more}, "client": {"type": "web"}}


VARIANTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("execution", {}),
    ("activation", {}),
    ("cancellation", {"cancellation": {"type": "redlisted target"}}),
    ("cancellation", {"cancellation": {"type": "bounced target"}}),
    _bounce("hard", "address"),
    _bounce("soft", "mailbox"),
    _bounce("soft", "human"),  # a word of hits
    _hit("open"),
    _hit("open"),
    _hit("redirection", destination="https://atelier.example"),
    _hit("form"),
    _hit("mirror"),
    _hit("unsubscribe"),
    _hit("a kind of tomorrow"),
    ("optout", {"optout": {"type": "link"}}),
    ("reply", {"reply": {"type": "stop"}}),
    ("complaint", {"complaint": {"type": "abuse"}}),
    ("impression", {"impression": {}}),
    ("creation", {"creation": {}}),
    ("a type of tomorrow", {}),
)
WITHOUT_ACTIVATION = {"execution", "cancellation"}
WITHOUT_MESSAGE = {"creation"}
VERDICTS = (
    Classification(hit_class=HitClass.HUMAN),
    Classification(
        hit_class=HitClass.HUMAN, evidence=(Signal(name="network", weight=1, seen="clicked twice"),), ruleset="1"
    ),
    Classification(
        hit_class=HitClass.MPP,
        evidence=(
            Signal(name="network", weight=1, seen="network 17.0.0.0/8"),
            Signal(name="agent", weight=0.5, seen='says "é\\n"'),
        ),
        ruleset="1",
    ),
    Classification(hit_class=HitClass.GENERIC_ROBOT, ruleset="2"),
    Classification(hit_class=HitClass.GSR),
    Classification(hit_class=HitClass.SCANNER, facts=Facts(method="HEAD", headers=("accept",), waited_ms=2_000)),
    Classification(hit_class=HitClass.PREFETCH),
    Classification(hit_class=HitClass.HUMAN, through="gmail"),
)
JUDGEMENTS = (None, *VERDICTS)
UNJUDGED: Mapping[UUID, Classification] = MappingProxyType({})


class Activity:
    """Makes up what happened; the same seed, the same activity."""

    def __init__(self, seed: int = 1) -> None:
        self._random = Random(seed)  # noqa: S311  made up, not secret

    def drafts(self, count: int, **members: Any) -> list[Draft]:
        """Return drafts without ids, unless `members` has one."""
        return [decode_draft(msgspec.json.encode({**self._happening(), **members})) for _ in range(count)]

    def named_drafts(self, count: int) -> list[Draft]:
        """Return drafts with ids."""
        return [draft for _ in range(count) for draft in self.drafts(1, id=str(self.uuid()))]

    def event(self, timestamp_ms: int, event_id: UUID | None = None) -> Event:
        """Return an event that was published elsewhere."""
        happening = self._happening()
        return decode(
            msgspec.json.encode(
                {
                    "type": happening["type"],
                    "id": event_id or self.uuid(),
                    "timestamp": timestamp_ms,
                    "identity": CUSTOMER,
                    "source": happening["source"],
                }
            )
        )

    def events(self, times_ms: Iterable[int]) -> list[Event]:
        """Return events of these times."""
        return [self.event(time_ms) for time_ms in times_ms]

    def judgements(self, drafts: Sequence[Draft]) -> list[Classification | None]:
        """Return a judgement, or none, for each hit among drafts, and none for the others."""
        return [self._random.choice(JUDGEMENTS) if draft.type == "hit" else None for draft in drafts]

    def uuid(self) -> UUID:
        """Return a new id."""
        return UUID(int=self._random.getrandbits(128), version=4)

    def _happening(self) -> dict[str, Any]:
        draw = self._random
        name, more = draw.choice(VARIANTS)
        block = {"id": draw.choice(ACTIONS), "kind": "message"}
        contact, stamp = self._contact(), self._stamp()
        if name in WITHOUT_MESSAGE:
            detail: dict[str, Any] = {}
        elif name in WITHOUT_ACTIVATION:
            detail = {"execution": {**block, "recipient": contact, "stamp": stamp}}
        else:
            address = f"{'x' * draw.randrange(80)}@{draw.choice(DOMAINS)}"
            detail = {"activation": {**block, "receiver": contact, "stamp": stamp, "recipient": address}}
        return {"type": name, "source": {"type": draw.choice(CHANNELS), "detail": detail | more}}

    def _contact(self) -> dict[str, Any]:
        draw = self._random
        return draw.choice(CONTACTS) if draw.random() < 0.7 else {"type": "id", "value": f"D{draw.randrange(CROWD)}"}

    def _stamp(self) -> dict[str, Any]:
        draw = self._random
        stamp = {"time": draw.choice(STAMP_TIMES), "id": self.uuid(), "thread": self.uuid()}
        chosen = draw.choice(SETS)
        return {**stamp, "set": chosen} if chosen else stamp


def bodies(drafts: Sequence[Draft], receipts: Sequence[Receipt], customer: Customer = CUSTOMER) -> list[bytes]:
    """Return the bytes that the log must keep for drafts, given what it answered."""
    return [
        (b"%d" % receipt.timestamp_ms).join(draft_parts(draft, receipt.id, customer))
        for draft, receipt in zip(drafts, receipts, strict=True)
    ]


def lines(log: EventLog, query: Query) -> list[bytes]:
    """Return the events that a scan gives."""
    return b"".join(log.scan(query)).splitlines()


class Read(NamedTuple):
    """An event's bytes, read."""

    body: bytes
    event: Event
    facts: Facets


@lru_cache(10_000)
def read(body: bytes) -> Read:
    """Read an event, once for all the queries that it meets."""
    event = decode(body)
    return Read(body, event, facets(event))


def unpack(frames: bytes) -> bytes:
    """Return what zstd frames, laid end to end, hold."""
    with zstandard.ZstdDecompressor().stream_reader(BytesIO(frames), read_across_frames=True) as reader:
        return reader.read()


def positions(log: EventLog) -> dict[UUID, int]:
    """Return where each event of a log is."""
    with closing(log.subscribe(0)) as follower:
        placed = [each for batch in iter(lambda: follower.next(0), ()) for each in batch]
    return {decode(each.body).id: each.position for each in placed}


def judge(log: EventLog, judgements: Mapping[UUID, Classification]) -> int:
    """Classify events by their ids."""
    places = positions(log)
    return log.classify({places[event_id]: judgement for event_id, judgement in judgements.items()})


def selected(stored: Sequence[bytes], query: Query, judged: Mapping[UUID, Classification] = UNJUDGED) -> list[bytes]:
    """Return which of the events in a log, given in their order, a query without a limit asks for.

    Parameters:
        stored: the events' bytes.
        query: the query; its limit is left to the caller.
        judged: the classifications of hits, by event id.
    """
    found = [
        _annotated(body, event, judged) if query.annotate else body
        for body, event, facts in map(read, stored)
        if all(_answers(event, facts, query, judged))
    ]
    return found[::-1] if query.sort == "desc" else found


def _annotated(body: bytes, event: Event, judged: Mapping[UUID, Classification]) -> bytes:
    if event.type != "hit":
        return body
    return b'%b,"classification":%b}' % (body[:-1], msgspec.json.encode(judged.get(event.id)))


def class_of(event: Event, judged: Mapping[UUID, Classification]) -> str:
    """Return a hit's class, and nothing for another event."""
    if event.type != "hit":
        return ""
    return judged[event.id].hit_class if event.id in judged else HitClass.HUMAN


def _answers(event: Event, facts: Facets, query: Query, judged: Mapping[UUID, Classification]) -> Iterator[bool]:
    yield _is_within(event.timestamp, query.start_ms, query.end_ms)
    yield _is_within(facts.activation_time_ms, query.activation_start_ms, query.activation_end_ms)
    yield not query.types or facts.type in query.types
    yield not query.subtypes or facts.subtype in query.subtypes
    yield query.channel in {None, facts.channel}
    yield query.action in {None, facts.action}
    yield query.contact in {None, facts.contact}
    yield query.hash is None or query.hash.lower() == facts.hash
    yield query.set in {None, facts.set}
    yield not query.classes or class_of(event, judged) in query.classes
    yield not query.clauses or any(all(_is_meant(facts, clause)) for clause in query.clauses)


def _is_within(time_ms: int | None, start_ms: int | None, end_ms: int | None) -> bool:
    if start_ms is None and end_ms is None:
        return True
    return time_ms is not None and (start_ms is None or start_ms <= time_ms) and (end_ms is None or time_ms < end_ms)


def _is_meant(facts: Facets, clause: Clause) -> Iterator[bool]:
    yield clause.channel in {None, facts.channel}
    yield not clause.types or facts.type in clause.types
    yield not clause.subtypes or facts.subtype in clause.subtypes
    yield not clause.actions or facts.action in clause.actions
