"""The page on tracking says what is so: its template is sent, its links are followed, its proxy stands in front."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from mailing import Mailing, recipient
from readers import PATIENCE_S, hits_of, html_of

from estampe.settings import Settings
from smtp_servers import SmtpServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.e2e

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "tracking.md").read_text()
OPERATIONS = (DOCS / "operations.md").read_text()
EVENT = json.loads(re.findall(r"^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[0])
LINKS = dict(re.findall(r"^\| (open|form|mirror|unsubscribe) \| `(\{.*?\})`", PAGE, re.MULTILINE))
CLIENT = EVENT["source"]["detail"]["client"]
ADDRESS = EVENT["source"]["detail"]["activation"]["recipient"]
NGINX = shutil.which("nginx")


class World:
    """A server with the page's own template, and the message that somebody got.

    Parameters:
        url: the server's.
        mailing: the customer.
        html: the message.
    """

    def __init__(self, url: str, mailing: Mailing, html: str) -> None:
        self.url = url
        self.mailing = mailing
        self._targets = [unescape(target) for target in re.findall(r'(?:href|src)="([^"]*/t/[^"]*)"', html)]

    def follow(self, place: int, method: str = "GET", **options: Any) -> httpx.Response:
        """Follow a link with the page's own client."""
        headers = {"user-agent": CLIENT["ua"]["ua"], "x-forwarded-for": CLIENT["ip"]["value"]}
        return httpx.request(method, self._targets[place], headers=headers, trust_env=False, **options)

    def path(self, place: int) -> str:
        """Return the path of a link."""
        return self._targets[place].removeprefix(self.url)


@pytest.fixture
def world(start: Callable[..., Any]) -> Iterator[World]:
    with serving(start) as world:
        yield world


