"""The reference page in a browser: all operations are there, nobody else is asked, and requests run from it."""

from __future__ import annotations

import json
from shutil import which
from typing import TYPE_CHECKING
from urllib.parse import unquote

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, ConsoleMessage, Locator, Page
    from tests.e2e.conftest import LiveServer

CHROMIUM = which("chromium")
DRAFT = """{
  "type": "optout", "id": "3f1c9a52-6f0e-4b8e-9d0c-1a9be1f4a001", "source": {"type": "email", "detail": {
    "activation": {
      "id": "000PE4", "kind": "message", "receiver": {"type": "id", "value": "0013KDC8"},
      "recipient": "example@np6.com",
      "stamp": {
        "time": 1614089576625, "id": "d52055cd-e854-4177-8ef5-b10fd8d568a7",
        "thread": "a3078b19-b379-4bc2-b29a-e8229a9c9332"}},
    "optout": {"type": "form"}}}}"""
LANGUAGES = ["curl", "JavaScript", "Node.js", "Python", "Java", "C#", "PHP", "Go", "Ruby", "R"]

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def server(start_shared: Callable[..., LiveServer]) -> LiveServer:
    return start_shared()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        # As root, Chromium runs only without its sandbox; it opens nothing but our own page here.
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


class Opened:
    """The page as it was opened, and what it asked and complained of meanwhile."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.asked: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(f"{url}/docs")
        page.get_by_role("heading", name="Estampe").first.wait_for()

    @property
    def menu(self) -> Locator:
        return self.page.get_by_role("complementary")

    def go(self, tag: str, operation: str) -> Locator:
        """Go to an operation by the menu, and return its section."""
        self.menu.get_by_role("button", name=f"Open Group - {tag}", exact=True).click()
        self.menu.locator(f"a[href$='/{operation}']").click()
        section = self.page.locator(f"section[id$='/{operation}']")
        section.get_by_role("button", name="Test Request").wait_for()
        return section

    def _note(self, line: ConsoleMessage) -> None:
        if line.type in {"error", "warning"}:
            self.complaints.append(line.text)


@pytest.fixture
def opened(browser: Browser, server: LiveServer) -> Iterator[Opened]:
    page = browser.new_page()
    opened = Opened(page, server.url)
    yield opened
    page.close()
    assert opened.complaints == []
    assert [url for url in opened.asked if not url.startswith((server.url, "data:"))] == []


def test_every_operation_is_in_the_menu(opened: Opened, server: LiveServer) -> None:
    paths = httpx.get(f"{server.url}/openapi.json", trust_env=False).json()["paths"]
    closed = opened.menu.get_by_role("button", name="Open Group")
    while closed.count():
        closed.first.click()
    links = [unquote(link) for link in opened.menu.locator("a").evaluate_all("links => links.map(link => link.href)")]
    operations = [
        f"/{method.upper()}{path}" for path, item in paths.items() for method in item if method in {"get", "post"}
    ]
    assert len(operations) > 90
    assert [each for each in operations if not any(link.endswith(each) for link in links)] == []


def test_an_operation_shows_its_sample_in_each_language_for_this_server(opened: Opened, server: LiveServer) -> None:
    section = opened.go("actions", "GET/actions/events/activations")
    sample = section.locator(".scalar-card").filter(has=opened.page.get_by_role("button", name="Test Request"))
    assert f"{server.url}/actions/events/activations" in sample.inner_text()
    sample.get_by_role("button", name="curl").click()
    offered = opened.page.get_by_role("option").all_inner_texts()
    assert [label.strip() for label in offered] == LANGUAGES
    opened.page.get_by_role("option", name="Ruby").click()
    sample.get_by_text('require "net/http"').wait_for()


def test_a_request_runs_from_the_page_with_the_key_that_was_typed_in(opened: Opened, server: LiveServer) -> None:
    key, page = server.key(), opened.page
    draft = json.loads(DRAFT)
    httpx.post(f"{server.url}/actions/events", json=[draft], headers={"X-Key": key}, trust_env=False).raise_for_status()
    page.locator("input.scalar-password-input, input[autocomplete=off]").first.fill(key)
    opened.go("actions", "GET/actions/events").get_by_role("button", name="Test Request").click()
    page.get_by_role("dialog").get_by_role("button", name="Send").first.click()
    page.get_by_role("dialog").get_by_text(draft["id"]).wait_for()
    assert key not in page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])")


def test_it_fits_a_narrow_screen(opened: Opened) -> None:
    opened.page.set_viewport_size({"width": 390, "height": 844})
    opened.page.get_by_role("button", name="Open Menu").wait_for()
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_it_works_under_a_prefix(browser: Browser, server: LiveServer) -> None:
    """A proxy may serve the API anywhere: samples and requests go there too."""
    page, prefix = browser.new_page(), f"{server.url}/under"
    page.route(
        f"{prefix}/**", lambda route: route.fulfill(response=route.fetch(url=route.request.url.replace("/under", "")))
    )
    sample = Opened(page, prefix).go("health", "GET/health/live").locator(".scalar-card").first
    assert f"'{prefix}/health/live'" in sample.inner_text()
    sample.get_by_role("button", name="Test Request").click()
    page.get_by_role("dialog").get_by_role("button", name="Send").first.click()
    page.get_by_role("dialog").get_by_text('"live"').wait_for()
    page.close()
