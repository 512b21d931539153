"""Strangers and their links: what is forged, broken, huge or slow gets a clean refusal and leaves nothing behind."""

from __future__ import annotations

import base64
import os
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

import httpx
import pytest
from mailing import Mailing, recipient
from readers import PATIENCE_S, browsing, header_of, hits_of, html_of, listed, needs_chromium

from estampe.tracking.linking.links import Addressed, LinkKind, Links
from smtp_servers import SmtpServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from playwright.sync_api import Browser

pytestmark = pytest.mark.e2e
leaves_nothing = pytest.mark.usefixtures("unmoved")

STALL_S = 1
GROWTH_MIB = 48

HTML = """\
<!doctype html>
<title>Hello</title>
<p><a id="good" tracking="Enabled" dataminingname='"><script>document.title="ran"</script>' \
href="https://shop.example/?q=%3Cscript%3E">{{ name | safe }}</a></p>
<p><a id="javascript" tracking="Enabled" dataminingname="a" href="javascript:document.title='ran'">a</a>
<a id="mixed" tracking="Enabled" href=" jAvA&#x0A;script:document.title='ran'">b</a>
<a id="data" tracking="Enabled" href="data:text/html,<script>opener.document.title='ran'</script>">c</a>
<a id="vbscript" tracking="Enabled" href="vbscript:x">d</a>
<a id="relative" tracking="Enabled" href="//evil.example/">e</a>
<a id="file" tracking="Enabled" href="file:///etc/passwd">f</a></p>
<p><a id="break" tracking="Enabled" href="https://shop.example/&#13;&#10;Set-Cookie: stolen=1">g</a>
<a id="broken" tracking="Enabled" href="https://shop.example/%0d%0aSet-Cookie:%20stolen=1">h</a>
<a id="word" tracking="Enabled" href="https://bücher.example/münchen?q=é">i</a>
<a id="long" tracking="Enabled" href="https://shop.example/{{ 'x' * 20000 }}">j</a></p>
<p><a id="mirror" href="MirrorPage" linktype="System">k</a> <a id="leave" href="Unsubscribe" linktype="System">l</a></p>
<script>document.title = "ran"</script>
<form id="form" action="javascript:document.title='ran'"><button>m</button></form>
<svg onload="document.title='ran'"></svg><iframe srcdoc="<script>parent.document.title='ran'</script>"></iframe>
"""
NAME = '<img src="data:," alt="" onerror="document.title=\'ran\'">'
CONTENT = {
    "headers": {"from": {"prefix": "shop", "domain": "shop.example", "label": "The Shop"}},
    "subject": "Hello",
    "html": HTML,
}
NEVER = ("javascript", "mixed", "data", "vbscript", "relative", "file", "long")
"""Links that stay as they are written."""

PEOPLE = tuple(f"{name}@inbox.example" for name in ("victim", "other", "flooded", "tested", "watched"))


