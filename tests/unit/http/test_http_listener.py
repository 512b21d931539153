"""The listener of links alone: requests of one connection are answered in order, and nobody holds it up."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

import pytest

from estampe.http import pages
from estampe.http.links import Answer
from estampe.http.listener import listening, reserved
from estampe.settings import InvalidSetting, Settings
from estampe.tracking.spooling.visits import Visit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from starlette.types import Receive, Scope, Send

REDIRECTION = pages.Page(302, b"", [(b"location", b"https://shop.example/"), (b"content-length", b"0")])
PIXEL = pages.Page(200, b"GIF", [(b"content-length", b"3")])
SHOWN = pages.Page(200, b"<p>", [(b"content-length", b"3")])


class Following:
    """Answers as `http.links.Following` does, by the last part of the path."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, list[tuple[bytes, bytes]], str]] = []
        self.counted: Counter[tuple[str, bool]] = Counter()
        self.disk: list[Callable[[bool], object]] = []
        self.bodies: list[bytes] = []
        self.reached = asyncio.Event()

    def answer(self, method: str, path: str, headers: list[tuple[bytes, bytes]], peer: str) -> Answer | Visit:
        self.asked.append((method, path, headers, peer))
        if path.endswith("shop"):
            return Answer(REDIRECTION, "redirection", b"visit")
        if path.endswith("later"):
            return Answer(PIXEL, "open", b"visit")
        if path.endswith("page"):
            return Visit(0, b"", "", "", method)
        return Answer(pages.NOTHING)

    def keep(self, answer: Answer, tell: Callable[[bool], object]) -> None:
        if answer.kind == "open":
            self.disk.append(tell)
            self.reached.set()
        else:
            asyncio.get_running_loop().call_soon(tell, True)

    def count(self, kind: str, *, kept: bool) -> None:
        self.counted[kind, kept] += 1

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.bodies.append((await receive())["body"])
        await asyncio.sleep(0)
        await send({"type": "http.response.start", "status": SHOWN.status, "headers": SHOWN.headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else SHOWN.body})


