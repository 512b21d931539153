"""The events that everyone is given, and what is known about them."""

from __future__ import annotations

import hashlib
import re
from itertools import islice
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
NEWEST = 1_000

TIMESTAMP = re.compile(rb'"timestamp":(\d+),')
EVENT = re.compile(
    rb'\{"type":"([^"]+)","id":"([^"]+)","timestamp":(\d+),.*?"detail":\{"(?:activation|execution)":\{"id":"([^"]+)"'
)
HASH = re.compile(rb'"hash":"([^"]+)"')


class Row(NamedTuple):
    """An event as a peer's table keeps it; `hash` is empty where the contact is named by its id alone."""

    id: str
    time: int
    type: str
    action: str
    hash: str
    body: bytes


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a right answer must hold.

    `body_bytes`: all events' bodies. `array_digest`: SHA-256 of all of them as one JSON array in order of
    time. `newest_ms`: the timestamp from which on there are `NEWEST`. `hour_ms`: start and end of an hour in
    the middle. `hour_activations`, `cancellations`, `action_events`, `contact_events`: how many there are.
    `action`, `hash`: of the event in the middle, or the next one with a hash.
    """

    body_bytes: int
    array_digest: str
    newest_ms: int
    hour_ms: tuple[int, int]
    hour_activations: int
    cancellations: int
    action: str
    action_events: int
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
        return map(_row, self.events())

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
        sources = ("demo.py", "log/*.py") if engine else ("demo.py",)
        name = f"{self.count}-{self._seed}-{_digest(*sources)}"
        folder = WORK / ("logs" if engine else "events") / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def manifest(self) -> Manifest:
        """Return what is known of the events, worked out once."""
        kept = self.folder() / "manifest.json"
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
        middle = self.count // 2
        hour = START_MS + middle * STEP_MS, START_MS + middle * STEP_MS + HOUR_MS
        chosen = next(filter(lambda row: row.hash, map(_row, islice(self.events(), middle, None))))
        digest = hashlib.sha256()
        size = activations = cancellations = action_events = contact_events = 0
        for n, row in enumerate(self.rows()):
            digest.update(b"," if n else b"[")
            digest.update(row.body)
            size += len(row.body)
            activations += row.type == "activation" and hour[0] <= row.time < hour[1]
            cancellations += row.type == "cancellation"
            action_events += row.action == chosen.action
            contact_events += row.hash == chosen.hash
        digest.update(b"]")
        return Manifest(
            body_bytes=size,
            array_digest=digest.hexdigest(),
            newest_ms=START_MS + max(self.count - NEWEST, 0) * STEP_MS,
            hour_ms=hour,
            hour_activations=activations,
            cancellations=cancellations,
            action=chosen.action,
            action_events=action_events,
            hash=chosen.hash,
            contact_events=contact_events,
        )


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


def _row(event: bytes) -> Row:
    found = EVENT.match(event)
    if found is None:
        raise ValueError(f"no event of the shape that the benchmark knows: {event!r}")
    kind, key, time, action = found.groups()
    unicity = HASH.search(event)
    hash_ = unicity.group(1).decode() if unicity else ""
    return Row(key.decode(), int(time), kind.decode(), action.decode(), hash_, event)


def _digest(*patterns: str) -> str:
    package = Path(estampe.__file__).parent
    files = sorted(file for pattern in patterns for file in package.glob(pattern))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:8]
