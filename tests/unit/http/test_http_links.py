"""Links of messages: only ours lead anywhere, each visit is kept before its answer, and strangers leave none."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from estampe.execution.composing.child import NoComposer
from estampe.http.api import Api
from estampe.http.metrics import Metrics
from estampe.http.services import Services
from estampe.settings import InvalidSetting, Settings
from estampe.tracking.linking.links import PATH, Addressed, LinkKind, Links, Part, read
from estampe.tracking.spooling.spool import Spool
from estampe.tracking.spooling.visits import HEADERS, Visit, decode

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

TARGET = "https://shop.example/autumn/boots?size=42#top"
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
MESSAGE = Addressed(1, "000PE4", "0013KDC8", uuid4())
LEADING = (LinkKind.REDIRECTION, LinkKind.FORM)
EVERY = tuple(LinkKind)


class Tracking:
    """Links and a spool, and nobody who takes from it."""

    def __init__(self, settings: Settings) -> None:
        self.links = Links({1: b"k" * 32}, PATH)
        self.spool = Spool(settings.data / "spool", limit=settings.spool_limit)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        yield


class Mirrors:
    """Stands for execution: shows messages as pages, or raises."""

    def __init__(self) -> None:
        self.html: str | Exception | None = None
        self.asked: list[tuple[int, str, str, UUID]] = []

    async def mirror(self, customer: int, action: str, contact: str, stamp: UUID) -> str | None:
        self.asked.append((customer, action, contact, stamp))
        if isinstance(self.html, Exception):
            raise self.html
        return self.html


class Reader:
    """Follows links as a browser does, and looks what was kept of that."""

    def __init__(self, call: Any, **chosen: Any) -> None:
        settings = Settings(data=call.settings.data, **chosen)
        self.tracking = Tracking(settings)
        self.mirrors = Mirrors()
        self.metrics = Metrics()
        self.services = Services(
            settings,
            call.logs,
            call.keys,
            self.metrics,
            catalog=call.services.catalog,
            execution=self.mirrors,  # type: ignore[arg-type]
            tracking=self.tracking,
        )
        self.api = Api(self.services)

    def __call__(
        self, link: str, method: str = "GET", *, peer: str = "203.0.113.9", headers: Any = None, **request: Any
    ) -> httpx.Response:
        return asyncio.run(self._send(method, link, peer, headers or {"user-agent": AGENT}, **request))

    async def _send(self, method: str, link: str, peer: str, headers: Any, **request: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.api, raise_app_exceptions=False, client=(peer, 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://estampe") as client:
            client.headers.clear()
            return await client.request(method, link, headers=headers, **request)

    def link(self, kind: LinkKind = LinkKind.REDIRECTION, *, target: str = TARGET, **said: Any) -> str:
        seal = self.tracking.links.seal(MESSAGE)
        return seal.address(kind, part=Part.HTML, target=target if kind in LEADING else "", **said)

    def visits(self) -> list[Visit]:
        return [decode(kept.visit) for kept in self.tracking.spool.take(1_000)]

    def counted(self) -> dict[tuple[str, str], float]:
        families = text_string_to_metric_families(self.metrics.render().decode())
        samples = next(family.samples for family in families if family.name == "estampe_visits")
        return {(sample.labels["kind"], sample.labels["outcome"]): sample.value for sample in samples}

    def close(self) -> None:
        self.services.close()
        self.tracking.spool.close()


@pytest.fixture
def readers(call: Any) -> Iterator[Callable[..., Reader]]:
    """Make readers of servers with settings of their own."""
    made: list[Reader] = []

    def make(**chosen: Any) -> Reader:
        made.append(Reader(call, **chosen))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def reader(readers: Callable[..., Reader]) -> Reader:
    return readers()


@pytest.mark.parametrize("kind", LEADING)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_link_leads_to_its_target(reader: Reader, kind: LinkKind, method: str) -> None:
    answer = reader(reader.link(kind), method)
    assert (answer.status_code, answer.headers["location"], answer.content) == (302, TARGET, b"")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex"


def test_the_target_may_learn_which_page_led_to_it(reader: Reader) -> None:
    assert "referrer-policy" not in reader(reader.link()).headers


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_open_is_answered_by_a_dot(reader: Reader, method: str) -> None:
    answer = reader(reader.link(LinkKind.OPEN), method)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/gif")
    assert answer.headers["content-length"] == "43"
    assert answer.headers["cache-control"] == "no-store"
    assert len(answer.content) == (43 if method == "GET" else 0)


@pytest.mark.parametrize("kind", [LinkKind.OPEN, *LEADING])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_visit_is_kept_with_what_the_request_says(reader: Reader, kind: LinkKind, method: str) -> None:
    reader(reader.link(kind, label="boots"), method, headers={"User-Agent": AGENT, "Referer": "x", "Sec-Purpose": "y"})
    (visit,) = reader.visits()
    link = read(visit.link)
    assert (link.message, link.kind, link.part, link.label) == (MESSAGE, kind, Part.HTML, "boots")
    assert (visit.address, visit.agent, visit.method, visit.one_click) == ("203.0.113.9", AGENT, method, False)
    assert visit.names() == ("referer", "sec-purpose")
    assert reader.counted() == {(kind.name.lower(), "kept"): 1}


def test_each_header_that_rules_know_is_noted(reader: Reader) -> None:
    reader(reader.link(), headers=dict.fromkeys(HEADERS, "a"))
    assert reader.visits()[0].names() == HEADERS


def test_a_request_that_says_nothing_of_itself_is_answered(reader: Reader) -> None:
    assert reader(reader.link(), headers={"host": "a"}).status_code == 302
    assert reader.visits()[0].agent == ""


def test_a_query_that_others_append_does_no_harm(reader: Reader) -> None:
    assert reader(reader.link() + "?utm_source=other&fbclid=x").headers["location"] == TARGET


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("HTTPS://Shop.example/", "HTTPS://Shop.example/"),
        ("https://shop.example/a b", "https://shop.example/a%20b"),
        ("https://shop.example/%C3%A9?q=é", "https://shop.example/%C3%A9?q=%C3%A9"),
        ("https://bücher.example/é", "https://xn--bcher-kva.example/%C3%A9"),
        ("http://user@bücher.example:8080?ü", "http://user@xn--bcher-kva.example:8080?%C3%BC"),
        (f"https://{'ü' * 70}.example/", f"https://{'%C3%BC' * 70}.example/"),
        ("https://shop.example/?a=\u2028\u200b", "https://shop.example/?a=%E2%80%A8%E2%80%8B"),
    ],
)
def test_a_target_is_written_in_ascii(reader: Reader, target: str, location: str) -> None:
    assert reader(reader.link(target=target)).headers["location"] == location


@pytest.mark.parametrize(
    "target",
    [
        "",
        "shop.example",
        "//shop.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://shop.example/",
        "https://",
        "https:///path",
        "https://shop.example/\r\nset-cookie: a=b",
        "https://shop.example/\x00",
        "https://shop.example/é\x7f",
        "https://shop.example/\x85",
        " https://shop.example/",
    ],
)
def test_a_link_to_what_is_no_page_leads_nowhere(reader: Reader, target: str) -> None:
    """Its author's mistake, or worse."""
    answer = reader(reader.link(target=target))
    assert answer.status_code == 404
    assert "location" not in answer.headers
    assert reader.visits() == []


