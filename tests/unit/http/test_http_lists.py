"""Lists: streamed whole or visibly broken, in the form and coding the caller prefers."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
import msgspec
import pytest
import zstandard

from addresses import address, body_for, names_of
from estampe.http import journal
from estampe.http.exchange import ClientStalled
from estampe.http.routes import LISTS
from estampe.instants import parse_instant
from estampe.log import DamagedLog
from estampe.verdicts import HitClass
from histories import history

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from histories import Happening, History

CHUNKS = (b'{"a":1}\n{"a":2}\n', b'{"a":3}\n')
ARRAY = b'[{"a":1},{"a":2},{"a":3}]'


def unzstd(body: bytes) -> bytes:
    return zstandard.ZstdDecompressor().stream_reader(body, read_across_frames=True).read()


class Client:
    """An ASGI client that sees each message and may be slow, or go away."""

    def __init__(self, call: Any, on_body: Callable[[int], Awaitable[None]] | None = None) -> None:
        self.messages: list[dict[str, Any]] = []
        self.gone = asyncio.Event()
        self._call = call
        self._on_body = on_body

    async def get(self, path: str = "/actions/events") -> None:
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "query_string": b"",
            "headers": [(b"x-key", self._call.key.encode())],
        }
        await self._call.api(scope, self._receive, self._send)

    async def _receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        self.messages.append(message)
        if message["type"] == "http.response.body" and self._on_body:
            await self._on_body(len(self.messages) - 1)

    @property
    def ended(self) -> bool:
        return bool(self.messages) and self.messages[-1].get("more_body") is False


def test_published_events_come_back(call: Any, draft: dict[str, Any]) -> None:
    assert call.post([draft]).status_code == 201
    for path, count in {"": 1, "/activations": 1, "/cancellations": 0}.items():
        assert len(call("GET", f"/actions/events{path}").json()) == count


@pytest.fixture
def told(call: Any) -> History:
    """A history that the log has."""
    told = history()
    call.log.bodies, call.log.judged = told.bodies, told.judged
    return told


def events(happenings: Iterable[Happening]) -> list[dict[str, Any]]:
    return [each.event for each in happenings]


def test_every_list_holds_what_a_plain_filter_selects(call: Any, told: History) -> None:
    filled = set()
    for route in LISTS:
        named = told.named(route)
        found = call(route.method, address(route, named), **body_for(route)).json()
        assert found == events(told.of(route, {name: named[name] for name in names_of(route)})), route.path
        filled.add(bool(found) and (route.types, route.subtypes, route.channel))
    assert {((), (), None), (("hit",), ("form",), None), (("reply",), ("stop",), None)} <= filled


def test_the_windows_and_the_order_of_every_list_are_asked_for(call: Any, told: History) -> None:
    texts = ("2019-08-24", "2038-01-19", "2019-08-25", "2038-01-18")
    for route in LISTS:
        windows = [parameter for parameter in route.parameters if parameter.form == "instant"]
        asked = {parameter.name: text for parameter, text in zip(windows, texts, strict=False)}
        call.log.queries.clear()
        where = address(route, told.named(route), sort="desc", **asked)
        assert call(route.method, where, **body_for(route)).status_code == 200
        query = call.log.queries[0]
        assert query.sort == "desc"
        assert [getattr(query, parameter.member) for parameter in windows] == [
            parse_instant(text) for text in texts[: len(windows)]
        ]


@pytest.mark.parametrize("name", ["unicity", "hash"])
def test_a_contact_is_found_by_what_stands_for_its_id(call: Any, told: History, name: str) -> None:
    route = next(route for route in LISTS if route.path == "/targets/events")
    found = call("GET", address(route, **{name: getattr(told, name)})).json()
    assert found == events(told.of(route, {"hash": told.hash}))
    assert found


@pytest.mark.parametrize(
    ("asked", "classes"),
    [
        ("", {"human"}),
        ("?classification=all", set(HitClass)),
        ("?classification=mpp", {"mpp"}),
        ("?classifications=gsr", {"gsr"}),
        ("?classification=human,mpp", {"human", "mpp"}),
        ("?classification=mpp,%20gsr,mpp", {"mpp", "gsr"}),
    ],
)
def test_lists_of_hits_hold_those_judged_human_unless_told(
    call: Any, told: History, asked: str, classes: set[str]
) -> None:
    route = next(route for route in LISTS if route.path == "/actions/events/hits")
    assert call("GET", route.path + asked).json() == events(told.of(route, {}, frozenset(classes)))


@pytest.mark.parametrize("path", ["/actions/events", "/actions/reactivities", "/display/events"])
def test_lists_of_several_types_hold_every_hit(call: Any, told: History, path: str) -> None:
    route = next(route for route in LISTS if route.path == path)
    hits = [each for each in told.of(route, {}) if each.facts.type == "hit"]
    assert [event for event in call("GET", path).json() if event["type"] == "hit"] == events(hits)
    assert {each.facts.hit_class for each in hits} > {"human"}


@pytest.mark.parametrize("asked", ["/actions/events?", "/actions/events/hits?classification=all&"])
def test_hits_are_annotated_where_asked(call: Any, told: History, asked: str) -> None:
    for event in call("GET", f"{asked}annotate=classification").json():
        if event["type"] == "hit":
            judgement = told.judged.get(UUID(event["id"]))
            assert list(event)[-1] == "classification"
            assert event["classification"] == json.loads(msgspec.json.encode(judgement))
        else:
            assert "classification" not in event


NEVER = {"action": "9999999", "contact": "NEVER", "campaign": "00000000-0000-4000-8000-000000000007"}


def test_what_never_occurred_is_not_found(call: Any, told: History) -> None:
    assert told.all
    for route in LISTS:
        for method in ("GET", "HEAD") if route.method == "GET" else ("POST",):
            answer = call(method, address(route, NEVER), **body_for(route))
            assert answer.status_code == (404 if route.named else 200), route.path
            if route.named and method != "HEAD":
                assert answer.json()["type"] == "/problems/never-occurred"
                (flaw,) = answer.json()["errors"]
                assert flaw["found"] in NEVER.values()
                assert flaw["in"] == ("query" if route.one_of else "path")


@pytest.mark.parametrize("query", ["unicity=never", f"hash={'0' * 32}"])
@pytest.mark.parametrize("form", ["application/json", "application/x-ndjson"])
@pytest.mark.parametrize("coding", ["identity", "gzip", "zstd"])
def test_a_contact_that_never_occurred_is_not_found_in_any_form(
    call: Any, told: History, query: str, form: str, coding: str
) -> None:
    assert told.all
    headers = {"accept": form, "accept-encoding": coding}
    answer = call("GET", f"/targets/events?{query}", headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/never-occurred")
    (flaw,) = answer.json()["errors"]
    assert f"{flaw['name']}={flaw['found']}" == query


def test_an_empty_list_of_what_occurred_is_empty(call: Any, told: History) -> None:
    for route in LISTS:
        first = next(parameter.name for parameter in route.parameters if parameter.form == "instant")
        where = address(route, told.named(route), **{first: "2100-01-01"})
        if route.method == "GET":
            assert call("HEAD", where).status_code == 200
        answer = call(route.method, where, **body_for(route))
        assert (answer.status_code, answer.content) == (200, b"[]")
        assert answer.headers["x-events-complete-until"]


def test_a_notification_is_none_of_another_channel(call: Any, told: History) -> None:
    call.log.bodies = [each.body for each in told.all if each.facts.channel == "notification"]
    path = f"/notifications/{told.notification}/events"
    assert call("GET", path).status_code == 200
    call.log.bodies = [body.replace(b'"type":"notification"', b'"type":"sms"') for body in call.log.bodies]
    assert call("GET", path).status_code == 404
    assert call("GET", f"/actions/{told.notification}/events").status_code == 200


def test_repeated_headers_are_one_list(call: Any) -> None:
    headers = [("accept", "text/html"), ("accept", "application/x-ndjson"), ("x-key", call.key)]
    answer = call("GET", "/actions/events", key=None, headers=httpx.Headers(headers))
    assert answer.headers["content-type"] == "application/x-ndjson"


def test_an_empty_list_is_an_empty_array(call: Any) -> None:
    answer = call("GET", "/actions/events")
    assert (answer.status_code, answer.content) == (200, b"[]")


@pytest.mark.parametrize(
    ("coding", "decode"),
    [("identity", bytes), ("gzip", gzip.decompress), ("zstd", unzstd)],
)
@pytest.mark.parametrize("chunks", [(), CHUNKS[:1], CHUNKS])
def test_every_form_and_coding_tells_the_same(
    call: Any, coding: str, decode: Callable[[bytes], bytes], chunks: Sequence[bytes]
) -> None:
    call.log.chunks = chunks
    found = [json.loads(line) for line in b"".join(chunks).splitlines()]
    headers = {"accept-encoding": coding}
    array = raw(call, headers)
    assert decode(array.content) == msgspec.json.encode(found)
    lines = raw(call, headers | {"accept": "application/x-ndjson"})
    assert decode(lines.content) == b"".join(chunks)
    for answer, form in ((array, "application/json"), (lines, "application/x-ndjson")):
        assert answer.headers["content-type"] == form
        assert answer.headers.get("content-encoding", "identity") == coding
        assert answer.headers["vary"] == "Accept, Accept-Encoding"


def raw(call: Any, headers: dict[str, str]) -> Any:
    """Get a list without the client decoding it."""

    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(call.api)
        async with httpx.AsyncClient(transport=transport, base_url="http://estampe") as client:
            request = client.build_request("GET", "/actions/events", headers=headers | {"x-key": call.key})
            answer = await client.send(request, stream=True)
            answer._content = b"".join([part async for part in answer.aiter_raw()])
            return answer

    return asyncio.run(get())


def test_every_list_says_up_to_when_it_is_final_and_in_which_history(call: Any) -> None:
    for method in ("GET", "HEAD"):
        answer = call(method, "/actions/events")
        assert answer.headers["x-events-complete-until"] == "1700000000000"
        assert answer.headers["x-events-epoch"] == "3"


def test_head_answers_headers_only_and_reads_nothing(call: Any) -> None:
    answer = call("HEAD", "/actions/events")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "application/json"
    assert call.log.scans == []


def test_a_fault_before_the_first_chunk_is_a_problem(call: Any) -> None:
    call.log.chunks = [DamagedLog("page 7")]
    answer = call("GET", "/actions/events")
    assert answer.status_code == 500
    assert answer.json()["type"] == "/problems/internal"
    assert "page 7" not in answer.text


def test_a_fault_in_the_middle_never_ends_the_answer_as_if_whole(call: Any, capfd: Any) -> None:
    journal.configure(call.settings)
    call.log.chunks = [CHUNKS[0], DamagedLog("page 7")]

    async def scenario() -> Client:
        client = Client(call)
        with pytest.raises(DamagedLog):
            await client.get()
        return client

    client = asyncio.run(scenario())
    assert client.messages[1]["body"] == b'[{"a":1},{"a":2}'
    assert not client.ended
    assert call.log.scans[0].closed
    line = capfd.readouterr().err
    assert "broken answer" in line
    assert "page 7" in line


def test_a_client_that_goes_away_ends_the_scan(call: Any) -> None:
    call.log.chunks = [b'{"a":1}\n'] * 1_000

    async def scenario() -> Client:
        async def leave(_: int) -> None:
            client.gone.set()
            await asyncio.sleep(0)

        client = Client(call, leave)
        await client.get()
        return client

    assert not asyncio.run(scenario()).ended
    assert call.log.scans[0].closed
    assert call.log.scans[0].read < 10


def test_a_slow_client_makes_the_scan_wait_one_chunk_ahead(call: Any) -> None:
    call.log.chunks = [b'{"a":1}\n'] * 20

    async def scenario() -> None:
        async def check(sent: int) -> None:
            await asyncio.sleep(0.002)
            assert call.log.scans[0].read <= sent + 1

        client = Client(call, check)
        await client.get()
        assert client.ended

    asyncio.run(scenario())


class TestStalled:
    """A client that reads nothing."""

    @pytest.fixture
    def settings(self, settings: Any) -> Any:
        return msgspec.structs.replace(settings, stall_seconds=0.1)

    def test_is_cut_off(self, call: Any) -> None:
        call.log.chunks = CHUNKS

        async def scenario() -> Client:
            async def stall(_: int) -> None:
                await asyncio.Event().wait()

            client = Client(call, stall)
            with pytest.raises(ClientStalled):
                await client.get()
            return client

        assert not asyncio.run(scenario()).ended
        assert call.log.scans[0].closed


class TestLimits:
    """Lists at once: of one key, and of all."""

    @pytest.fixture
    def settings(self, settings: Any) -> Any:
        return msgspec.structs.replace(settings, streams_limit=2, streams_per_key=1)

    def test_too_many_are_refused_until_one_ends(self, call: Any) -> None:
        call.log.chunks = CHUNKS
        other, third = call.make_key(), call.make_key()

        async def scenario() -> list[int]:
            release = asyncio.Event()

            async def hold(_: int) -> None:
                await release.wait()

            async def status(key: str) -> int:
                return (await call._send("GET", "/actions/events", headers={"x-key": key})).status_code

            held = [asyncio.create_task(Client(call, hold).get())]
            await asyncio.sleep(0.05)
            statuses = [await status(call.key)]
            holder = Client(call, hold)
            mine, call.key = call.key, other
            held.append(asyncio.create_task(holder.get()))
            await asyncio.sleep(0.05)
            call.key = mine
            statuses.append(await status(third))
            release.set()
            await asyncio.gather(*held)
            return [*statuses, await status(mine)]

        assert asyncio.run(scenario()) == [429, 503, 200]

    def test_cutting_breaks_every_open_list(self, call: Any) -> None:
        call.log.chunks = CHUNKS

        async def scenario() -> Client:
            async def hold(_: int) -> None:
                await asyncio.Event().wait()

            client = Client(call, hold)
            task = asyncio.create_task(client.get())
            await asyncio.sleep(0.05)
            assert call.services.streams.cut() == 1
            with pytest.raises(asyncio.CancelledError):
                await task
            return client

        assert not asyncio.run(scenario()).ended
        assert call.log.scans[0].closed
