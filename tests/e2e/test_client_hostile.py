"""The client meets servers that break HTTP or misuse it, on real connections: each ends in one failure of its own."""

from __future__ import annotations

import socket
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from estampe.client import (
    Client,
    IncompleteList,
    Redirected,
    Retries,
    ServerFailed,
    ServerUnreachable,
    WrongServer,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.e2e

LINE = b'{"a":1}\n'
ANSWER = b"HTTP/1.1 %b\r\nConnection: close\r\n"
LINES = ANSWER % b"200 OK" + b"Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
ARRAY = ANSWER % b"200 OK" + b"Content-Type: application/json\r\n\r\n"
FIRST = b"%x\r\n%b\r\n" % (len(LINE), LINE)
MEGABYTE = b"100000\r\n%b\r\n" % (b"x" * (1 << 20))
REPEATED = 80
"""How often the last part is sent: more than anything may be long."""


def serve(listening: socket.socket, parts: list[bytes]) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection:
            connection.recv(65_536)
            try:
                for part in [*parts, *parts[-1:] * (REPEATED if len(parts[-1]) >= 1 << 20 else 0)]:
                    connection.sendall(part)
            except OSError:
                continue


@pytest.fixture
def client(request: pytest.FixtureRequest) -> Iterator[Client]:
    """A client of a server that sends the parts whatever it is asked, and closes."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = Thread(target=serve, args=(listening, request.param))
    server.start()
    try:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with Client(url, "est_key", retries=Retries(attempts=2, first_s=0), timeout_s=10) as client:
            yield client
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        server.join()


@pytest.mark.parametrize(
    ("client", "fault"),
    [
        ([b"SSH-2.0-OpenSSH\r\n"], ServerUnreachable),
        ([b""], ServerUnreachable),
        ([ANSWER % b"200 OK" + b"X-Long: ", b"x" * (1 << 20)], ServerUnreachable),
        ([LINES + FIRST], IncompleteList),
        ([LINES + FIRST + b"ff"], IncompleteList),
        ([LINES + FIRST + b"zz\r\n"], IncompleteList),
        ([LINES, MEGABYTE], WrongServer),
        ([ARRAY + b'[{"a":1},{"b":2}'], IncompleteList),
        ([ARRAY + b"<html>"], WrongServer),
        ([ANSWER % b"301 Moved" + b"Location: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"], Redirected),
        ([ANSWER % b"503 Away" + b"Transfer-Encoding: chunked\r\n\r\n", MEGABYTE], ServerFailed),
    ],
    ids=[
        "no-http",
        "nothing",
        "endless-header",
        "cut-between-chunks",
        "cut-in-size",
        "wrong-size",
        "endless-line",
        "cut-array",
        "html",
        "redirection",
        "endless-refusal",
    ],
    indirect=["client"],
)
def test_each_way_to_break_a_list_is_one_of_our_failures(client: Client, fault: type[Exception]) -> None:
    with pytest.raises(fault):
        list(client.lines())


@pytest.mark.parametrize("client", [[ARRAY, *(b"%c" % byte for byte in b'[{"a": 1} ,\r\n{"b":"},{"}]')]], indirect=True)
def test_an_array_may_come_byte_by_byte(client: Client) -> None:
    assert list(client.lines()) == [b'{"a": 1}', b'{"b":"},{"}']
