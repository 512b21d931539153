"""What the clients know: what they sent, what was acknowledged, what they read; and the laws that it must obey."""

from __future__ import annotations

import json
import threading
from hashlib import blake2b
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from tests.e2e.crash.server import CUSTOMER

from estampe.demo import Generator
from estampe.log import POSITION_BITS

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Sequence

MOULDS = 512
IDENTITY = b'{"type":"customer","agency":"DEMO","customer":"028"}'


class Mould(NamedTuple):
    """An event without what makes it one."""

    type: bytes
    source: bytes

    def draft(self, event_id: str) -> bytes:
        """Return the draft to send."""
        return b'{"type":"%s","id":"%s","source":%s}' % (self.type, event_id.encode(), self.source)

    def event(self, event_id: str, timestamp_ms: int) -> bytes:
        """Return the event that must be read."""
        head = b'{"type":"%s","id":"%s","timestamp":%d' % (self.type, event_id.encode(), timestamp_ms)
        return b'%s,"identity":%s,"source":%s}' % (head, IDENTITY, self.source)


class Window(NamedTuple):
    """Bytes that were read and are final: all of a window's in rising order, or, when cut off, the first of them."""

    start_ms: int
    end_ms: int
    size: int
    digest: bytes
    whole: bool

    @classmethod
    def of(cls, start_ms: int, end_ms: int, body: bytes, *, whole: bool) -> Window:
        """Keep what was read, briefly."""
        return cls(start_ms, end_ms, len(body), _digest(body), whole)

    def holds(self, body: bytes) -> bool:
        """Whether the same bytes were read again."""
        if self.whole and len(body) != self.size:
            return False
        return _digest(body[: self.size]) == self.digest

    def __str__(self) -> str:
        return f"[{self.start_ms}, {self.end_ms})"


def _digest(body: bytes) -> bytes:
    return blake2b(body, digest_size=16).digest()


class Ledger:
    """Shared by all clients; thread-safe.

    Parameters:
        seed: draws ids and bodies.
    """

    def __init__(self, seed: int) -> None:
        self.violations: list[str] = []
        self.positions: dict[str, int] = {}
        self.windows: list[Window] = []
        self.final_ms = 0
        self._lock = threading.Lock()
        self._random = Random(seed)  # noqa: S311  a draw that can be repeated
        self._moulds = [_mould(draft) for draft in Generator(seed, CUSTOMER).drafts(MOULDS)]
        self._mould_of: dict[str, Mould] = {}
        self._unanswered: list[str] = []
        self._acknowledged: list[str] = []

    @property
    def sent(self) -> int:
        """How many different events were sent."""
        return len(self._mould_of)

    def violation(self, text: str) -> None:
        """Note that a law is broken."""
        self.violations.append(text)

    def new_ids(self, count: int) -> list[str]:
        """Return ids of events that nobody has sent yet."""
        with self._lock:
            ids = [str(UUID(int=self._random.getrandbits(128))) for _ in range(count)]
            self._mould_of.update((event_id, self._random.choice(self._moulds)) for event_id in ids)
            return ids

    def sent_before(self, draw: Random, count: int) -> list[str]:
        """Return ids to send again: unanswered ones of the last crash or so, and acknowledged ones of any age."""
        with self._lock:
            lately = self._unanswered[-200:]
            return [draw.choice(ids) for ids in draw.choices((lately, self._acknowledged), k=count) if ids]

    def draft(self, event_id: str) -> bytes:
        """Return the draft with an id."""
        return self._mould_of[event_id].draft(event_id)

    def unanswered(self, ids: Iterable[str]) -> None:
        """Note that nobody knows what became of a publication."""
        with self._lock:
            self._unanswered += [event_id for event_id in ids if event_id not in self.positions]

    def acknowledged(self, ids: Sequence[str], receipts: Sequence[Any], final_ms: int) -> None:
        """Check an acknowledgement: each id in order, always at one position, no new one in a final window.

        Parameters:
            ids: what was sent.
            receipts: what was answered.
            final_ms: the watermark that was known before.
        """
        if [receipt["id"] for receipt in receipts] != ids:
            self.violation("receipts that are not those of the drafts, in their order")
        with self._lock:
            for receipt in receipts:
                self._check_receipt(receipt, final_ms)

    def _check_receipt(self, receipt: Any, final_ms: int) -> None:
        event_id, position = receipt["id"], int(receipt["position"])
        if event_id not in self.positions:
            self._acknowledged.append(event_id)
        first = self.positions.setdefault(event_id, position)
        if first != position:
            self.violation(f"{event_id} acknowledged at {first}, then at {position}")
        if not receipt.get("duplicate") and position >> POSITION_BITS < final_ms:
            self.violation(f"{event_id} placed at {position >> POSITION_BITS} after all before {final_ms} was final")

    def read(self, window: Window) -> None:
        """Keep a window that is final."""
        with self._lock:
            self.windows.append(window)

    def final(self, final_ms: int) -> None:
        """Note a watermark that was announced."""
        with self._lock:
            self.final_ms = max(self.final_ms, final_ms)

    def missing_from(self, found: dict[str, int]) -> list[str]:
        """Return acknowledged events that are not among those found."""
        return [event_id for event_id in self.positions if event_id not in found]

    def check_event(self, line: bytes, within: Counter[int], found: dict[str, int]) -> None:
        """Check one of all events, given in order, and note its position.

        Parameters:
            line: its bytes.
            within: how many events of each millisecond came before it.
            found: the positions of all events before it.
        """
        facts = json.loads(line)
        event_id, timestamp_ms = facts["id"], facts["timestamp"]
        position = timestamp_ms << POSITION_BITS | within[timestamp_ms]
        within[timestamp_ms] += 1
        if event_id in found:
            self.violation(f"{event_id} twice, at {found[event_id]} and {position}")
        found[event_id] = position
        if self.positions.get(event_id, position) != position:
            self.violation(f"{event_id} acknowledged at {self.positions[event_id]}, read at {position}")
        mould = self._mould_of.get(event_id)
        if mould is None or mould.event(event_id, timestamp_ms) != line:
            self.violation(f"{event_id} is not what was sent: {line.decode()}")


def _mould(draft: dict[str, Any]) -> Mould:
    source = json.dumps(draft["source"], separators=(",", ":"), ensure_ascii=False)
    return Mould(draft["type"].encode(), source.encode())
