"""Following `X-Events-Complete-Until` while many publish.

With `POLLER_SECONDS=60` it is a long run; with pytest's `-s` it says what it saw.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from estampe.demo import Generator
from estampe.log import POSITION_BITS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.conftest import LiveServer

LIST = "/actions/events"
PUBLISHERS = 8
SECONDS = float(os.environ.get("POLLER_SECONDS", "3"))
BATCHES = (1, 1, 5, 40)
DRAFTS = [{"type": draft["type"], "source": draft["source"]} for draft in Generator(1, "DEMO/028").drafts(max(BATCHES))]
BODIES = [msgspec.json.encode(DRAFTS[-size:]) for size in BATCHES]


class Publisher(threading.Thread):
    """Publishes for a while, batches and single events in turn, and keeps the receipts."""

    def __init__(self, server: LiveServer) -> None:
        super().__init__()
        self.receipts: list[dict[str, Any]] = []
        self._client = server.client()

    def run(self) -> None:
        until_s = time.monotonic() + SECONDS
        with self._client as client:
            while time.monotonic() < until_s:
                for body in BODIES:
                    answer = client.post(LIST, content=body, headers={"content-type": "application/json"})
                    self.receipts += answer.raise_for_status().json()


class Poller:
    """Reads what came since the last time, with nothing but the watermark to go by."""

    def __init__(self, server: LiveServer) -> None:
        self.seen: list[str] = []
        self.final_ms = 0
        self.polls = 0
        self._client = server.client()

    def poll(self) -> None:
        answer = self._client.get(LIST, params={"start": self.final_ms, "sort": "asc"}).raise_for_status()
        self.final_ms = int(answer.headers["x-events-complete-until"])
        self.seen += [event["id"] for event in answer.json()]
        self.polls += 1

    def close(self) -> None:
        self._client.close()


@pytest.mark.e2e
@pytest.mark.timeout(SECONDS + 120)
def test_a_poller_sees_each_event_once_and_in_order_while_eight_publish(start: Callable[..., LiveServer]) -> None:
    server = start(rate=0)
    publishers = [Publisher(server) for _ in range(PUBLISHERS)]
    poller = Poller(server)
    for publisher in publishers:
        publisher.start()
    while any(publisher.is_alive() for publisher in publishers):
        poller.poll()
    receipts = [receipt for publisher in publishers for receipt in publisher.receipts]
    newest_ms = max(int(receipt["position"]) for receipt in receipts) >> POSITION_BITS
    deadline_s = time.monotonic() + 10
    while poller.final_ms <= newest_ms and time.monotonic() < deadline_s:
        poller.poll()
    poller.close()
    receipts.sort(key=lambda receipt: int(receipt["position"]))
    sys.stdout.write(f"\n{len(receipts):,} events, {poller.polls:,} polls in {SECONDS:g} s\n")
    assert poller.seen == [receipt["id"] for receipt in receipts]
