"""People who read their mail in a browser, the shop that links lead to, and the hits that all this leaves."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from shutil import which
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    from playwright.sync_api import Browser, Page

PATIENCE_S = 30
CHROMIUM = which("chromium")
needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed: apt-get install chromium")


@contextmanager
def browsing() -> Iterator[Browser]:
    """Run Chromium, headless, until the block ends."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        # As root, Chromium runs only without its sandbox; it opens nothing but pages of this machine here.
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


class Reader:
    """Somebody with a browser of his own.

    Parameters:
        browser: it runs in.
        agent: what it calls itself.
        address: where its requests come from, as a proxy would say.
    """

    def __init__(self, browser: Browser, agent: str, address: str) -> None:
        self._context = browser.new_context(user_agent=agent, extra_http_headers={"x-forwarded-for": address})

    def close(self) -> None:
        """Close all pages."""
        self._context.close()

    def open(self, html: str) -> Page:
        """Look at a message, pictures shown."""
        page = self._context.new_page()
        page.set_content(html, wait_until="load")
        return page

    def visit(self, url: str) -> Page:
        """Look at a page."""
        page = self._context.new_page()
        page.goto(url)
        return page

    @staticmethod
    def click(page: Page, selector: str) -> Page:
        """Follow a link of a page; return what it has become once that has loaded."""
        before = page.url
        page.locator(selector).click()
        page.wait_for_url(lambda url: url != before)
        return page


class Shop:
    """Where links lead to: a web server that keeps what it was asked for.

    Parameters:
        port: where it listens.
        asked: paths with their queries, in order.
    """

    def __init__(self, port: int) -> None:
        self.asked: list[str] = []
        self.url = f"http://127.0.0.1:{port}"


@contextmanager
def shopping() -> Iterator[Shop]:
    """Run a shop until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shop.asked.append(self.path)
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>The Shop</title><h1>Here you are</h1>")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    shop = Shop(server.server_port)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield shop
    finally:
        server.shutdown()
        server.server_close()


def html_of(mail: bytes) -> str:
    """Return the HTML of a mail."""
    part = message_from_bytes(mail, policy=policy.default).get_body(("html",))
    assert part is not None
    return str(part.get_content())


def header_of(mail: bytes, name: str) -> str:
    """Return a header of a mail."""
    return str(message_from_bytes(mail, policy=policy.default)[name])


def hits_of(client: httpx.Client, address: str, count: int) -> list[dict[str, Any]]:
    """Return all hits of a contact, with what they are judged as, once there are so many."""
    query = {"unicity": address, "classification": "all", "annotate": "classification", "sort": "asc"}
    return listed(client, "/targets/events/hits", count, query)


def listed(client: httpx.Client, path: str, count: int, query: dict[str, str]) -> list[dict[str, Any]]:
    """Return a list of events once it has so many, which become final a moment after their publication."""
    deadline_s = time.monotonic() + PATIENCE_S
    while True:
        answer = client.get(path, params=query)
        assert answer.is_success, answer.text
        events: list[dict[str, Any]] = answer.json()
        if len(events) >= count or time.monotonic() > deadline_s:
            return events
        time.sleep(0.1)


def shape(value: Any) -> Any:
    """Return the names of members and the types of values, in their order."""
    if isinstance(value, dict):
        return [(name, shape(each)) for name, each in value.items()]
    return type(value)