@contextmanager
def serving(start: Callable[..., Any], **settings: object) -> Iterator[World]:
    """Serve with settings of the page, and others; send the page's message."""
    port = free_port()
    with SmtpServer().running() as mail_server:
        live = start(
            port=port,
            relays=mail_server.url,
            public_url=f"http://127.0.0.1:{port}",
            form_url="https://shop.example/forms/{form}",
            proxies="127.0.0.1",
            judge_seconds=0,
            **settings,
        )
        with closing(Mailing(live.url, live.data)) as mailing:
            (template,) = re.findall(r"^```html\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
            sender = {"from": {"prefix": "shop", "domain": "shop.example"}}
            mailing.validate(content={"headers": sender, "subject": "The sale", "html": template})
            mailing.keep([ADDRESS])
            (result,) = mailing.execute([recipient(ADDRESS)])
            mailing.settled({result["id"]})
            (received,) = mail_server.received
            yield World(live.url, mailing, html_of(received.message))


def test_hits_are_as_the_page_shows_them(world: World) -> None:
    sale, form, mirror, leave, pixel = range(5)
    answers = [world.follow(place) for place in (sale, form, mirror, pixel)]
    assert [answer.status_code for answer in answers] == [302, 302, 200, 200]
    assert answers[sale].headers["location"] == "https://shop.example/sale?from=mail"
    assert answers[form].headers["location"] == "https://shop.example/forms/SURVEY1"
    assert world.follow(leave, "POST").status_code == 200
    hits = {hit["source"]["detail"]["link"]["type"]: hit for hit in hits_of(world.mailing.client, ADDRESS, 5)}
    assert len(hits) == 5
    redirection = hits.pop("redirection")
    del redirection["classification"]
    assert masked(redirection) == masked(EVENT)
    assert json.dumps(masked(redirection)) == json.dumps(masked(EVENT))  # in this order
    assert {kind: json.dumps(hit["source"]["detail"]["link"]) for kind, hit in hits.items()} == LINKS


def test_it_names_every_setting_of_links_and_no_other() -> None:
    known = {row.variable for row in Settings.rows()}
    named = set(re.findall(r"ESTAMPE_[A-Z_]+", PAGE))
    assert named <= known
    assert named >= {f"ESTAMPE_{name}" for name in (
        "PUBLIC_URL", "OPEN_PIXEL", "DECOY_LINK", "FORM_URL", "PROXIES", "SHORTEN_ADDRESSES", "AGENT_LIMIT",
        "SPOOL_LIMIT", "JUDGE_SECONDS", "COPY_DAYS",
    )}  # fmt: skip


def test_the_metrics_that_it_names_are_there_and_all_are_in_operations(world: World) -> None:
    shown = httpx.get(f"{world.url}/metrics", trust_env=False).text
    metrics = set(re.findall(r"^# TYPE (estampe_\w+) ", shown, re.MULTILINE))
    named, listed = (set(re.findall(r"`(estampe_\w+)", page)) for page in (PAGE, OPERATIONS))
    assert named <= metrics
    assert {name for name in metrics if not name.endswith("_created")} == listed


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`estampe (\w+(?: \w+)?)", PAGE))))
def test_its_commands_are_known(command: str) -> None:
    subprocess.run([sys.executable, "-m", "estampe", *command.split(), "--help"], capture_output=True, check=True)


def test_with_a_full_spool_links_work_and_nobody_is_told_that_he_is_unsubscribed(start: Callable[..., Any]) -> None:
    sale, leave = 0, 3
    with serving(start, spool_limit=1) as world:
        assert world.follow(sale).status_code == 302
        assert world.follow(leave, "POST").status_code == 503
        metrics = httpx.get(f"{world.url}/metrics", trust_env=False).text
        for kind in ("redirection", "unsubscribe"):
            assert f'estampe_visits_total{{kind="{kind}",outcome="lost"}} 1.0' in metrics
        assert world.mailing.ask("GET", "/targets/redlist/mail") == []


@pytest.mark.skipif(not NGINX, reason="nginx is not installed: apt-get install nginx-light")
def test_behind_its_proxy_links_work_and_strangers_cannot_say_where_they_are(world: World, tmp_path: Path) -> None:
    with nginx(tmp_path, world.url.rpartition(":")[2]) as url:
        transport = httpx.HTTPTransport(local_address="127.0.0.2")
        with httpx.Client(base_url=url, transport=transport, headers={"x-forwarded-for": "198.51.100.1"}) as client:
            assert client.get(world.path(0)).status_code == 302
            assert client.get(world.path(0)[:-3] + "AAA").status_code == 404
            assert {client.get(path).status_code for path in ("/metrics", "/health/live")} <= {403, 404}
    (hit,) = hits_of(world.mailing.client, ADDRESS, 1)
    assert hit["source"]["detail"]["client"]["ip"] == {"type": "v4", "value": "127.0.0.2"}


def masked(value: Any, name: str = "") -> Any:
    """Return an event with what differs from one to the next left out."""
    if isinstance(value, dict):
        return {each: masked(inner, each) for each, inner in value.items()}
    return "…" if name in {"id", "timestamp", "time", "thread", "hash"} else value


@contextmanager
def nginx(folder: Path, upstream: str) -> Iterator[str]:
    """Run nginx as the page configures it, without TLS; yield its address."""
    port = free_port()
    (shown,) = re.findall(r"^```nginx\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    server = re.sub(r"^ *ssl_.*\n", "", shown, flags=re.MULTILINE)
    server = server.replace("listen 443 ssl", f"listen 127.0.0.1:{port}").replace(":8080", f":{upstream}")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    room = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    head = f"daemon off; pid {folder}/pid; error_log {folder}/errors; events {{}}\n"
    (folder / "nginx.conf").write_text(f"{head}http {{ access_log off;\n{room}{server} }}")
    assert NGINX
    process = subprocess.Popen([NGINX, "-e", folder / "errors", "-p", folder, "-c", folder / "nginx.conf"])
    try:
        await_port(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def await_port(port: int) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline_s:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    pytest.fail("nginx did not start")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
