"""Both clients: lists as streams, refusals as classes, publishing that may be repeated, and a key that never shows."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import subprocess
import sys
import tracemalloc
from contextlib import aclosing
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
import msgspec
import pytest
import zstandard
from client_servers import KEY, QUICK, URL, Broken, Server, client_of, event, number

from estampe import AsyncClient, Client
from estampe.client import (
    Conflict,
    Forbidden,
    IncompleteList,
    InvalidAddress,
    InvalidKey,
    InvalidRequest,
    InvalidSelection,
    NotFound,
    RateLimited,
    Redirected,
    Refused,
    Retries,
    ServerFailed,
    ServerUnreachable,
    Unauthorized,
    WrongServer,
)
from estampe.events import Fault, decode_draft

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NDJSON = {"content-type": "application/x-ndjson"}
EVENTS = [event(n, n) for n in range(1, 6)]
LINES = b"".join(msgspec.json.encode(each) + b"\n" for each in EVENTS)


class Answers:
    """Gives answers one after the other, the last one again and again; keeps what it was asked."""

    def __init__(self, *answers: httpx.Response | httpx.TransportError) -> None:
        self._left = list(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.asked.append(request)
        given = self._left.pop(0) if len(self._left) > 1 else self._left[0]
        if isinstance(given, httpx.TransportError):
            raise given
        return given


def asynchronous(handler: Callable[[httpx.Request], httpx.Response]) -> AsyncClient:
    return AsyncClient(URL, KEY, transport=httpx.MockTransport(handler), retries=QUICK)


def test_events_come_as_they_are_with_what_nobody_knows() -> None:
    unknown = {**event(9, 9, "telepathy"), "mood": 1}
    server = Server([*EVENTS, unknown], until_ms=10)
    with client_of(server) as client:
        events = list(client.events(sort="asc"))
        lines = list(client.lines(sort="asc"))
    assert [number(each) for each in events] == [1, 2, 3, 4, 5, 9]
    assert lines == [msgspec.json.encode(each) for each in [*EVENTS, unknown]]
    assert bytes(events[-1].extra["mood"]) == b"1"


def test_an_array_is_read_event_by_event_like_np6_sends_it() -> None:
    with client_of(lambda _: httpx.Response(200, text=json.dumps(EVENTS, indent=2))) as client:
        assert [json.loads(line) for line in client.lines()] == EVENTS
        assert [number(each) for each in client.events()] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("coding", "compress"),
    [("zstd", lambda text: zstandard.compress(text[:9]) + zstandard.compress(text[9:])), ("gzip", gzip.compress)],
)
def test_compressed_lists_are_read(coding: str, compress: Callable[[bytes], bytes]) -> None:
    coded = compress(LINES)
    headers = {**NDJSON, "content-encoding": coding, "content-length": f"{len(coded)}"}
    with client_of(lambda _: httpx.Response(200, headers=headers, stream=httpx.ByteStream(coded))) as client:
        assert len(list(client.events())) == 5


def test_filters_that_no_list_narrows_are_sorted_out() -> None:
    server = Server([event(1, 1), event(2, 2, "optout")], until_ms=9)
    with client_of(server) as client:
        assert [number(each) for each in client.events(type=("optout", "bounce"))] == [2]
        assert len(list(client.lines(type=("optout", "bounce")))) == 1


def test_a_list_that_breaks_off_is_never_taken_for_whole() -> None:
    server = Server(EVENTS, until_ms=9)
    server.cuts.append(2)
    with client_of(server) as client:
        events = client.events(sort="asc")
        assert [number(next(events)) for _ in range(2)] == [1, 2]
        with pytest.raises(IncompleteList):
            next(events)


def test_a_list_that_breaks_off_before_it_began_is_asked_for_again() -> None:
    server = Server(EVENTS, until_ms=9)
    server.cuts.extend([0, None])
    with client_of(server) as client:
        assert len(list(client.events())) == 5
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (httpx.Response(200, headers=NDJSON, content=LINES[:-1]), IncompleteList),
        (httpx.Response(200, content=b"[]"[:1]), IncompleteList),
        (httpx.Response(200, content=b"<html>"), WrongServer),
        (httpx.Response(200, headers=NDJSON, stream=httpx.ByteStream(LINES)), WrongServer),
    ],
    ids=["unended-line", "open-array", "html", "no-framing"],
)
def test_what_is_no_whole_list_is_told(answer: httpx.Response, fault: type[Exception]) -> None:
    with client_of(lambda _: answer, retries=Retries(attempts=1)) as client, pytest.raises(fault):
        list(client.events())


@pytest.mark.parametrize(
    ("status", "fault", "asked"),
    [
        (302, Redirected, 1),
        (400, InvalidRequest, 1),
        (401, Unauthorized, 1),
        (403, Forbidden, 1),
        (404, NotFound, 1),
        (409, Conflict, 1),
        (418, InvalidRequest, 1),
        (429, RateLimited, 3),
        (500, ServerFailed, 3),
        (503, ServerFailed, 3),
        (599, ServerFailed, 3),
    ],
)
def test_each_status_is_a_class_that_says_what_it_means_even_with_an_empty_body(
    status: int, fault: type[Refused], asked: int
) -> None:
    handler = Answers(httpx.Response(status, headers={"location": "http://elsewhere/", "x-request-id": "r-1"}))
    with client_of(handler) as client, pytest.raises(fault, match=rf"refused \({status}\): .+ \[request r-1\]"):
        list(client.events())
    assert len(handler.asked) == asked


def test_a_refusal_carries_the_problem() -> None:
    error = {"in": "body", "index": 3, "path": "$.type", "found": "5", "allowed": "a string"}
    problem = {"type": "/problems/x", "title": "t", "status": 400, "detail": "Item 3 is wrong.", "errors": [error]}
    handler = Answers(httpx.Response(400, json=problem, headers={"x-request-id": "r-1"}))
    with client_of(handler) as client, pytest.raises(InvalidRequest) as caught:
        client.publish([{}])
    refused = caught.value
    assert str(refused) == "the server refused (400): Item 3 is wrong [request r-1]"
    assert (refused.status, refused.type, refused.title, refused.request_id) == (400, "/problems/x", "t", "r-1")
    assert (refused.errors[0].place, refused.errors[0].allowed) == ("body", "a string")
    assert refused.faults == [(3, Fault("$.type", "5", "a string"))]


def test_a_redirection_is_told_and_the_key_is_sent_nowhere_else() -> None:
    handler = Answers(httpx.Response(307, headers={"location": "https://elsewhere.example/"}))
    with client_of(handler) as client, pytest.raises(Redirected, match=r"https://elsewhere\.example/"):
        client.watermark()
    assert [request.url.host for request in handler.asked] == ["estampe.example"]


def test_too_many_requests_are_sent_again_when_the_server_says(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("estampe.client.sync.time.sleep", waited.append)
    handler = Answers(
        httpx.Response(429, headers={"retry-after": "0.5"}),
        httpx.Response(429, headers={"retry-after": "1"}),
        httpx.Response(200, json=[]),
    )
    with client_of(handler) as client:
        assert list(client.events()) == []
    assert waited == [0, 1]


def test_a_server_that_is_away_is_asked_again_and_then_told() -> None:
    handler = Answers(httpx.ConnectError("refused"), httpx.ReadTimeout(""), httpx.Response(200, json=[]))
    with client_of(handler) as client:
        assert list(client.events()) == []
    with (
        client_of(Answers(httpx.ConnectTimeout(""))) as client,
        pytest.raises(ServerUnreachable, match=rf"{URL} does not answer: ConnectTimeout"),
    ):
        client.watermark()


def test_publishing_gives_ids_so_that_sending_again_adds_nothing() -> None:
    receipts = [{"id": f"{UUID(int=n)}", "position": f"{1 << 60}"} for n in range(5)]
    handler = Answers(httpx.ReadError("gone"), httpx.Response(503), httpx.Response(201, json=receipts))
    draft = {"type": "reply", "source": event(1, 1)["source"]}
    named = {**draft, "id": f"{UUID(int=7)}"}
    drafts = [
        draft,
        named,
        json.dumps(draft).encode(),
        msgspec.json.encode(named),
        decode_draft(json.dumps(draft).encode()),
    ]
    with client_of(handler) as client:
        given = client.publish(drafts)
    bodies = [request.content for request in handler.asked]
    sent = json.loads(bodies[0])
    assert bodies == [bodies[0]] * 3
    assert [{**each, "id": None} for each in sent] == [{**draft, "id": None}] * 5
    assert [UUID(each["id"]).int for each in sent][1::2] == [7, 7]
    assert len({each["id"] for each in sent}) == 4
    assert (given[0].position, given[4].duplicate) == (1 << 60, False)
    assert handler.asked[0].headers["content-type"] == "application/json"


def test_a_draft_s_text_is_sent_as_it_stands() -> None:
    handler = Answers(httpx.Response(201, json=[]))
    text = b'{"id":"7","a": 1.10000000000000000000001}'
    with client_of(handler) as client:
        client.publish([text, b"{"])
    assert handler.asked[0].content == b"[" + text + b",{]"


def test_figures_and_the_watermark_are_asked() -> None:
    headers = {"x-events-complete-until": "5", "x-events-epoch": "2"}
    handler = Answers(httpx.Response(200, json={"type": "mail"}), httpx.Response(200, headers=headers))
    with client_of(handler) as client:
        assert client.statistics("000/E4") == {"type": "mail"}
        assert client.watermark() == (5, 2)
    paths = [request.url.raw_path for request in handler.asked]
    assert paths == [b"/actions/000%2FE4/statistics", b"/actions/events"]


@pytest.mark.parametrize("call", [lambda it: it.watermark(), lambda it: it.publish([]), lambda it: it.statistics("a")])
def test_a_server_that_answers_otherwise_is_told_apart(call: Callable[[Client], object]) -> None:
    with client_of(lambda _: httpx.Response(200, content=b"<html>")) as client, pytest.raises(WrongServer):
        call(client)


def test_an_answer_without_end_is_not_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("estampe.client.reading.LARGEST_BODY", 1_000)
    with client_of(lambda _: httpx.Response(200, content=b" " * 2_000)) as client, pytest.raises(WrongServer):
        client.statistics("000PE4")


@pytest.mark.parametrize("filters", [{"contact": "x" * 70_000}, {"unicity": "x" * 70_000}])
def test_filters_that_no_url_holds_are_refused(filters: Any) -> None:
    with client_of(lambda _: httpx.Response(200, json=[])) as client, pytest.raises(InvalidSelection, match="too long"):
        list(client.events(**filters))


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(401, headers={"content-encoding": "br"}, stream=httpx.ByteStream(b"?")),
        httpx.Response(401, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(b"?")),
        httpx.Response(401, stream=Broken(b'{"title":')),
        httpx.Response(401, content=b" " * (2 << 20)),
    ],
    ids=["coding", "damaged", "cut", "endless"],
)
def test_a_refusal_counts_also_where_its_reason_cannot_be_read(answer: httpx.Response) -> None:
    handler = Answers(answer)
    with client_of(handler) as client, pytest.raises(Unauthorized, match="the key is missing or wrong"):
        list(client.events())
    assert len(handler.asked) == 1


def test_names_in_headers_may_be_written_in_any_case() -> None:
    headers = {"content-type": "Application/X-NDJSON", "content-encoding": "GZIP", "content-length": "9"}
    answer = httpx.Response(200, headers=headers, stream=httpx.ByteStream(gzip.compress(LINES)))
    with client_of(lambda _: answer) as client:
        assert b"".join(line + b"\n" for line in client.lines()) == LINES


def test_a_damaged_answer_is_asked_for_again() -> None:
    damaged = httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(b"?"))
    with client_of(Answers(damaged, httpx.Response(200, json={"type": "mail"}))) as client:
        assert client.statistics("000PE4") == {"type": "mail"}


def test_a_path_before_the_api_s_own_is_kept() -> None:
    handler = Answers(httpx.Response(200, json=[]))
    with Client(f"{URL}/estampe/", KEY, transport=httpx.MockTransport(handler)) as client:
        list(client.events(unicity="a+b@c.fr"))
    assert str(handler.asked[0].url) == f"{URL}/estampe/targets/events?unicity=a%2Bb%40c.fr"


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1:8080",
        "ftp://host",
        "http://",
        "",
        "http://host:port",
        "http://[::1",
        "http://h/?a=1",
        "http://u:pw@h",
    ],
)
def test_what_is_no_address_is_refused(kind: type, address: str) -> None:
    with pytest.raises(InvalidAddress, match="write http://HOST:PORT") as caught:
        kind(address, KEY)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize("key", ["est_secret\nX: 1", "est_secret\u20ac", "", " \n"])
def test_a_text_that_no_header_carries_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(InvalidKey) as caught:
        Client(URL, key)
    assert "secret" not in str(caught.value)


def test_the_key_is_sent_and_shows_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    handler = Answers(httpx.ConnectError("refused"), httpx.Response(200, json=[]))
    with client_of(handler) as client:
        list(client.events())
        shown = repr(client)
    with client_of(Answers(httpx.ConnectError("refused"))) as client, pytest.raises(ServerUnreachable) as caught:
        client.watermark()
    fault: BaseException | None = caught.value
    while fault is not None:
        assert not isinstance(fault, httpx.HTTPError)
        shown += repr(fault)
        fault = fault.__context__
    assert handler.asked[0].headers["x-key"] == KEY
    assert "secret" not in shown + caplog.text


def test_white_space_around_a_key_is_left_out() -> None:
    handler = Answers(httpx.Response(200, json=[]))
    with Client(URL, f" {KEY}\n", transport=httpx.MockTransport(handler)) as client:
        list(client.events())
    assert handler.asked[0].headers["x-key"] == KEY


def test_the_asynchronous_client_does_the_same() -> None:
    server = Server(EVENTS, until_ms=9)
    server.cuts.extend([None, 0])

    async def use() -> None:
        async with asynchronous(server) as client:
            assert [number(each) async for each in client.events(sort="asc")] == [1, 2, 3, 4, 5]
            assert [line async for line in client.lines(sort="asc")] == LINES.splitlines()
            async with aclosing(client.follow(start=3, poll_s=0)) as following:
                found = [await anext(following) for _ in range(3)]
            assert [number(each.event) for each in found] == [3, 4, 5]
            assert await client.watermark() == (9, 1)
            assert repr(client) == f"AsyncClient({URL!r})"
        async with asynchronous(Answers(httpx.Response(201, json=[]))) as client:
            assert await client.publish([{"type": "reply"}]) == []
        async with asynchronous(Answers(httpx.Response(200, json={"type": "mail"}))) as client:
            assert await client.statistics("000PE4") == {"type": "mail"}
        async with asynchronous(Answers(httpx.ConnectError("refused"))) as client:
            with pytest.raises(ServerUnreachable):
                await client.watermark()

    asyncio.run(use())


@pytest.mark.parametrize("media_type", ["application/x-ndjson", "application/json"])
def test_a_long_list_is_never_in_memory(media_type: str) -> None:
    """Fifty megabytes pass, a few stay."""
    line = msgspec.json.encode(event(1, 1))
    count, batch = 100_000, 100

    class Long(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            if media_type == "application/json":
                yield b"[" + line + b"," + line
                yield from [b"," + b",".join([line] * batch)] * (count // batch)
                yield b"]"
            else:
                yield from [(line + b"\n") * batch] * (count // batch)

    headers = {"content-type": media_type, "transfer-encoding": "chunked"}
    with client_of(lambda _: httpx.Response(200, headers=headers, stream=Long())) as client:
        lines = client.lines()
        next(lines)
        tracemalloc.start()
        rest = sum(1 for _ in lines)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert rest >= count - 1
    assert peak < 2 << 20


def test_an_abandoned_list_lets_go_of_its_connection() -> None:
    closed: list[bool] = []

    class Watched(Broken):
        def close(self) -> None:
            closed.append(True)

    headers = {**NDJSON, "transfer-encoding": "chunked"}
    with client_of(lambda _: httpx.Response(200, headers=headers, stream=Watched(LINES))) as client:
        events = client.events()
        next(events)
        events.close()
        assert closed


def test_whoever_serves_loads_no_http_client() -> None:
    code = (
        "import sys, estampe, estampe.app, estampe.cli; assert 'httpx' not in sys.modules; estampe.Client; "
        "assert 'httpx' in sys.modules; assert estampe.__version__"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_the_package_has_not_is_told() -> None:
    with pytest.raises(ImportError):
        from estampe import Klient  # noqa: F401, PLC0415