class World:
    """A server without a proxy before it, and a message for each of some people.

    Parameters:
        live: the server.
        url: where it answers links.
        mailing: the customer.
        mails: by address.
    """

    def __init__(self, live: Any, url: str, mailing: Mailing, mails: Mapping[str, bytes]) -> None:
        self.live = live
        self.url = url
        self.mailing = mailing
        self.mails = mails
        self.host, port = url.removeprefix("http://").split(":")
        self.port = int(port)

    def links(self, name: str) -> dict[str, str]:
        """Return the targets of all links of somebody's message, by the links' ids."""
        html = html_of(self.mails[f"{name}@inbox.example"])
        return {name: unescape(target) for name, target in re.findall(r'<a id="(\w+)"[^>]*? href="([^"]*)"', html)}

    def path(self, name: str, link: str) -> str:
        """Return the path of a link of somebody's message."""
        return self.links(name)[link].removeprefix(self.url)

    def ask(self, head: bytes, body: bytes = b"") -> Answer:
        """Send bytes as they are; return what comes back until the connection is over."""
        with socket.create_connection((self.host, self.port), timeout=PATIENCE_S) as connection:
            received = b""
            try:
                connection.sendall(head + b"\r\nHost: a.example\r\nConnection: close\r\n\r\n" + body)
                while part := connection.recv(65_536):
                    received += part
            except ConnectionError:  # refused before it had read everything
                pass
        return Answer(int(received[9:12] or 0), received)

    def spooled(self) -> dict[str, int]:
        """Return the sizes of the files of hits that wait."""
        return {str(file): file.stat().st_size for file in sorted(self.live.data.rglob("*")) if "spool" in str(file)}

    def resident_mib(self) -> float:
        """Return how much memory the server has."""
        pages = int(Path(f"/proc/{self.live.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE") / 1_048_576


class Answer(NamedTuple):
    """An answer as it came, and its status; 0: none came."""

    status: int
    octets: bytes

    @property
    def head(self) -> bytes:
        return self.octets.partition(b"\r\n\r\n")[0].lower()


@pytest.fixture(scope="module", params=["with the API", "links alone"])
def world(
    request: pytest.FixtureRequest, start_shared: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """Links are answered where the API is, and where nothing else is."""
    port, alone = free_port(), request.param == "links alone"
    url = f"http://127.0.0.1:{port}"
    with SmtpServer().running() as mail_server:
        live = start_shared(
            tmp_path_factory.mktemp("hostile"),
            relays=mail_server.url,
            public_url=url,
            **({"links_listen": f"127.0.0.1:{port}"} if alone else {"port": port}),
            judge_seconds=0,
            stall_seconds=STALL_S,
            rate=0,
        )
        with closing(Mailing(live.url, live.data)) as mailing:
            mailing.validate(content=CONTENT)
            mailing.keep(PEOPLE)
            results = mailing.execute([recipient(each, variables={"name": NAME}) for each in PEOPLE])
            mailing.settled({result["id"] for result in results})
            mails = {header_of(each.message, "To"): each.message for each in mail_server.received}
            yield World(live, url, mailing, mails)


@pytest.fixture
def unmoved(world: World) -> Iterator[None]:
    """See that a test leaves neither a visit nor an event, and a server that lives on."""
    before = world.spooled()
    yield
    assert {name: size for name, size in world.spooled().items() if size > before.get(name, 0)} == {}
    assert world.ask(b"GET %b HTTP/1.1" % world.path("watched", "leave").encode()).status == 200
    assert hits_of(world.mailing.client, "victim@inbox.example", 0) == []
    assert [line for line in world.live.lines if line.get("level") in {"error", "critical"}] == []


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Playwright runs an event loop in this thread, so nothing else may begin while it does."""
    with browsing() as browser:
        yield browser


def forged(world: World) -> Iterator[str]:
    """Yield tokens that are almost ours."""
    token, other = (world.path(name, "good").removeprefix("/t/") for name in ("victim", "other"))
    octets = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for bit in range(0, len(octets) * 8, 7):
        changed = bytearray(octets)
        changed[bit // 8] ^= 1 << bit % 8
        yield base64.urlsafe_b64encode(changed).decode().rstrip("=")
    yield from (token[:length] for length in range(1, len(token), 5))
    yield from (token + more for more in ("A", "=", "==", "AAAA", ".", token))
    yield from (token[:at] + other[at:] for at in range(10, len(token), 11) if token[:at] + other[at:] != other)
    yield token[:-1] + chr(ord(token[-1]) ^ 1)
    yield token.swapcase()
    yield token[::-1]
    foreign = Links({1: b"another secret, as long as ours is"}, "")
    for kind in LinkKind:
        seal = foreign.seal(Addressed(1, world.mailing.action, "00000001", uuid4()))
        yield seal.address(kind, target="https://evil.example/")
    yield from ("A", "A" * 40, "-" * 8_000, "A" * 60_000)


@leaves_nothing
def test_forged_tokens_get_a_plain_page_and_no_way_on(world: World) -> None:
    with httpx.Client(base_url=world.url, trust_env=False) as stranger:
        for token in forged(world):
            for method in ("GET", "HEAD", "POST"):
                answer = stranger.request(method, f"/t/{token}")
                assert answer.status_code == (414 if len(token) > 9_000 and answer.status_code == 414 else 404), token
                assert answer.headers["content-type"].startswith("text/html")
                assert "location" not in answer.headers
                assert token not in answer.text or len(token) < 8


@pytest.mark.parametrize(
    "path",
    [
        "/t", "/t/", "/t//", "/t/..", "/t/../metrics", "/t/%2e%2e/metrics", "/t/%2e%2e%2fmetrics", "/t/%00",
        "/t/%0d%0aSet-Cookie:a", "/t/{token}/", "/t/{token}/more", "/t/{token}%00", "/t/{token}%0d%0aSet-Cookie:a=b",
        "/t/{token}%20", "/t/{token};a=b", "/t//{token}", "/t/./{token}", "/T/{token}", "/t/{token}{token}", "/t/%zz",
        "/t/%", "/t/%c3%28", "/t/%e2%80%ae", "/t/%25{token}", "/t/{long}", "/t/<script>", "/t/{token}\\..\\x",
        "/t/xn--bcher-kva.example", "/t/https://evil.example/", "//evil.example/%2e%2e", "/t/\xff\xfe",
        "/t/b\xfccher", "/t/{token}\x00", "/t/{token}\x01", "/t/{token} x",
    ],
)  # fmt: skip
@leaves_nothing
def test_odd_paths_are_refused(world: World, path: str) -> None:
    token = world.path("victim", "good").removeprefix("/t/")
    written = path.replace("{token}", token).replace("{long}", "A" * 70_000)
    for method in (b"GET", b"POST"):
        answer = world.ask(b"%b %b HTTP/1.1" % (method, written.encode("latin-1")))
        assert answer.status in {400, 404, 405, 414}, answer
        assert b"\nlocation:" not in answer.head
        assert b"\nset-cookie:" not in answer.head
        assert b"<script" not in answer.octets


@pytest.mark.parametrize(
    ("header", "statuses"),
    [
        (b"User-Agent: " + b"x" * 65_536, {431}),
        (b"User-Agent: " + b"x" * 3_000, {431}),
        (b"User-Agent: a\x01b", {400}),
        (b"User-Agent: a\x00b", {400}),
        (b"User-Agent: a\x7fb", {400}),
        (b"User-Agent: a\x1b[31m", {400}),
        (b"X: " + b"x" * 1_000_000, {431}),
        (b"\r\n".join(b"X-%d: %b" % (number, b"a" * 400) for number in range(1_000)), {431}),
        (b"User Agent: x", {400}),
        (b": x", {400}),
    ],
    ids=lambda value: (
        None if isinstance(value, set) else value[:16].decode("latin-1").encode("unicode_escape").decode()
    ),
)
@leaves_nothing
def test_agents_and_headers_that_no_browser_sends_are_refused(world: World, header: bytes, statuses: set[int]) -> None:
    for link in ("good", "mirror"):
        answer = world.ask(b"GET %b HTTP/1.1\r\n%b" % (world.path("victim", link).encode(), header))
        assert answer.status in statuses, answer.octets[:300]


@pytest.mark.parametrize("method", [b"OPTIONS", b"PUT", b"DELETE", b"PATCH", b"TRACE", b"PROPFIND", b"X" * 500])
@leaves_nothing
def test_other_methods_are_refused(world: World, method: bytes) -> None:
    for link in ("good", "mirror", "leave"):
        answer = world.ask(b"%b %b HTTP/1.1" % (method, world.path("victim", link).encode()))
        assert answer.status in {400, 405, 501}, answer
        if answer.status == 405:
            assert re.search(rb"\nallow: get, head(, post)?(\r|$)", answer.head)


@pytest.mark.parametrize("link", ["good", "mirror"])
@leaves_nothing
def test_only_the_page_that_unsubscribes_takes_a_post(world: World, link: str) -> None:
    answer = world.ask(b"POST %b HTTP/1.1\r\nContent-Length: 1" % world.path("victim", link).encode(), b"a")
    assert answer.status == 405


@leaves_nothing
def test_bodies_that_are_huge_endless_or_never_come_unsubscribe_nobody(world: World) -> None:
    path = world.path("victim", "leave").encode()
    huge = world.ask(b"POST %b HTTP/1.1\r\nContent-Length: 5000000" % path, b"a" * 5_000_000)
    assert huge.status in {0, 413}  # 0: cut off while it was still sending
    chunks = b"1000\r\n%b\r\n" % (b"a" * 4_096) * 500
    assert world.ask(b"POST %b HTTP/1.1\r\nTransfer-Encoding: chunked" % path, chunks).status in {0, 413}
    began_s = time.monotonic()
    with ThreadPoolExecutor(50) as threads:
        asked = [
            threads.submit(world.ask, b"POST %b HTTP/1.1\r\nContent-Length: 20" % path, b"List") for _ in range(50)
        ]
        statuses = {each.result().status for each in asked}
    assert statuses <= {0, 400, 408}
    assert time.monotonic() - began_s < 10 * STALL_S
    leavers = [entry["unicity"] for entry in world.mailing.ask("GET", "/targets/redlist/mail")]
    assert "victim@inbox.example" not in leavers


@leaves_nothing
def test_floods_of_strangers_take_no_memory(world: World) -> None:
    tokens = [token for token in forged(world) if len(token) < 9_000]
    good = world.path("victim", "good")

    def strange(number: int) -> int:
        with httpx.Client(base_url=world.url, trust_env=False) as stranger:
            for token in tokens:
                stranger.post(f"/t/{token}", headers={"user-agent": f"x{number}"})
            return stranger.get(good, headers={"user-agent": "x" * 60_000}).status_code

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(strange, range(4))) == {431}
        before_mib = world.resident_mib()
        assert set(threads.map(strange, range(40))) == {431}
    assert world.resident_mib() - before_mib < GROWTH_MIB


def test_what_strangers_say_of_their_address_is_not_believed(world: World) -> None:
    said = {"x-forwarded-for": "198.51.100.1", "forwarded": "for=198.51.100.1", "x-real-ip": "198.51.100.1"}
    answer = httpx.get(world.links("tested")["good"], headers=said, trust_env=False)
    assert answer.status_code == 302
    (hit,) = hits_of(world.mailing.client, "tested@inbox.example", 1)
    assert hit["source"]["detail"]["client"]["ip"] == {"type": "v4", "value": "127.0.0.1"}
    assert hit["source"]["detail"]["link"]["label"] == '"><script>document.title="ran"</script>'


def test_a_flood_of_clicks_unsubscribes_once(world: World) -> None:
    address, clicks = "flooded@inbox.example", 300

    link = world.links("flooded")["leave"]
    with httpx.Client(trust_env=False) as client, ThreadPoolExecutor(8) as threads:
        posted = threads.map(lambda _: client.post(link, content=b"List-Unsubscribe=One-Click"), range(clicks))
        assert {answer.status_code for answer in posted} == {200}
    assert len(hits_of(world.mailing.client, address, clicks)) == clicks
    assert len(listed(world.mailing.client, "/targets/events/optouts", 1, {"unicity": address})) == 1
    entries = world.mailing.ask("GET", "/targets/redlist/mail")
    assert [entry["origin"] for entry in entries if entry["unicity"] == address] == [4]


@leaves_nothing
def test_targets_that_are_no_addresses_of_pages_never_become_links(world: World) -> None:
    links = world.links("victim")
    assert {name for name in NEVER if "/t/" in links[name]} == set()
    assert links["javascript"] == "javascript:document.title='ran'"


def test_a_redirection_has_one_clean_header(world: World) -> None:
    wanted = {
        "broken": "https://shop.example/%0d%0aSet-Cookie:%20stolen=1",
        "word": "https://xn--bcher-kva.example/m%C3%BCnchen?q=%C3%A9",
    }
    for name, location in wanted.items():
        answer = world.ask(b"GET %b HTTP/1.1" % world.path("other", name).encode())
        assert answer.status == 302
        assert b"\nset-cookie:" not in answer.head
        (said,) = re.findall(rb"\r\nlocation: (.*?)\r\n", answer.octets, re.IGNORECASE)
        assert said.decode("ascii") == location
    link = world.links("other")["break"]
    if "/t/" in link:
        assert world.ask(b"GET %b HTTP/1.1" % world.path("other", "break").encode()).status == 404


@needs_chromium
@pytest.mark.parametrize("link", ["mirror", "leave"])
def test_no_page_runs_what_a_message_or_its_reader_brings(world: World, browser: Browser, link: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(world.links("other")[link])
    page.wait_for_load_state("networkidle")
    assert page.title() != "ran"
    if link == "mirror":
        page.locator("#javascript").click()
        page.locator("#form button").click()
        assert page.title() != "ran"
        assert page.evaluate("origin") == "null"  # nothing of this server's own is within its reach
    assert context.cookies() == []
    context.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
