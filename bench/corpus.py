"""The events that everyone is given, and what is known about them."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

import estampe
from estampe.demo import Generator

if TYPE_CHECKING:
    from collections.abc import Iterator

WORK = Path(__file__).with_name(".work")
CUSTOMER = "BENCH/001"
START_MS = 1_735_689_600_000
"""2025-01-01T00:00Z."""
STEP_MS = 720
"""5,000 events an hour."""
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
NEWEST = 1_000

TIMESTAMP = re.compile(rb'"timestamp":(\d+),')
EVENT = re.compile(
    rb'\{"type":"([^"]+)","id":"([^"]+)","timestamp":(\d+),.*?"detail":\{"(?:activation|execution)":\{"id":"([^"]+)"'
)
HASH = re.compile(rb'"hash":"([^"]+)"')
STAMP = re.compile(rb'"stamp":\{"time":(\d+)')
LINK = re.compile(rb'"link":\{"type":"([^"]+)"')
HUMAN, ROBOT = "human", "genericrobot"
ROBOT_DIGITS = "0123"
"""How the ids of a quarter of the hits begin: those are judged to be robots'."""
REACTIVITIES = frozenset({"bounce", "hit", "impression", "reply", "optout", "complaint"})


class Row(NamedTuple):
    """An event as a peer's table keeps it.

    `link`: a hit's kind. `hit_class`: what a hit is judged to be. `hash` is empty where the contact is named by its
    id alone. `activated`: when the message was executed, Unix milliseconds.
    """

    id: str
    time: int
    type: str
    link: str
    hit_class: str
    action: str
    hash: str
    activated: int
    body: bytes


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a right answer must hold.

    `body_bytes`: all events' bodies. `array_digest`: SHA-256 of all of them as one JSON array in order of
    time. `newest_ms`: the timestamp from which on there are `NEWEST`. `hour_ms`, `day_ms`: start and end of an
    hour in the middle, and of the day around it. `hour_activations`, `cancellations`, `contact_events`: how many
    there are. `reactivities`: of the activations of that day. `action_types`: one action's events by type.
    `action_opens`: its hits of that kind by humans. `action`, `hash`: of the first bounce and of the first
    contact with a hash; a larger corpus begins with the same events, so they are the same in it and have more.
    """

    body_bytes: int
    array_digest: str
    newest_ms: int
    hour_ms: tuple[int, int]
    day_ms: tuple[int, int]
    hour_activations: int
    cancellations: int
    reactivities: int
    action: str
    action_types: dict[str, int]
    action_opens: int
    hash: str
    contact_events: int


class Corpus:
    """So many generated events, the same at each call.

    Parameters:
        count: how many.
        seed: another seed gives other ids.
    """

    def __init__(self, count: int, seed: int = 1) -> None:
        self.count = count
        self._seed = seed

    def events(self) -> Iterator[bytes]:
        """Yield each event in compact JSON, in order of time."""
        return Generator(self._seed, CUSTOMER).events(self.count, START_MS, STEP_MS)

    def rows(self) -> Iterator[Row]:
        """Yield each event as a row."""
        return map(row_of, self.events())

    def drafts(self) -> Iterator[bytes]:
        """Yield each event without its timestamp: what a producer posts."""
        return (TIMESTAMP.sub(b"", event, count=1) for event in self.events())

    def array(self) -> Iterator[bytes]:
        """Yield the bytes of one JSON array."""
        before = b"["
        for event in self.events():
            yield before + event
            before = b","
        yield b"]"

    def folder(self, *, engine: bool = False) -> Path:
        """Return the folder that keeps what is made of these events until the code that makes it changes."""
        sources = ("demo.py", "demo_*.json", *(("log/*.py",) if engine else ()))
        name = f"{self.count}-{self._seed}-{_digest(*sources)}"
        folder = WORK / ("logs" if engine else "events") / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def manifest(self) -> Manifest:
        """Return what is known of the events, worked out once."""
        kept = self.folder() / f"manifest-{shape(Path(__file__).read_text())}.json"
        if not kept.exists():
            kept.write_bytes(msgspec.json.encode(self._manifest()))
        return msgspec.json.decode(kept.read_bytes(), type=Manifest)

    def array_file(self) -> Path:
        """Return a file that holds the events as one JSON array."""
        kept = self.folder() / "events.json"
        if not kept.exists():
            making = kept.with_suffix(".making")
            with making.open("wb") as file:
                file.writelines(self.array())
            making.rename(kept)
        return kept

    def _manifest(self) -> Manifest:
        middle_ms = START_MS + self.count // 2 * STEP_MS
        hour, day = _period(middle_ms, HOUR_MS, middle_ms), _period(middle_ms, DAY_MS, START_MS)
        action, hash_ = self._chosen()
        digest = hashlib.sha256()
        action_types: Counter[str] = Counter()
        size = activations = cancellations = reactivities = opens = contact_events = 0
        for n, row in enumerate(self.rows()):
            digest.update(b"," if n else b"[")
            digest.update(row.body)
            size += len(row.body)
            activations += row.type == "activation" and hour[0] <= row.time < hour[1]
            cancellations += row.type == "cancellation"
            reactivities += row.type in REACTIVITIES and day[0] <= row.activated < day[1]
            contact_events += row.hash == hash_
            if row.action == action:
                action_types[row.type] += 1
                opens += row.link == "open" and row.hit_class == HUMAN
        digest.update(b"]")
        return Manifest(
            body_bytes=size,
            array_digest=digest.hexdigest(),
            newest_ms=START_MS + max(self.count - NEWEST, 0) * STEP_MS,
            hour_ms=hour,
            day_ms=day,
            hour_activations=activations,
            cancellations=cancellations,
            reactivities=reactivities,
            action=action,
            action_types=dict(action_types),
            action_opens=opens,
            hash=hash_,
            contact_events=contact_events,
        )

    def _chosen(self) -> tuple[str, str]:
        """Return the action of the first bounce, and the first hash."""
        action = next(row.action for row in self.rows() if row.type == "bounce")
        return action, next(row.hash for row in self.rows() if row.hash)


def bodies(drafts: Iterator[bytes], each: int, file: Path) -> Path:
    """Write drafts as JSON arrays of `each`, every array after its length in eight digits, for `post.lua`."""
    with file.open("wb") as out:
        batch: list[bytes] = []
        for draft in drafts:
            batch.append(draft)
            if len(batch) == each:
                body = b"[" + b",".join(batch) + b"]"
                out.write(b"%08d%s" % (len(body), body))
                batch.clear()
    return file


def row_of(event: bytes) -> Row:
    """Return an event as a row.

    Raises:
        ValueError: it is of no shape that the generator gives.
    """
    found = EVENT.match(event)
    if found is None:
        raise ValueError(f"no event of the shape that the benchmark knows: {event!r}")
    kind, key, time, action = (group.decode() for group in found.groups())
    link = _text(LINK, event) if kind == "hit" else ""
    hit_class = (ROBOT if key[0] in ROBOT_DIGITS else HUMAN) if link else ""
    activated = int(_text(STAMP, event))
    return Row(key, int(time), kind, link, hit_class, action, _text(HASH, event), activated, event)


def _text(pattern: re.Pattern[bytes], event: bytes) -> str:
    found = pattern.search(event)
    return found.group(1).decode() if found else ""


def _period(time_ms: int, length_ms: int, origin_ms: int) -> tuple[int, int]:
    """Return start and end of the period that holds a time, counted from an origin."""
    start_ms = time_ms - (time_ms - origin_ms) % length_ms
    return start_ms, start_ms + length_ms


def shape(text: str) -> str:
    """Return eight digits that tell what is kept in one shape from what is kept in another."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _digest(*patterns: str) -> str:
    package = Path(estampe.__file__).parent
    files = sorted(file for pattern in patterns for file in package.glob(pattern))
    return shape("".join(file.read_text() for file in files))
