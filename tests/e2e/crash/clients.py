"""The clients: publishers, a poller that follows the watermark, a reader of what was read before."""

from __future__ import annotations

import http.client
import json
import threading
import time
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from tests.e2e.crash.ledger import Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.crash.ledger import Ledger

LIST = "/actions/events"
ACTIVATION = b'{"type":"activation"'
TIMEOUT_S = 30


class Answer(NamedTuple):
    """An answer; `whole` is false when the server ended in the middle of it."""

    status: int
    final_ms: int
    epoch: int
    body: bytes
    whole: bool


class Caller:
    """Sends requests, and waits for a server where there is none.

    Parameters:
        port, key: of the server.
        ledger: is told when an answer takes too long.
        stopping: ends the waiting.
    """

    def __init__(self, port: int, key: str, ledger: Ledger, stopping: threading.Event) -> None:
        self.ledger = ledger
        self.stopping = stopping
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
        self._key = key
        self._latest = (0, 0)

    def ask(self, method: str, path: str, body: bytes | None = None) -> Answer | None:
        """Send a request; None when the server ended before it began to answer."""
        self._connect()
        headers = {"X-Key": self._key, "Content-Type": "application/json", "Accept": "application/x-ndjson"}
        if method == "POST":
            del headers["Accept"]
        try:
            self._connection.request(method, path, body, headers)
            return self._checked(self._read(self._connection.getresponse()))
        except TimeoutError:
            self.ledger.violation(f"no answer to {method} {path} within {TIMEOUT_S} s")
        except (OSError, http.client.HTTPException):
            pass
        self._connection.close()
        return None

    def read(self, query: str, route: str = "") -> Answer | None:
        """Read a list."""
        return self.ask("GET", f"{LIST}{route}?{query}")

    def _connect(self) -> None:
        while self._connection.sock is None and not self.stopping.is_set():
            try:
                self._connection.connect()
            except OSError:
                time.sleep(0.01)

    def _read(self, response: http.client.HTTPResponse) -> Answer:
        final_ms = int(response.headers.get("X-Events-Complete-Until", 0))
        epoch = int(response.headers.get("X-Events-Epoch", 0))
        parts: list[bytes] = []
        try:
            while part := response.read1(1 << 16):
                parts.append(part)
            response.close()  # `read1` leaves it open, and the connection with it
            whole = True
        except (OSError, http.client.HTTPException):
            self._connection.close()
            whole = False
        return Answer(response.status, final_ms, epoch, b"".join(parts), whole)

    def _checked(self, answer: Answer) -> Answer | None:
        if answer.status not in {200, 201}:
            self.ledger.violation(f"answered {answer.status}: {answer.body.decode()}")
            return None
        if answer.final_ms:
            earlier, self._latest = self._latest, (answer.final_ms, answer.epoch)
            if any(now < before for now, before in zip(self._latest, earlier, strict=True)):
                self.ledger.violation(f"watermark and epoch went back from {earlier} to {self._latest}")
        return answer


class Client(threading.Thread):
    """Does one thing again and again until it is stopped."""

    def __init__(self, caller: Caller, seed: int) -> None:
        super().__init__(daemon=True)
        self.caller = caller
        self.ledger = caller.ledger
        self.draw = Random(seed)  # noqa: S311  a draw that can be repeated

    def run(self) -> None:
        """Go on until stopped; what breaks a client is a violation too."""
        try:
            while not self.caller.stopping.is_set():
                self.step()
        except Exception as error:  # noqa: BLE001  nothing may end a client unseen
            self.ledger.violation(f"{type(self).__name__} ended: {error!r}")

    def step(self) -> None:
        """Do it once."""
        raise NotImplementedError


class Publisher(Client):
    """Sends single events and batches, now and then with ids that were sent before."""

    def step(self) -> None:
        """Publish once."""
        final_ms = self.ledger.final_ms
        ids = self.ledger.new_ids(self.draw.choice((1, 1, 1, 1, 2, 5, 20, 100)))
        if self.draw.random() < 0.3:
            ids += self.ledger.sent_before(self.draw, 5)
            self.draw.shuffle(ids)
        body = b"[%s]" % b",".join(map(self.ledger.draft, ids))
        if answer := self.caller.ask("POST", LIST, body):
            if answer.whole:
                self.ledger.acknowledged(ids, json.loads(answer.body), final_ms)
        else:
            self.ledger.unanswered(ids)


class Poller(Client):
    """Follows the watermark and keeps what it read."""

    since_ms = 0

    def step(self) -> None:
        """Read the next window."""
        answer = self.caller.read(f"start={self.since_ms}&sort=asc")
        if answer:
            self.ledger.final(answer.final_ms)
            self.ledger.read(Window.of(self.since_ms, answer.final_ms, answer.body, whole=answer.whole))
            if answer.whole:
                self.since_ms = answer.final_ms
        self.caller.stopping.wait(self.draw.choice((0, 0.01, 0.1)))


class Historian(Client):
    """Reads windows that were read before, in several ways."""

    def step(self) -> None:
        """Compare one window, and lists that are made of it."""
        if windows := self.ledger.windows:
            reread(self.caller, self.draw.choice(windows), self.draw)
        self.caller.stopping.wait(0.01)


def reread(caller: Caller, window: Window, draw: Random) -> bytes | None:
    """Read a window again and compare; return its bytes, None when the server ended meanwhile."""
    bounds = f"start={window.start_ms}&end={window.end_ms}"
    answer = caller.read(f"{bounds}&sort=asc")
    if not answer or not answer.whole:
        return None
    if not window.holds(answer.body):
        caller.ledger.violation(f"window {window} changed: {window.size} bytes before, {len(answer.body)} now")
    route, query, choose = draw.choice(WAYS)
    other = caller.read(bounds + query, route)
    if other and other.whole and other.body != b"".join(choose(answer.body.splitlines(keepends=True))):
        caller.ledger.violation(f"window {window} differs when read as {route or '/'} {query}")
    return answer.body


def _reversed(lines: list[bytes]) -> list[bytes]:
    return lines[::-1]


def _activations(lines: list[bytes]) -> list[bytes]:
    return [line for line in lines if line.startswith(ACTIVATION)]


WAYS: tuple[tuple[str, str, Callable[[list[bytes]], list[bytes]]], ...] = (
    ("", "&sort=desc", _reversed),
    ("/activations", "&sort=asc", _activations),
)
"""Other lists of a window: route, query, and what they must be, made of the window's lines."""
