"""A message as people and robots meet it: sent through Postfix, opened in Chromium, its links followed."""

from __future__ import annotations

import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from html import unescape
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest
from mailing import Mailing, recipient
from readers import PATIENCE_S, Reader, browsing, header_of, hits_of, html_of, listed, needs_chromium, shape, shopping
from seed import seed_events

import postfix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from playwright.sync_api import Browser, Page
    from readers import Shop

pytestmark = [pytest.mark.e2e, needs_chromium]

SEED = next(event for event in seed_events() if event["type"] == "hit")
SEED_CLIENT = SEED["source"]["detail"]["client"]
AGENT = SEED_CLIENT["ua"]["ua"]
ADDRESS = SEED_CLIENT["ip"]["value"]

OFFICE = "203.0.113.9"
DESKTOP = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)
GLANCE_MS = 1_200
"""How long a person looks at least before going on."""

QUERY = "/sale?a=1&b=caf%C3%A9+x&a=2&empty=&u=https%3A%2F%2Fa.example%2F%3Fq"

HTML = """\
<!doctype html>
<html><head><title>The sale</title><style>h1 { color: #123 }</style></head>
<body>
<h1>Hello {{ Email }}</h1>
<p><a id="sale" tracking="Enabled" dataminingname="big sale" href="{{ shop }}/sale?a=1&amp;b=caf%C3%A9+x&amp;a=2&amp;\
empty=&amp;u=https%3A%2F%2Fa.example%2F%3Fq#top">See the sale</a></p>
<p><a id="news" tracking="Enabled" dataminingname="news" href="{{ shop }}/news">News</a></p>
<p><a id="plain" href="{{ shop }}/plain?x=1">Not tracked</a>
<a id="mail" href="mailto:help@shop.example">Write us</a></p>
<p><a id="survey" href="SURVEY1" linktype="Form" tracking="Enabled" dataminingname="survey">Tell us</a></p>
<p><a id="mirror" href="MirrorPage" linktype="System">In the browser</a>
<a id="leave" href="Unsubscribe" linktype="System">Unsubscribe</a></p>
<script>document.title = "a script ran"</script>
<img src="data:," alt="" onerror="document.title = 'a script ran'">
</body></html>
"""
CONTENT = {
    "headers": {"from": {"prefix": "shop", "domain": "shop.example", "label": "The Shop"}},
    "subject": "The sale",
    "html": HTML,
}
LINKS = ("sale", "news", "survey", "mirror", "leave")


class Sent(NamedTuple):
    """Messages as they arrived, and their stamps, by address."""

    mails: Mapping[str, bytes]
    stamps: Mapping[str, str]


class World:
    """A server, a shop, a mail server, and a message for each of some people.

    Parameters:
        mailing: the customer.
        shop: where links lead to.
        sent: the messages.
        browser: what people read in.
    """

    def __init__(self, mailing: Mailing, shop: Shop, sent: Sent, browser: Browser) -> None:
        self.mailing = mailing
        self.shop = shop
        self.stamps = sent.stamps
        self._mails = sent.mails
        self._browser = browser

    def html(self, address: str) -> str:
        """Return somebody's message."""
        return html_of(self._mails[address])

    def links(self, address: str) -> dict[str, str]:
        """Return the targets of all links of a message, by the links' ids."""
        found = re.findall(r'<a id="(\w+)"[^>]*? href="([^"]*)"', self.html(address))
        return {name: unescape(target) for name, target in found}

    def reader(self, agent: str = AGENT, address: str = ADDRESS) -> Reader:
        """Return somebody who reads."""
        return Reader(self._browser, agent, address)

    def hits(self, address: str, count: int) -> list[dict[str, Any]]:
        """Return the hits of somebody's message once there are so many."""
        hits = hits_of(self.mailing.client, address, count)
        assert len(hits) == count, [kind(hit) for hit in hits]
        return hits


