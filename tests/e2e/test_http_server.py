"""The server process: it takes events, gives them back, and ends in order."""

from __future__ import annotations

import gzip
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest
import zstandard

from estampe.catalog import parse_customer
from estampe.demo import Generator
from estampe.events import decode
from estampe.log import Logs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

pytestmark = pytest.mark.e2e

CUSTOMER = parse_customer("DEMO/028")
LIST = "/actions/events"
JSON = {"content-type": "application/json"}
LONG = 100_000
"""About 67 MB, far more than sockets and servers hold back."""


def drafts(count: int, seed: int = 1) -> list[dict[str, Any]]:
    return list(Generator(seed, CUSTOMER.name).drafts(count))


def fill(data: Path, events: Iterable[bytes]) -> None:
    """Import a history while no server runs."""
    with closing(Logs(data)) as logs:
        logs.of(CUSTOMER).import_history(map(decode, events))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a long history, made once."""
    data = tmp_path_factory.mktemp("made")
    fill(data, Generator(1, CUSTOMER.name).events(LONG, 1_600_000_000_000, 1))
    return data


@pytest.fixture
def long(made: Path, tmp_path: Path) -> Path:
    """A folder of one's own with a long history."""
    return Path(shutil.copytree(made, tmp_path / "long"))


def read_final(client: httpx.Client, count: int) -> list[dict[str, Any]]:
    """Read the list once it holds so many events: the newest become final a moment after their publication."""
    deadline_s = time.monotonic() + 10
    while len(events := client.get(LIST).json()) < count and time.monotonic() < deadline_s:
        time.sleep(0.01)
    return events


def ask_by_hand(server: Any, path: str = LIST) -> socket.socket:
    """Send a request, and read nothing of the answer yet."""
    host, port = server.url.removeprefix("http://").split(":")
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    connection.settimeout(20)
    connection.connect((host, int(port)))
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nX-Key: {server.key()}\r\n\r\n".encode())
    connection.recv(16, socket.MSG_PEEK)
    return connection


def read_rest(connection: socket.socket) -> bytes:
    received = bytearray()
    while not received.endswith(b"\r\n0\r\n\r\n") and (part := connection.recv(1 << 20)):
        received += part
    return bytes(received)


def wait_until_refused(server: Any) -> None:
    with suppress(httpx.ConnectError):
        while httpx.get(f"{server.url}/health/live", trust_env=False):
            time.sleep(0.01)


def resident_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1_048_576


def test_what_is_published_is_read_once_it_is_final(server: Any) -> None:
    with server.client() as client:
        receipts = client.post(LIST, json=drafts(50)).json()
        events = read_final(client, 50)
    assert {event["id"] for event in events} == {receipt["id"] for receipt in receipts}


def test_compressed_bodies_and_lists_are_the_same_events(server: Any) -> None:
    lines = b"\n".join(msgspec.json.encode(draft) for draft in drafts(200))
    with server.client() as client:
        for encoding, compress in (("gzip", gzip.compress), ("zstd", zstandard.compress)):
            headers = {"content-encoding": encoding, "content-type": "application/x-ndjson"}
            assert client.post(LIST, content=compress(lines), headers=headers).status_code == 201
        plain = read_final(client, 200)
        window = {"end": client.head(LIST).headers["x-events-complete-until"], "sort": "asc"}
        bodies = [
            client.get(LIST, params=window, headers={"accept-encoding": coding}).content
            for coding in ("identity", "gzip", "zstd")
        ]
    assert len(plain) == 200  # the same ids twice
    assert bodies[0] == bodies[1] == bodies[2]


def test_a_poller_that_follows_the_watermark_sees_each_event_once(server: Any) -> None:
    published: list[str] = []

    def publish(seed: int) -> None:
        lives = drafts(100, seed)
        with server.client() as client:
            for at in range(0, 100, 5):
                answer = client.post(LIST, json=lives[at : at + 5])
                published.extend(receipt["id"] for receipt in answer.json())

    publishers = [threading.Thread(target=publish, args=(seed,)) for seed in range(4)]
    for publisher in publishers:
        publisher.start()
    seen: list[str] = []
    since = "0"
    with server.client() as client:
        while any(publisher.is_alive() for publisher in publishers) or len(seen) < len(published):
            answer = client.get(LIST, params={"start": since})
            seen += [event["id"] for event in answer.json()]
            since = answer.headers["x-events-complete-until"]
    assert len(seen) == 400
    assert sorted(seen) == sorted(published)


def test_a_key_revoked_beside_the_server_opens_nothing_any_more(server: Any) -> None:
    key = server.key()
    command = [sys.executable, "-m", "estampe", "key", "revoke", key.split("_")[1], "--data", str(server.data)]
    with httpx.Client(base_url=server.url, headers={"X-Key": key}, trust_env=False) as client:
        assert client.get(LIST).status_code == 200
        subprocess.run(command, check=True, capture_output=True)
        assert client.get(LIST).status_code == 401


def test_memory_stays_flat_while_a_client_reads_slowly(start: Callable[..., Any], long: Path) -> None:
    server = start(long)
    with server.client() as client:
        assert len(client.get(LIST, params={"end": 1_600_000_001_000}).json()) == 1_000
    before = resident_mib(server.process.pid)
    with ask_by_hand(server) as connection:
        for _ in range(10):
            time.sleep(0.02)
            assert resident_mib(server.process.pid) - before < 48
        received = read_rest(connection)
    assert resident_mib(server.process.pid) - before < 48
    assert received.count(b'"timestamp":') == LONG


