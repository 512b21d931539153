"""The publisher's side of the API: batches, problems, and servers that are not there or busy."""

from __future__ import annotations

import json
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from estampe.cli.client import Client, ServerRefused, ServerUnreachable, UnusableKey, WrongServer
from estampe.events import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

Answer = tuple[int, dict[str, str], bytes]


class Scripted(BaseHTTPRequestHandler):
    """Gives the answers that a test has laid out, and keeps what it was asked."""

    protocol_version = "HTTP/1.1"
    answers: ClassVar[list[Answer]] = []
    asked: ClassVar[list[tuple[str, str, str | None, Any]]] = []

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.asked.append((self.command, self.path, self.headers["X-Key"], json.loads(body or b"null")))
        status, headers, content = self.answers.pop(0)
        self.send_response(status)
        for name, value in (headers | {"Content-Length": f"{len(content)}"}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else content)

    do_POST = do_HEAD = answer  # noqa: N815  the names that the base class calls

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        pass


@pytest.fixture
def url() -> Iterator[str]:
    Scripted.answers.clear()
    Scripted.asked.clear()
    with HTTPServer(("127.0.0.1", 0), Scripted) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    with closing(Client(url, "est_x")) as client:
        yield client


def answers(*given: Answer) -> None:
    Scripted.answers.extend(given)


def test_publishes_texts_as_they_stand_in_one_array(client: Client) -> None:
    answers((201, {}, b'[{"id":"a","position":"1"},{"id":"b","position":"2","duplicate":true}]'))
    receipts = client.publish([b'{\n"a":1}', b'{"b":2}'])
    assert [receipt.duplicate for receipt in receipts] == [False, True]
    assert Scripted.asked == [("POST", "/actions/events", "est_x", [{"a": 1}, {"b": 2}])]


def test_a_path_before_the_api_s_own_is_kept(url: str) -> None:
    answers((201, {}, b"[]"))
    with closing(Client(f"{url}/estampe/", "est_x")) as client:
        client.publish([])
    assert Scripted.asked[0][1] == "/estampe/actions/events"


def test_wrong_drafts_come_back_as_faults_by_index(client: Client) -> None:
    error = {"in": "body", "index": 3, "path": "$.type", "found": "5", "allowed": "a string"}
    problem = {"type": "/problems/x", "status": 400, "title": "t", "detail": "Item 3 is wrong.", "errors": [error]}
    answers((400, {}, json.dumps(problem).encode()))
    with pytest.raises(ServerRefused, match=r"^the server refused \(400\): Item 3 is wrong$") as caught:
        client.publish([b"{}"])
    assert caught.value.faults == [(3, Fault("$.type", "5", "a string"))]


def test_a_refusal_that_is_no_problem_document_is_told_by_its_status(client: Client) -> None:
    answers((502, {}, b"<html>"))
    with pytest.raises(ServerRefused, match=r"\(502\): Bad Gateway"):
        client.publish([b"{}"])


def test_too_many_requests_are_sent_again_when_the_server_says(client: Client) -> None:
    answers((429, {"Retry-After": "0"}, b""), (201, {}, b"[]"))
    assert client.publish([]) == []
    assert len(Scripted.asked) == 2


def test_knows_up_to_when_the_log_is_final(client: Client) -> None:
    answers((200, {"X-Events-Complete-Until": "1614089582000"}, b"[]"), (401, {}, b""))
    assert client.complete_until_ms() == 1_614_089_582_000
    with pytest.raises(ServerRefused, match=r"\(401\)"):
        client.complete_until_ms()


def test_a_server_that_is_not_there_may_be_asked_again(url: str) -> None:
    with closing(Client("http://127.0.0.1:1", "est_x")) as client:
        for _ in range(2):
            with pytest.raises(ServerUnreachable, match=r"does not answer: .*; start it with"):
                client.complete_until_ms()
    assert Scripted.asked == []
    assert url


@pytest.mark.parametrize(
    "address", ["127.0.0.1:8080", "ftp://host", "http://", "", "http://host:port", "http://host:99999", "http://[::1"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ServerUnreachable, match="write http://HOST:PORT"):
        Client(address, "est_x")


def test_a_server_that_answers_otherwise_is_told_apart(client: Client) -> None:
    answers((201, {}, b"<html>"))
    with pytest.raises(WrongServer, match="does not answer as Estampe does"):
        client.publish([b"{}"])


def test_white_space_around_a_key_is_left_out(url: str) -> None:
    answers((201, {}, b"[]"))
    with closing(Client(url, " est_x\n")) as client:
        client.publish([])
    assert Scripted.asked[0][2] == "est_x"


@pytest.mark.parametrize("key", ["est_secret\nX: 1", "est_secret\u20ac"])
def test_a_text_that_no_header_carries_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(UnusableKey) as caught:
        Client("http://127.0.0.1:1", key)
    assert "secret" not in str(caught.value)


def test_a_date_in_retry_after_is_waited_for_a_second(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("estampe.cli.client.time.sleep", waited.append)
    answers((429, {"Retry-After": "Fri, 31 Dec 2099 23:59:59 GMT"}, b""), (201, {}, b"[]"))
    assert client.publish([]) == []
    assert waited[0] == 1
