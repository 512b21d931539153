"""Marketing pressure is exact: also at the same time, on both databases, and though the server is killed."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest
from tests.e2e import sink
from tests.e2e.crash.server import Server
from tests.e2e.mailing import Mailing, recipient

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.e2e

THRESHOLD = 3
EXECUTIONS = 100
CALLS = 20
ADDRESS = "ada@inbox.example"


@pytest.fixture(params=["sqlite", "postgresql"])
def catalog(request: pytest.FixtureRequest) -> Iterator[str]:
    """Give the address of an empty catalog."""
    if request.param == "sqlite":
        yield ""
        return
    with request.getfixturevalue("postgresql").database() as url:
        yield url


class Sending:
    """A server under a rule.

    Parameters:
        server: its process.
        mailing: its client.
    """

    def __init__(self, server: Server, mailing: Mailing) -> None:
        self.server = server
        self.mailing = mailing
        topic = self.mailing.ask("POST", "/marketing/pressure/topics", {"label": "Offers"})["id"]
        rule = {
            "label": "three a week",
            "predicate": {"type": "topic", "topics": [topic]},
            "capping": {
                "key": "offers",
                "increment": 1,
                "threshold": THRESHOLD,
                "period": {"type": "WEEK", "value": 1},
            },
        }
        self.rule = self.mailing.ask("POST", "/marketing/pressure/rules", rule)["id"]
        self.mailing.validate(settings={"mp": {"use": True, "increment": True, "topic": topic}})
        self.mailing.keep([ADDRESS])

    def execute(self) -> set[str]:
        """Execute for one contact from many sides at once; return the stamps."""
        items = [recipient(ADDRESS)] * (EXECUTIONS // CALLS)
        with ThreadPoolExecutor(CALLS) as threads:
            answers = threads.map(lambda _: self.mailing.execute(items), range(CALLS))
            return {result["id"] for results in answers for result in results}

    def check(self, stamps: set[str]) -> None:
        """Check that as many messages are activated as the rule lets be, and that it cancelled the others."""
        events = self.mailing.settled(stamps)
        assert events.keys() == stamps
        assert len(stamps) == EXECUTIONS
        types = Counter(tuple(event["type"] for event in of_one) for of_one in events.values())
        assert types == {
            ("execution", "activation"): THRESHOLD,
            ("execution", "cancellation"): EXECUTIONS - THRESHOLD,
        }
        reasons = [
            event["source"]["detail"]["cancellation"]
            for of_one in events.values()
            for event in of_one
            if event["type"] == "cancellation"
        ]
        assert all(reason == {"type": "marketing pressure", "rule": self.rule} for reason in reasons)


@contextmanager
def sending(folder: Path, catalog: str, mail_server: sink.Sink) -> Iterator[Sending]:
    """Run a server under a rule."""
    server = Server(folder, ESTAMPE_CATALOG=catalog, ESTAMPE_RELAYS=mail_server.url)
    server.start(hurried=False)
    try:
        assert server.ready(), server.said.read_text()
        with closing(Mailing(server.url, server.data, catalog)) as mailing:
            yield Sending(server, mailing)
    finally:
        server.kill()


def test_a_hundred_executions_at_once_under_three_a_week_give_three_activations(tmp_path: Path, catalog: str) -> None:
    with sink.listening() as mail_server, sending(tmp_path, catalog, mail_server) as sender:
        sender.check(sender.execute())
        assert len(mail_server.receipts) == THRESHOLD


def test_so_it_is_though_the_server_is_killed_while_it_sends(tmp_path: Path, catalog: str) -> None:
    with sink.listening(pause_s=0.1) as mail_server, sending(tmp_path, catalog, mail_server) as sender:
        stamps = sender.execute()
        while not mail_server.receipts:
            time.sleep(0.005)
        for _ in range(3):
            sender.server.kill()
            sender.server.start(hurried=False)
            assert sender.server.ready(), sender.server.said.read_text()
        sender.check(stamps)
        sent = {receipt.message_id for receipt in mail_server.receipts}
        assert len(sent) == THRESHOLD