PEOPLE = tuple(f"{name}@inbox.example" for name in ("shape", "plain", "mirror", "leaver", "looker", "click", "scanned"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as browser:
        yield browser


@pytest.fixture(scope="module")
def mail_server() -> Iterator[postfix.Postfix]:
    with postfix.serving() as mail_server:
        yield mail_server


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with shopping() as shop:
        yield shop


@pytest.fixture(scope="module")
def world(
    start_shared: Callable[..., Any], mail_server: postfix.Postfix, shop: Shop, browser: Browser
) -> Iterator[World]:
    """Everybody gets a message."""
    port = free_port()
    live = start_shared(
        port=port,
        relays=mail_server.url,
        public_url=f"http://127.0.0.1:{port}",
        form_url=f"{shop.url}/forms/{{form}}?from=mail",
        proxies="127.0.0.1",
        judge_seconds=1,
        rate=0,
    )
    with closing(Mailing(live.url, live.data)) as mailing:
        yield World(mailing, shop, sent(mailing, mail_server, shop, *PEOPLE), browser)


@pytest.fixture
def reader(world: World) -> Iterator[Reader]:
    """Somebody with the browser of the documented API's own example."""
    with closing(world.reader()) as reader:
        yield reader


def test_opening_and_following_links_become_events_in_the_documented_shape(world: World, reader: Reader) -> None:
    address = "shape@inbox.example"
    landed = reader.click(reader.open(world.html(address)), "#sale")
    assert landed.url == f"{world.shop.url}{QUERY}#top"
    assert landed.title() == "The Shop"
    landed.wait_for_timeout(GLANCE_MS)
    assert reader.click(reader.open(world.html(address)), "#survey").url == f"{world.shop.url}/forms/SURVEY1?from=mail"
    assert QUERY in world.shop.asked

    hits = {kind(hit): hit for hit in world.hits(address, 4)}  # it was opened twice
    assert link(hits["open"]) == {"type": "open"}
    assert link(hits["redirection"]) == {
        "type": "redirection",
        "label": "big sale",
        "source": "html",
        "destination": f"{world.shop.url}{QUERY}#top",
    }
    assert link(hits["form"]) == {"type": "form", "label": "survey", "source": "html", "form": "SURVEY1"}
    for hit in hits.values():
        assert hit["source"]["detail"]["client"] == SEED_CLIENT
        assert hit["source"]["detail"]["activation"]["stamp"]["id"] == world.stamps[address]
        assert judged(hit) == "human", hit["classification"]
    redirection = {name: value for name, value in hits["redirection"].items() if name != "classification"}
    assert shape(redirection) == shape(SEED)


def test_what_is_not_tracked_stays_as_it_was_written(world: World, reader: Reader) -> None:
    html = world.html("plain@inbox.example")
    links = world.links("plain@inbox.example")
    assert links["plain"] == f"{world.shop.url}/plain?x=1"
    assert links["mail"] == "mailto:help@shop.example"
    assert not re.search("tracking=|dataminingname=|linktype=", html)
    assert reader.click(reader.open(html), "#plain").title() == "The Shop"
    assert [kind(hit) for hit in world.hits("plain@inbox.example", 1)] == ["open"]


def test_the_mirror_page_is_the_message_with_working_links_no_scripts_and_no_open(world: World, reader: Reader) -> None:
    address = "mirror@inbox.example"
    with closing(world.reader(DESKTOP, OFFICE)) as elsewhere:
        complaints: list[str] = []
        mirror = elsewhere.visit(world.links(address)["mirror"])
        mirror.on("console", lambda line: complaints.append(line.text))
        message = reader.open(re.sub(r"<img[^>]*/t/[^>]*>|<script.*?</script>", "", world.html(address)))
        assert mirror.locator("body").inner_text().split() == message.locator("body").inner_text().split()
        assert mirror.locator("h1").evaluate("each => getComputedStyle(each).color") == "rgb(17, 34, 51)"
        assert mirror.title() == "The sale"
        mirror.reload(wait_until="networkidle")
        assert mirror.title() == "The sale"
        assert complaints  # Chromium says that it ran no script
        assert elsewhere.click(mirror, "#news").url == f"{world.shop.url}/news"
    assert sorted(map(kind, world.hits(address, 3))) == ["mirror", "mirror", "redirection"]


def test_looking_at_the_page_notes_nothing_and_its_button_unsubscribes(world: World, reader: Reader) -> None:
    address = "leaver@inbox.example"
    page = reader.click(reader.open(world.html(address)), "#leave")
    page.reload()
    assert redlisted(world, address) is None
    page.get_by_role("button").click()
    page.get_by_role("heading", name="Unsubscribed").wait_for()

    hits = world.hits(address, 2)
    assert sorted(map(kind, hits)) == ["open", "unsubscribe"]
    leaving = next(hit for hit in hits if kind(hit) == "unsubscribe")
    assert leaving["source"]["detail"]["client"] == SEED_CLIENT
    assert judged(leaving) == "human"
    (optout,) = optouts(world, address, 1)
    assert optout["source"]["detail"]["optout"] == {"type": "link", "client": SEED_CLIENT}
    assert redlisted(world, address)["origin"] == 4
    assert cancellation_of_the_next_message(world, address) == {"type": "redlisted target"}


def test_one_click_unsubscribes_at_once_and_again_adds_nothing(world: World) -> None:
    address = "click@inbox.example"
    for _ in range(2):
        answer = httpx.post(
            world.links(address)["leave"],
            data={"List-Unsubscribe": "One-Click"},
            headers={"x-forwarded-for": "198.51.100.7", "user-agent": "ExampleMail/1.0"},
            trust_env=False,
        )
        assert answer.status_code == 200
    hits = world.hits(address, 2)
    assert {(kind(hit), judged(hit)) for hit in hits} == {("unsubscribe", "human")}
    assert [each["source"]["detail"]["optout"]["type"] for each in optouts(world, address, 1)] == ["one-click"]
    assert redlisted(world, address)["origin"] == 4


def test_a_scanner_that_follows_every_link_unsubscribes_nobody_and_makes_no_person_a_robot(
    world: World, reader: Reader
) -> None:
    address = "scanned@inbox.example"
    targets = set(re.findall(r'(?:href|src)="([^"]*/t/[^"]*)"', world.html(address)))
    assert len(targets) == len(LINKS) + 1
    asked = [(method, unescape(target)) for target in targets for method in ("GET", "HEAD")]
    with httpx.Client(headers={"user-agent": DESKTOP, "x-forwarded-for": OFFICE}, trust_env=False) as scanner:

        def follow(call: tuple[str, str]) -> int:
            return scanner.request(*call, follow_redirects=True).status_code

        with ThreadPoolExecutor(len(asked)) as threads:
            statuses = set(threads.map(follow, asked))
    assert statuses <= {200, 501}  # the shop knows no HEAD
    swept = world.hits(address, 10)  # looking at the page that unsubscribes is no hit
    assert {judged(hit) for hit in swept} <= {"scanner", "genericrobot"}
    assert {evidence for hit in swept if judged(hit) == "scanner" for evidence in names(hit)}

    reader.click(reader.open(world.html(address)), "#sale")
    hits = world.hits(address, 12)
    people = [hit for hit in hits if hit["source"]["detail"]["client"] == SEED_CLIENT]
    assert [(kind(hit), judged(hit)) for hit in people] == [("open", "human"), ("redirection", "human")]
    assert {judged(hit) for hit in hits if hit not in people} <= {"scanner", "genericrobot"}
    shown = listed(world.mailing.client, "/targets/events/hits", 2, {"unicity": address, "sort": "asc"})
    assert [event["id"] for event in shown] == [hit["id"] for hit in people]
    assert redlisted(world, address) is None
    assert optouts(world, address, 0) == []


@pytest.mark.parametrize("page", ["unsubscribe", "done", "broken", "mirror"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_narrow_screens_and_ask_nobody_else(world: World, browser: Browser, page: str, scheme: Any) -> None:
    links = world.links("looker@inbox.example")
    context = browser.new_context(color_scheme=scheme, viewport={"width": 360, "height": 640})
    shown = context.new_page()
    asked: list[str] = []
    shown.on("request", lambda request: asked.append(request.url))
    address = {"mirror": links["mirror"], "broken": links["leave"][:-3] + "AAA"}.get(page, links["leave"])
    shown.goto(address)
    if page == "done":
        shown.get_by_role("button").click()
        shown.get_by_role("heading", name="Unsubscribed").wait_for()
    assert {urlsplit(url).netloc for url in asked if not url.startswith("data:")} == {urlsplit(address).netloc}
    if page != "mirror":  # that is as its author wrote it
        assert shown.evaluate("document.documentElement.scrollWidth") <= 360
        assert readable(shown) == (scheme == "dark")
        assert address.rpartition("/")[2] not in shown.content()
    context.close()


def test_the_header_of_a_message_unsubscribes_in_one_click(
    start: Callable[..., Any], mail_server: postfix.Postfix, shop: Shop
) -> None:
    """The server is reached as a proxy with a certificate would reach it."""
    live = start(relays=mail_server.url, public_url="https://events.example/under", mail_domain="shop.example")
    with closing(Mailing(live.url, live.data)) as mailing:
        address = "header@inbox.example"
        mail = sent(mailing, mail_server, shop, address).mails[address]
        assert header_of(mail, "List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
        link_ = header_of(mail, "List-Unsubscribe").strip("<>")
        assert link_.startswith("https://events.example/under/t/")
        path = link_.removeprefix("https://events.example/under")
        posted = httpx.post(live.url + path, data={"List-Unsubscribe": "One-Click"}, trust_env=False)
        assert posted.status_code == 200
        (hit,) = hits_of(mailing.client, address, 1)
        assert link(hit) == {"type": "unsubscribe", "source": "header"}
        assert (hit["source"]["detail"]["client"]["ip"]) == {"type": "v4", "value": "127.0.0.1"}


def test_a_decoy_is_out_of_reach_of_people_and_gives_robots_away(
    start: Callable[..., Any], mail_server: postfix.Postfix, shop: Shop, browser: Browser
) -> None:
    address, port = "decoy@inbox.example", free_port()
    live = start(
        port=port,
        relays=mail_server.url,
        public_url=f"http://127.0.0.1:{port}",
        proxies="127.0.0.1",
        judge_seconds=0,
        decoy_link="yes",
        open_pixel="no",
    )
    with closing(Mailing(live.url, live.data)) as mailing, closing(Reader(browser, AGENT, ADDRESS)) as reader:
        html = html_of(sent(mailing, mail_server, shop, address).mails[address])
        message = reader.open(html)
        decoy = message.locator("a:not([id])")
        assert not decoy.is_visible()
        assert decoy.get_attribute("href") not in reached_by_keyboard(message)
        assert message.locator("body").aria_snapshot().count("link") == html.count("<a id=")
        httpx.get(str(decoy.get_attribute("href")), headers={"user-agent": DESKTOP}, trust_env=False)
        (hit,) = hits_of(mailing.client, address, 1)
    assert judged(hit) in {"scanner", "genericrobot"}
    assert hit["classification"]["facts"]["decoy"] is True


def sent(mailing: Mailing, mail_server: postfix.Postfix, shop: Shop, *addresses: str) -> Sent:
    """Send people a message; return all as they arrive, and their stamps."""
    mailing.validate(content=CONTENT)
    mailing.keep(addresses)
    results = mailing.execute([recipient(each, variables={"shop": shop.url}) for each in addresses])
    stamps = {each: result["id"] for each, result in zip(addresses, results, strict=True)}
    mailing.settled(set(stamps.values()))
    deadline_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline_s:
        mails = {header_of(mail, "To"): mail for mail in mail_server.mails(0)}
        if mails.keys() >= stamps.keys():
            return Sent(mails, stamps)
        time.sleep(0.05)
    pytest.fail("not all messages arrived")


def reached_by_keyboard(page: Page) -> set[str]:
    """Return where the links lead that the tabulator key goes to."""
    found = []
    while len(found) == len(set(found)) < 50:
        page.keyboard.press("Tab")
        found.append(str(page.evaluate("document.activeElement.href ?? ''")))
    return set(found)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def link(hit: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = hit["source"]["detail"]["link"]
    return found


def kind(hit: dict[str, Any]) -> str:
    return str(link(hit)["type"])


def judged(hit: dict[str, Any]) -> str:
    return str((hit["classification"] or {"class": "nobody judged it"})["class"])


def names(hit: dict[str, Any]) -> list[str]:
    """Return the rules that spoke on a hit."""
    return [signal["name"] for signal in hit["classification"].get("evidence", ())]


def optouts(world: World, address: str, count: int) -> list[dict[str, Any]]:
    return listed(world.mailing.client, "/targets/events/optouts", count, {"unicity": address})


def redlisted(world: World, address: str) -> Any:
    """Return somebody's entry of the redlist."""
    entries = world.mailing.ask("GET", "/targets/redlist/mail")
    return next((entry for entry in entries if entry["unicity"] == address), None)


def cancellation_of_the_next_message(world: World, address: str) -> Any:
    (result,) = world.mailing.execute([recipient(address, variables={"shop": world.shop.url})])
    events = world.mailing.settled({result["id"]})[result["id"]]
    return events[-1]["source"]["detail"]["cancellation"]


def readable(page: Page) -> bool:
    """See that text stands out from what it stands on; return whether that is dark."""
    luminances = page.evaluate(
        """() => {
            const probe = document.createElement("p");
            probe.style.color = "Canvas";
            document.body.append(probe);
            const styles = [document.body, document.documentElement].map(each => getComputedStyle(each));
            const painted = styles.map(each => each.backgroundColor).find(each => each !== "rgba(0, 0, 0, 0)");
            const light = colour => {
                const parts = colour.match(/[0-9.]+/g).slice(0, 3).map(Number);
                return parts.reduce((sum, each) => sum + each, 0) / 765;
            };
            return [light(styles[0].color), light(painted ?? getComputedStyle(probe).color)];
        }"""
    )
    ink, paper = luminances
    assert abs(ink - paper) > 0.5, luminances
    return bool(paper < 0.5)
