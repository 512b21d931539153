"""The client against a real server: every event, every filter, and following across restarts."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
import time
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from tests.e2e.crash.server import Server

from estampe import AsyncClient, Client
from estampe.catalog import parse_customer
from estampe.cli import main
from estampe.client import HistoryRewritten, InvalidRequest, NotFound, RateLimited, Retries, Unauthorized
from estampe.demo import Generator
from estampe.events import decode, encode, facets
from estampe.log import Logs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.e2e.conftest import LiveServer

pytestmark = pytest.mark.e2e

CUSTOMER = parse_customer("DEMO/028")
HISTORY = list(Generator(11, CUSTOMER.name).history(6_000, 1_600_000_000_000, 0.25))
RESTARTS = 10
LAST = "00000000-0000-4000-8000-000000000001"
EAGER = Retries(attempts=99, first_s=0.05, longest_s=0.2)


@pytest.fixture(scope="module")
def told(start_shared: Callable[..., LiveServer], tmp_path_factory: pytest.TempPathFactory) -> LiveServer:
    """A server with a history of every medium, four events a millisecond."""
    data = tmp_path_factory.mktemp("told")
    logs = Logs(data)
    logs.of(CUSTOMER).import_history(map(decode, HISTORY))
    logs.close()
    return start_shared(data, rate=0)


@pytest.fixture
def client(told: LiveServer) -> Iterator[Client]:
    with Client(told.url, told.key()) as client:
        yield client


def test_every_event_comes_byte_for_byte_and_whole(client: Client) -> None:
    assert list(client.lines(sort="asc")) == HISTORY
    assert [encode(event) for event in client.events(sort="desc")] == HISTORY[::-1]
    window = {"start": 1_600_000_000_100, "end": 1_600_000_000_200, "sort": "asc"}
    assert list(client.lines(**window)) == HISTORY[400:800]


def test_the_asynchronous_client_reads_the_same(told: LiveServer) -> None:
    async def use() -> list[bytes]:
        async with AsyncClient(told.url, told.key()) as client:
            return [line async for line in client.lines(sort="asc")]

    assert asyncio.run(use()) == HISTORY


def test_filters_find_what_a_plain_filter_finds(client: Client) -> None:
    events = [decode(line) for line in HISTORY]
    some = facets(next(event for event in events if event.type == "bounce"))
    for filters in (
        {"type": "bounce"},
        {"type": "hit", "subtype": "open"},
        {"action": some.action},
        {"contact": some.contact},
        {"hash": some.hash, "type": "bounce"},
        {"channel": "sms"},
    ):
        expected = [event for event in events if all(getattr(facets(event), name) == filters[name] for name in filters)]
        assert list(client.events(sort="asc", **filters)) == expected != []  # type: ignore[arg-type]
    assert client.statistics(some.action)["dispatch"]["sent"] == sum(
        facets(event).action == some.action and event.type == "activation" for event in events
    )


@pytest.mark.parametrize(
    "options",
    [
        "--limit 300",
        "--type hit",
        "--type hit --classification all --annotate",
        "--type hit --type bounce --sort desc",
        "--channel notification",
        "--since 2020-09-13T12:26:40.5Z --until 2020-09-13T12:26:41Z --format json",
        "--activated-since 2020-01-01 --type optout --format csv",
        "--activated-until 2030-01-01 --channel notification --format table",
        "--channel display --type activation",
        "--type reply --subtype stop",
        "--campaign {set}",
        "--campaign {action}",
        "--action {action} --type cancellation",
        "--unicity {unicity}",
        "--contact {contact} --action {action}",
    ],
)
def test_the_command_prints_the_same_from_a_server_as_from_the_folder(
    options: str, told: LiveServer, tmp_path: Path
) -> None:
    some = next(decode(line) for line in HISTORY if b'"set"' in line and b'"unicity"' in line)
    names = facets(some)
    contact = some.source.detail.block.contact
    arguments = options.format(set=names.set, action=names.action, contact=names.contact, unicity=contact.unicity)
    key = tmp_path / "key.txt"
    key.write_text(told.key() + "\n")
    printed = [
        CliRunner().invoke(main, ["events", *arguments.split(), *place])
        for place in (("--data", f"{told.data}"), ("--url", told.url, "--key-file", f"{key}"))
    ]
    assert [each.exit_code for each in printed] == [0, 0], printed[1].output
    assert printed[0].stdout_bytes == printed[1].stdout_bytes
    assert len(printed[0].stdout.splitlines()) > 0


def test_the_command_follows_a_server_until_ctrl_c(start: Callable[..., LiveServer], tmp_path: Path) -> None:
    server = start(rate=0)
    key = tmp_path / "key.txt"
    key.write_text(server.key())
    command = ["events", "--follow", "--url", server.url, "--key-file", f"{key}"]
    with Client(server.url, server.key()) as client:
        client.publish(Generator(3, CUSTOMER.name).drafts(10))
        following = subprocess.Popen([sys.executable, "-m", "estampe", *command], stdout=subprocess.PIPE)
        assert following.stdout
        seen = [following.stdout.readline() for _ in range(10)]
        client.publish(Generator(4, CUSTOMER.name).drafts(10))
        seen += [following.stdout.readline() for _ in range(10)]
        following.send_signal(signal.SIGINT)
        rest, _ = following.communicate(timeout=20)
        assert (following.returncode, rest) == (0, b"")
        assert seen == [line + b"\n" for line in client.lines(sort="asc")]


@pytest.mark.parametrize("form", ["table", "json", "ndjson"])
def test_what_the_command_could_not_read_does_not_look_like_nothing(form: str, told: LiveServer) -> None:
    printed = CliRunner().invoke(main, ["events", "--url", told.url, "--key", "est_wrong", "--format", form])
    assert (printed.exit_code, printed.stdout) == (1, "")
    assert "401" in printed.stderr


@pytest.mark.parametrize("follow", [[], ["--follow"]], ids=["once", "follow"])
def test_the_command_ends_quietly_when_nobody_reads_on(follow: list[str], told: LiveServer) -> None:
    command = [sys.executable, "-m", "estampe", "events", "--url", told.url, "--key", told.key(), *follow]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as printing:
        assert printing.stdout
        assert printing.stderr
        assert printing.stdout.readline() == HISTORY[0] + b"\n"
        printing.stdout.close()
        assert printing.wait(20) == 1
        assert printing.stderr.read() == b""


def test_following_resumes_in_the_middle_of_a_millisecond(client: Client) -> None:
    found = list(islice(client.follow(start=0, poll_s=0), len(HISTORY)))
    assert [encode(each.event) for each in found] == HISTORY
    for at in (0, 1, 2, 3, 2_998, len(HISTORY) - 2):
        assert encode(next(client.follow(found[at].after)).event) == HISTORY[at + 1]


def test_refusals_have_their_class(told: LiveServer, start: Callable[..., LiveServer], client: Client) -> None:
    with pytest.raises(NotFound) as caught:
        list(client.events(action="NOSUCH"))
    assert caught.value.type.startswith("/problems/")
    with pytest.raises(InvalidRequest) as wrong:
        client.publish([{"type": "hit"}])
    assert [fault.path for _, fault in wrong.value.faults] == ["$.source"]
    with Client(told.url, "est_0123456789ab_wrong") as stranger, pytest.raises(Unauthorized):
        stranger.watermark()
    slow = start(rate=0.5, burst=1)
    with Client(slow.url, slow.key(), retries=Retries(attempts=1)) as hasty:
        hasty.watermark()
        with pytest.raises(RateLimited) as limited:
            hasty.watermark()
    assert limited.value.retry_after_s


def test_what_has_not_occurred_yet_is_followed(start: Callable[..., LiveServer]) -> None:
    server = start(rate=0)
    with Client(server.url, server.key()) as client:
        following = client.follow(start=0, poll_s=0.02, action="000NEW")
        draft = next(each for each in Generator(3, CUSTOMER.name).drafts(500) if each["type"] == "activation")
        draft["source"]["detail"]["activation"]["id"] = "000NEW"
        later = threading.Timer(0.2, client.publish, [[draft]])
        later.start()
        assert str(next(following).event.id) == draft["id"]
        later.join()


def test_a_rewritten_history_is_told(start: Callable[..., LiveServer]) -> None:
    first = start(rate=0)
    with Client(first.url, first.key()) as client:
        client.publish(Generator(3, CUSTOMER.name).drafts(10))
        after = next(client.follow(start=0)).after
    first.stop()
    logs = Logs(first.data)
    logs.of(CUSTOMER).import_history(map(decode, HISTORY[:5]))
    logs.close()
    second = start(first.data, rate=0)
    with Client(second.url, second.key()) as client:
        with pytest.raises(HistoryRewritten) as caught:
            next(client.follow(after))
        assert len(list(islice(client.follow(caught.value.after), 9))) == 9


class Publisher(threading.Thread):
    """Publishes, whatever happens to the server, until it is told to end; then the last draft."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self.receipts: list[Any] = []
        self.ending = threading.Event()
        self._client = client

    def run(self) -> None:
        drafts = Generator(5, CUSTOMER.name).drafts(1 << 30)
        while not self.ending.is_set():
            self.receipts += self._client.publish(islice(drafts, 7))
            time.sleep(0.002)
        self.receipts += self._client.publish([{**next(drafts), "id": LAST}])