def broken(link: str) -> list[str]:
    token = link.removeprefix(PATH)
    foreign = Links({1: b"f" * 32}, "").seal(MESSAGE).address(LinkKind.REDIRECTION, target="https://evil.example/")
    changed = token[:-5] + ("A" if token[-5] != "A" else "B") + token[-4:]
    return [
        "",
        "x",
        token[:-1],
        token + "A",
        token + "=",
        changed,
        foreign,
        token * 2,
        "A" * 9_000,
        "..%2Fx",
        "%00",
        "é",
    ]


def test_whatever_is_no_link_of_ours_gets_the_same_plain_page(reader: Reader) -> None:
    bodies = set()
    for token in broken(reader.link()):
        answer = reader(PATH + token)
        assert answer.status_code == 404
        assert "location" not in answer.headers
        bodies.add(answer.content)
    assert len(bodies) == 1
    assert reader.visits() == []
    assert reader.counted() == {("unknown", "forged"): len(broken(reader.link()))}


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"])
def test_other_methods_are_refused(reader: Reader, kind: LinkKind, method: str) -> None:
    if (kind, method) == (LinkKind.UNSUBSCRIBE, "POST"):
        return
    answer = reader(reader.link(kind), method)
    allowed = "GET, HEAD, POST" if kind is LinkKind.UNSUBSCRIBE else "GET, HEAD"
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert reader.visits() == []
    assert reader.counted() == {(kind.name.lower(), "refused"): 1}


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize(
    ("agent", "status"),
    [
        (b"x" * 2_049, 431),
        (b"x" * 65_536, 431),
        (b"a\rb", 400),
        (b"a\x00b", 400),
        (b"a\x7fb", 400),
        (b"a\tb", 400),
        ("a\x9bb".encode(), 400),
    ],
)
def test_agents_that_no_browser_has_are_refused(reader: Reader, kind: LinkKind, agent: bytes, status: int) -> None:
    answer = reader(reader.link(kind), headers={b"user-agent": agent})
    assert answer.status_code == status
    assert agent not in answer.content
    assert reader.visits() == []
    assert reader.counted() == {("unknown", "refused"): 1}