def test_sigterm_lets_open_lists_end_and_takes_no_new_ones(start: Callable[..., Any], long: Path) -> None:
    server = start(long)
    with ask_by_hand(server) as connection:
        server.process.send_signal(signal.SIGTERM)
        wait_until_refused(server)
        assert server.process.poll() is None
        received = read_rest(connection)
    assert received.endswith(b"]\r\n0\r\n\r\n")
    assert received.count(b'"timestamp":') == LONG
    assert server.stop() == 0


def test_after_shutdown_seconds_open_lists_are_cut_off_visibly(start: Callable[..., Any], long: Path) -> None:
    server = start(long, shutdown_seconds=0.2)
    with ask_by_hand(server) as connection:
        assert server.stop() == 0
        try:
            received = read_rest(connection)
        except ConnectionResetError:
            received = b""
    assert not received.endswith(b"0\r\n\r\n")
    assert any(line["event"] == "cut off" and line["streams"] == 1 for line in server.lines)


def test_what_was_acknowledged_survives_a_kill(start: Callable[..., Any]) -> None:
    server = start()
    with server.client() as client:
        receipts = client.post(LIST, json=drafts(10)).json()
    server.kill()
    with start().client() as client:
        assert {event["id"] for event in read_final(client, 10)} == {receipt["id"] for receipt in receipts}


def test_a_second_server_on_the_same_folder_or_port_is_refused(server: Any, tmp_path: Path) -> None:
    port = server.url.rpartition(":")[2]
    for data, wanted in ((server.data, "open for writing"), (tmp_path / "other", "cannot listen on 127.0.0.1")):
        command = [sys.executable, "-m", "estampe", "serve", "--data", str(data), "--port", port]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert ended.returncode == 1
        assert wanted in ended.stderr
        assert "Traceback" not in ended.stderr


def test_links_and_the_rest_cannot_have_one_address(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = str(probe.getsockname()[1])
    chosen = {"ESTAMPE_PUBLIC_URL": "https://news.example", "ESTAMPE_LINKS_LISTEN": f"127.0.0.1:{port}"}
    command = [sys.executable, "-m", "estampe", "serve", "--data", str(tmp_path / "data"), "--port", port]
    ended = subprocess.run(command, env=os.environ | chosen, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in ended.stderr
    assert "Traceback" not in ended.stderr


def has_ipv6() -> bool:
    with suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return True
    return False


@pytest.mark.parametrize("host", ["localhost", "::1"])
def test_a_server_listens_on_names_and_on_ipv6(start: Callable[..., Any], host: str) -> None:
    if host == "::1" and not has_ipv6():
        pytest.skip("this machine has no IPv6")
    server = start(host=host)
    assert httpx.get(f"{server.url}/health/live", trust_env=False).status_code == 200


def test_too_many_or_too_large_headers_are_refused(server: Any) -> None:
    with server.client() as client:
        assert client.get(LIST, headers=[(f"x-{n}", "1") for n in range(150)]).status_code == 431
        assert client.get(LIST, headers={"x-large": "1" * 800_000}).status_code == 431
        assert client.get(LIST).status_code == 200


def send_by_hand(server: Any, rest: str) -> socket.socket:
    """Begin a publication whose further headers and body are written by hand."""
    host, port = server.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=20)
    head = f"POST {LIST} HTTP/1.1\r\nHost: {host}\r\nX-Key: {server.key()}\r\nContent-Type: application/json\r\n"
    connection.sendall(f"{head}{rest}".encode())
    return connection


def test_malformed_chunks_are_a_problem_of_the_client(server: Any) -> None:
    with send_by_hand(server, "Transfer-Encoding: chunked\r\n\r\nzz\r\n[]\r\n0\r\n\r\n") as connection:
        received = connection.recv(1 << 16)
    assert received.startswith(b"HTTP/1.1 400 ")
    assert b"x-request-id: " in received
    assert b"/problems/invalid-body" in received


def test_a_body_that_breaks_off_troubles_nobody(server: Any) -> None:
    with send_by_hand(server, "Content-Length: 1000\r\n\r\n["):
        pass
    with server.client() as client:
        assert client.get(LIST).status_code == 200
    assert server.stop() == 0
    assert not any(line["level"] == "error" for line in server.lines)


def test_half_sent_bodies_take_no_more_room_than_there_is(start: Callable[..., Any]) -> None:
    server = start(body_limit=100_000, bodies_limit=150_000)
    half = "Content-Length: 100000\r\n\r\n[" + " " * 90_000
    with send_by_hand(server, half) as one, send_by_hand(server, half) as other, server.client() as client:
        answered, _, _ = select.select([one, other], [], [], 20)
        (refused,) = answered
        assert b"/problems/no-room" in refused.recv(1 << 16)
        assert client.post(LIST, json=drafts(1)).status_code == 201
    with server.client() as client:
        while client.post(LIST, content=b" " * 90_000, headers=JSON).status_code == 503:
            time.sleep(0.01)


def test_small_requests_get_their_turn_while_a_long_list_is_sent(start: Callable[..., Any], long: Path) -> None:
    server = start(long)
    with ask_by_hand(server) as connection, server.client() as client:
        answers = [client.get("/health/live").status_code for _ in range(20)]
        received = read_rest(connection)
    assert answers == [200] * 20
    assert received.endswith(b"]\r\n0\r\n\r\n")