class Reader(threading.Thread):
    """Follows to the last draft, and every hundred events begins again at the position it has come to."""

    def __init__(self, client: Client) -> None:
        super().__init__(daemon=True)
        self.seen: list[str] = []
        self._client = client

    def run(self) -> None:
        after = None
        while LAST not in self.seen[-1:]:
            for followed in islice(self._client.follow(after, start=0, poll_s=0.01), 100):
                self.seen.append(str(followed.event.id))
                after = followed.after
                if self.seen[-1] == LAST:
                    break


def test_following_gets_each_event_once_and_in_order_over_ten_restarts(tmp_path: Path) -> None:
    server = Server(tmp_path)
    url = f"http://127.0.0.1:{server.port}"
    server.start(hurried=False)
    assert server.ready()
    with Client(url, server.key, retries=EAGER) as writing, Client(url, server.key, retries=EAGER) as reading:
        publisher, reader = Publisher(writing), Reader(reading)
        publisher.start()
        reader.start()
        for restart in range(RESTARTS):
            time.sleep(0.2)
            if restart % 2:
                server.kill()
            else:
                server._process.terminate()
                server._process.wait()
            server.start(hurried=False)
            assert server.ready()
        publisher.ending.set()
        publisher.join()
        reader.join(20)
        in_order = sorted(publisher.receipts, key=lambda receipt: receipt.position)
        sys.stdout.write(f"\n{len(in_order):,} events, {RESTARTS} restarts\n")
        assert reader.seen == [str(receipt.id) for receipt in in_order]
    server.kill()