class Client:
    """A connection to the listener."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    def say(self, text: str | bytes) -> None:
        self._writer.write(text.encode() if isinstance(text, str) else text)

    async def hear(self) -> tuple[int, dict[str, str], bytes]:
        """Return the next answer."""
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in head[1:] if line)
        return int(head[0].split()[1]), headers, b""

    async def body(self, length: int) -> bytes:
        return await self._reader.readexactly(length)

    async def rest(self) -> bytes:
        """Return all until the other side closes."""
        try:
            return await self._reader.read()
        except ConnectionResetError:
            return b""

    def end(self) -> None:
        """Say no more, but listen."""
        self._writer.write_eof()

    def pause(self) -> None:
        """Read nothing."""
        cast("asyncio.ReadTransport", self._writer.transport).pause_reading()

    async def drain(self) -> None:
        await self._writer.drain()

    def close(self) -> None:
        self._writer.close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@asynccontextmanager
async def _listening(**chosen: Any) -> AsyncIterator[tuple[Following, Callable[[], Awaitable[Client]]]]:
    following, port = Following(), _free_port()
    settings = Settings(links_listen=f"127.0.0.1:{port}", **chosen)
    clients: list[Client] = []

    async def connect() -> Client:
        clients.append(Client(*await asyncio.open_connection("127.0.0.1", port)))
        return clients[-1]

    try:
        with reserved(following, settings) as held:  # type: ignore[arg-type]  a fake
            async with listening(following, settings, held):  # type: ignore[arg-type]  a fake
                yield following, connect
    finally:
        for client in clients:
            client.close()


def _ask(path: str, method: str = "GET", *headers: str) -> str:
    return "\r\n".join((f"{method} {path} HTTP/1.1", "Host: a.example", *headers, "", ""))


def test_a_connection_asks_again_and_again() -> None:
    async def scene() -> None:
        async with _listening() as (following, connect):
            client = await connect()
            for _ in range(3):
                client.say(_ask("/t/shop?utm=1", "GET", "User-Agent: Someone"))
                status, headers, _ = await client.hear()
                assert (status, headers["location"]) == (302, "https://shop.example/")
                assert headers["date"].endswith(" GMT")
            assert following.asked[0][:2] == ("GET", "/t/shop")
            assert (b"user-agent", b"Someone") in following.asked[0][2]
            assert following.asked[0][3] == "127.0.0.1"
            assert following.counted == {("redirection", True): 3}

    asyncio.run(scene())


def test_requests_that_come_together_are_answered_in_order() -> None:
    async def scene() -> None:
        async with _listening() as (following, connect):
            client = await connect()
            client.say(_ask("/t/later") + _ask("/t/forged") + _ask("/t/page") + _ask("/t/shop"))
            await following.reached.wait()
            following.disk[0](False)
            assert (await client.hear())[0] == 200
            assert await client.body(3) == b"GIF"
            status, headers, _ = await client.hear()
            assert status == 404
            await client.body(int(headers["content-length"]))
            assert (await client.hear())[0] == 200
            assert await client.body(3) == b"<p>"
            assert (await client.hear())[0] == 302
            assert following.counted["open", False] == 1

    asyncio.run(scene())


def test_who_says_no_more_still_hears_his_answer() -> None:
    async def scene() -> None:
        async with _listening() as (following, connect):
            for path in ("/t/shop", "/t/page"):
                client = await connect()
                client.say(_ask(path))
                client.end()
                assert (await client.rest()).startswith(b"HTTP/1.1 ")
            assert following.counted["redirection", True] == 1
            assert len(following.bodies) == 1

    asyncio.run(scene())


def test_what_comes_after_a_request_takes_its_answer_from_nobody() -> None:
    async def scene() -> None:
        async with _listening() as (following, connect):
            client = await connect()
            client.say(_ask("/t/later") + "\0\0\0\0")
            await following.reached.wait()
            following.disk[0](True)
            heard = await client.rest()
            assert heard.startswith(b"HTTP/1.1 200 ")
            assert b"connection: close" in heard
            assert heard.endswith(b"GIF")

    asyncio.run(scene())


def test_nothing_is_followed_after_the_last_request() -> None:
    async def scene() -> None:
        async with _listening() as (following, connect):
            client = await connect()
            client.say(_ask("/t/forged", "GET", "Connection: close") + _ask("/t/shop"))
            assert (await client.rest()).count(b"HTTP/1.1") == 1
            assert [path for _, path, _, _ in following.asked] == ["/t/forged"]

    asyncio.run(scene())


def test_a_crowd_of_requests_on_one_connection_ends_it() -> None:
    async def scene() -> None:
        async with _listening() as (following, connect):
            client = await connect()
            client.say(_ask("/t/later") + _ask("/") * 2_000)
            await following.reached.wait()
            following.disk[0](True)
            assert (await client.rest()).count(b"HTTP/1.1") <= 1 + 2 * 32

    asyncio.run(scene())


def test_who_never_reads_fills_no_memory_and_is_cut_off() -> None:
    async def scene() -> None:
        async with _listening(stall_seconds=0.1) as (following, connect):
            client = await connect()
            client.pause()
            with suppress(ConnectionError):
                for _ in range(2_000):
                    client.say(_ask("/t/forged") * 64)
                    await client.drain()
            assert len(following.asked) < 20_000  # as many as the system's own buffers take

    asyncio.run(scene())


def test_head_has_no_body() -> None:
    async def scene() -> None:
        async with _listening() as (_, connect):
            client = await connect()
            for path in ("/t/forged", "/t/page", "/elsewhere"):
                client.say(_ask(path, "HEAD"))
                assert int((await client.hear())[1]["content-length"]) > 0
            client.say(_ask("/t/shop", "HEAD", "Connection: close"))
            status, headers, _ = await client.hear()
            assert (status, headers["connection"]) == (302, "close")
            assert await client.rest() == b""

    asyncio.run(scene())


def test_what_is_posted_arrives() -> None:
    async def scene() -> None:
        async with _listening() as (following, connect):
            client = await connect()
            client.say(_ask("/t/page", "POST", "Content-Length: 5") + "hel")
            await asyncio.sleep(0.01)
            client.say("lo")
            assert (await client.hear())[0] == 200
            assert following.bodies == [b"hello"]

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("nonsense\r\n\r\n", 400),
        ("GET /t/shop HTTP/1.1\r\nHost: a\r\nBad\x00Header: 1\r\n\r\n", 400),
        ("GET /t/shop HTTP/1.1\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n", 302),
        ("GET /t/page HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n", 200),
        ("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 404),
        ("GET /t/" + "x" * 40_000, 431),
        (f"GET /t/shop HTTP/1.1\r\nCookie: {'x' * 40_000}", 431),
        (_ask("/t/page", "POST", "Content-Length: 5000") + "x" * 5_000, 413),
        (_ask("/"), 404),
        (_ask("/actions/events"), 404),
        (_ask("/%74/shop"), 302),
        (_ask("http://a.example/t/shop"), 302),
    ],
)
def test_every_request_has_an_answer(sent: str, status: int) -> None:
    async def scene() -> None:
        async with _listening() as (_, connect):
            client = await connect()
            client.say(sent)
            assert (await client.hear())[0] == status

    asyncio.run(scene())


def test_who_says_nothing_whole_is_cut_off() -> None:
    async def scene() -> None:
        async with _listening(stall_seconds=0.1) as (_, connect):
            silent, slow = await connect(), await connect()
            slow.say("GET /t/shop HTTP/1.1\r\nHost:")
            assert await silent.rest() == b""
            assert await slow.rest() == b""

    asyncio.run(scene())


def test_who_is_idle_makes_room_for_others() -> None:
    async def scene() -> None:
        async with _listening(connections_limit=2) as (_, connect):
            first, second = await connect(), await connect()
            for client in (second, first):
                client.say(_ask("/t/shop"))
                await client.hear()
            third = await connect()
            third.say(_ask("/t/shop"))
            assert (await third.hear())[0] == 302
            assert await second.rest() == b""
            first.say(_ask("/t/shop"))
            assert (await first.hear())[0] == 302

    asyncio.run(scene())


def test_an_answer_under_way_is_ended_at_the_end() -> None:
    async def scene() -> bytes:
        async with _listening() as (following, connect):
            client = await connect()
            client.say(_ask("/t/later"))
            await following.reached.wait()
            asyncio.get_running_loop().call_later(0.05, following.disk[0], True)
            reading = asyncio.ensure_future(client.rest())
            await asyncio.sleep(0)
        return await reading

    assert asyncio.run(scene()).endswith(b"GIF")


@pytest.mark.parametrize("address", ["8081", ":8081", "localhost:", "a b:1", "127.0.0.1:99999", "192.0.2.1:0"])
def test_an_address_that_cannot_be_listened_on_is_named(address: str) -> None:
    with (
        pytest.raises(InvalidSetting, match="ESTAMPE_LINKS_LISTEN"),
        reserved(Following(), Settings(links_listen=address)),  # type: ignore[arg-type]  a fake
    ):
        pass


def test_a_visit_of_a_closed_connection_harms_nobody() -> None:
    async def scene() -> None:
        async with _listening() as (following, connect):
            client = await connect()
            client.say(_ask(f"/t/{uuid4()}later"))
            await following.reached.wait()
            client.close()
            await asyncio.sleep(0.01)
            following.disk[0](True)
            other = await connect()
            other.say(_ask("/t/shop"))
            assert (await other.hear())[0] == 302

    asyncio.run(scene())