@pytest.mark.parametrize("agent", ["x" * 2_048, "Mozilla/5.0 (Ünicode; 浏览器)", "a\xa0b"])
def test_agents_that_are_only_strange_are_kept(reader: Reader, agent: str) -> None:
    assert reader(reader.link(), headers={b"user-agent": agent.encode()}).status_code == 302
    assert reader.visits()[0].agent == agent


def test_an_agent_that_is_no_text_is_kept_as_far_as_it_is(reader: Reader) -> None:
    reader(reader.link(), headers={b"user-agent": b"Op\xe9ra"})
    assert reader.visits()[0].agent == "Op\ufffdra"


def test_a_stranger_cannot_say_where_he_comes_from(reader: Reader) -> None:
    reader(reader.link(), headers={"x-forwarded-for": "198.51.100.1"})
    assert reader.visits()[0].address == "203.0.113.9"


def test_a_proxy_says_where_a_reader_comes_from(readers: Callable[..., Reader]) -> None:
    reader = readers(proxies="203.0.113.0/24", shorten_addresses=True)
    reader(reader.link(), headers=[("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "198.51.100.1:80")])
    assert reader.visits()[0].address == "198.51.100.0"


def test_proxies_that_are_none_are_told_at_start(readers: Callable[..., Reader]) -> None:
    with pytest.raises(InvalidSetting):
        readers(proxies="nginx")


def test_a_link_works_though_its_visit_cannot_be_kept(readers: Callable[..., Reader]) -> None:
    reader = readers(spool_limit=1)
    assert reader(reader.link()).headers["location"] == TARGET
    assert reader(reader.link(LinkKind.OPEN)).status_code == 200
    assert reader.counted() == {("redirection", "lost"): 1, ("open", "lost"): 1}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_at_the_page_that_unsubscribes_notes_nothing(reader: Reader, method: str) -> None:
    answer = reader(reader.link(LinkKind.UNSUBSCRIBE), method)
    assert answer.status_code == 200
    assert ('<form method="post">' in answer.text) == (method == "GET")
    assert reader.visits() == []


MULTIPART = b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'


@pytest.mark.parametrize(
    ("body", "one_click"),
    [
        (b"", False),
        (b"\0\xff", False),
        (b"{" * 1_024, False),
        (b"List-Unsubscribe=One-Click", True),
        (b"List-Unsubscribe=One-Click\r\n", True),
        (MULTIPART, True),
    ],
)
def test_a_post_unsubscribes(reader: Reader, body: bytes, one_click: bool) -> None:
    """Mail programs differ in what they post."""
    answer = reader(reader.link(LinkKind.UNSUBSCRIBE), "POST", content=body)
    assert (answer.status_code, "Unsubscribed" in answer.text) == (200, True)
    (visit,) = reader.visits()
    assert (visit.method, visit.one_click) == ("POST", one_click)
    assert reader.counted() == {("unsubscribe", "kept"): 1}


def test_a_long_body_unsubscribes_nobody(reader: Reader) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 100

    assert reader(reader.link(LinkKind.UNSUBSCRIBE), "POST", content=b"x" * 1_025).status_code == 413
    assert reader(reader.link(LinkKind.UNSUBSCRIBE), "POST", content=chunks()).status_code == 413
    assert reader.visits() == []


def test_a_body_that_does_not_come_unsubscribes_nobody(readers: Callable[..., Reader]) -> None:
    async def nothing() -> AsyncIterator[bytes]:
        yield b"List-"
        await asyncio.sleep(10)

    reader = readers(stall_seconds=0.1)
    answer = reader(reader.link(LinkKind.UNSUBSCRIBE), "POST", content=nothing())
    assert (answer.status_code, answer.headers["connection"]) == (408, "close")
    assert reader.visits() == []


def test_nobody_is_told_that_he_is_unsubscribed_while_he_is_not(readers: Callable[..., Reader]) -> None:
    reader = readers(spool_limit=1)
    answer = reader(reader.link(LinkKind.UNSUBSCRIBE), "POST")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert "Unsubscribed" not in answer.text
    assert reader.counted() == {("unsubscribe", "lost"): 1}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_mirror_page_is_the_message_in_isolation(reader: Reader, method: str) -> None:
    reader.mirrors.html = "<p>été</p>"
    answer = reader(reader.link(LinkKind.MIRROR), method)
    assert (answer.status_code, answer.text) == (200, "<p>été</p>" if method == "GET" else "")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-length"] == str(len("<p>été</p>".encode()))
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox ")
    assert not re.search("allow-scripts|allow-same-origin|script-src", policy)
    assert reader.mirrors.asked == [tuple(MESSAGE)]
    (visit,) = reader.visits()
    assert read(visit.link).kind is LinkKind.MIRROR


def test_a_message_that_is_kept_no_more_is_missed_on_a_page(reader: Reader) -> None:
    answer = reader(reader.link(LinkKind.MIRROR))
    assert (answer.status_code, "can no longer be shown" in answer.text) == (404, True)


@pytest.mark.parametrize("fault", [NoComposer("all are busy"), RuntimeError("what nobody thought of")])
def test_a_message_that_cannot_be_shown_now_may_be_later(reader: Reader, fault: Exception) -> None:
    reader.mirrors.html = fault
    answer = reader(reader.link(LinkKind.MIRROR))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert str(fault) not in answer.text


def test_no_page_says_anything_of_the_request_or_can_be_framed(reader: Reader) -> None:
    answers = [
        reader(f"{PATH}abc%3Cscript%3E", headers={"user-agent": "<script>"}),
        reader(reader.link(LinkKind.UNSUBSCRIBE)),
        reader(reader.link(LinkKind.UNSUBSCRIBE), "POST", content=b"<script>"),
        reader(reader.link(LinkKind.MIRROR)),
        reader(reader.link(), "PUT"),
    ]
    for answer in answers:
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "script" not in answer.text
        assert "http" not in answer.text.removeprefix("<!doctype html>")
        assert '<html lang="en">' in answer.text


def test_metrics_tell_what_waits(reader: Reader) -> None:
    for _ in range(3):
        reader(reader.link())
    rendered = reader.metrics.render().decode()
    assert "estampe_spool_visits 3.0" in rendered
    assert f"estampe_spool_bytes {float(reader.tracking.spool.size())}" in rendered


def test_what_fails_in_tracking_is_answered_all_the_same(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("nobody thought of it")

    monkeypatch.setattr(reader.tracking.spool, "put", fail)
    assert reader(reader.link()).status_code == 302
    assert reader(reader.link(LinkKind.UNSUBSCRIBE), "POST").status_code == 503


def test_without_tracking_there_are_no_links(call: Any) -> None:
    assert call("GET", f"{PATH}x", key=None).status_code == 404


def test_both_ends_of_tracking_run_while_the_server_does(call: Any) -> None:
    running: list[str] = []

    def part(name: str) -> Any:
        @asynccontextmanager
        async def run() -> AsyncIterator[None]:
            running.append(name)
            yield
            running.remove(name)

        return SimpleNamespace(running=run)

    async def serve() -> None:
        call.services.tracking, call.services._execution = part("tracking"), part("execution")
        async with call.services.running():
            assert sorted(running) == ["execution", "tracking"]
        assert running == []

    asyncio.run(serve())
