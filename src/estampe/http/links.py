"""Links of messages: they are answered before anything is made of the visit, and after it is on the disk.

This way is for crowds: no route, key, request id or line in the journal; nothing is looked up, a link says all.
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

import structlog
from msgspec.structs import replace

from estampe.http import pages
from estampe.http.exchange import Exchange
from estampe.http.problems import Kind, Problem
from estampe.http.refusals import translated
from estampe.instants import clock_ms
from estampe.tracking.addresses import Addresses
from estampe.tracking.linking.links import PATH, InvalidLink, LinkKind, glance, read
from estampe.tracking.spooling.visits import HEADERS, Visit, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.types import Receive, Scope, Send

    from estampe.http.pages import Header, Page
    from estampe.http.services import Services
    from estampe.tracking.tracking import Tracking

_BODY_LIMIT = 1_024
"""RFC 8058 section 3.2 posts `List-Unsubscribe=One-Click`; the page's button posts nothing."""

_BITS = {name.encode(): 1 << bit for bit, name in enumerate(HEADERS)}
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_WRITTEN = re.compile(rb"(?i:https?)://(?![/?#])[!-~]+").fullmatch
_PARTS = re.compile(r"((?i:https?)://(?:[^/?#@]*@)?)([^/?#:]+)(.*)").fullmatch
_VISIBLE = "".join(map(chr, range(0x21, 0x7F)))

_LOOKING = ("GET", "HEAD")
_SLOW = (LinkKind.MIRROR, LinkKind.UNSUBSCRIBE)
_NAMES = {kind: kind.name.lower() for kind in LinkKind}
_UNKNOWN = "unknown"

_TOO_LONG = pages.refusal(431, "Your browser says too much of itself")
_GARBLED = pages.refusal(400, "Your browser says what it is in no readable way")

_NOT_KEPT = ((b"cache-control", b"no-store"), (b"x-robots-tag", b"noindex"))

_PIXEL = pages.Page(
    200,
    b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\4\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;",
    [(b"content-type", b"image/gif"), (b"content-length", b"43"), *_NOT_KEPT],
)


class Answer(NamedTuple):
    """An answer, and the visit that is to be kept before it goes out. `kind` is what the metrics call its link."""

    page: Page
    kind: str = _UNKNOWN
    visit: bytes | None = None


class _Refused(Exception):
    """A request gets a page that says what is wrong with it."""

    def __init__(self, page: Page) -> None:
        super().__init__(page.status)
        self.page = page


class Following:
    """Answers requests whose path starts with `PATH`, as an ASGI application.

    Parameters:
        services: what the handlers share.
        tracking: reads links and keeps visits.

    Raises:
        InvalidSetting: the proxies are not written as they should be.
    """

    def __init__(self, services: Services, tracking: Tracking) -> None:
        settings = services.settings
        self._services = services
        self._links = tracking.links
        self._spool = tracking.spool
        self._visits = services.metrics.visits
        self._agent_limit = settings.agent_limit
        self._stall_seconds = settings.stall_seconds
        self._addresses = Addresses(settings.proxies, shorten=settings.shorten_addresses)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        method: str = scope["method"]
        peer = scope["client"]
        found = self.answer(method, scope["path"], scope["headers"], peer[0] if peer else "")
        if isinstance(found, Visit):
            page = await self._slowly(found, Exchange(scope, receive, send, self._stall_seconds))
        else:
            page = found.page
            if found.visit:
                await self._keep(found.visit, found.kind)
        await send({"type": "http.response.start", "status": page.status, "headers": page.headers})
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else page.body})

    def answer(self, method: str, path: str, headers: Iterable[Header], peer: str) -> Answer | Visit:
        """Return the answer to a request, if nobody has to be asked for it: else its visit, which is not kept yet.

        Parameters:
            method: its method.
            path: its path, which starts with `PATH`.
            headers: its headers, names in lower case.
            peer: the address of the connection's other end.
        """
        try:
            return self._answer(self._visit(method, path, headers, peer))
        except InvalidLink:
            self._visits[_UNKNOWN, "forged"] += 1
            return Answer(pages.NOTHING)
        except _Refused as refused:
            return self._refused(_UNKNOWN, refused.page)
        except Exception:  # noqa: BLE001  it is in the journal
            structlog.get_logger().exception("internal error", route=PATH)
            return Answer(pages.LATER)

    def keep(self, answer: Answer, tell: Callable[[bool], object]) -> None:
        """Keep the visit of an answer; when it may go out is told, and whether the visit is kept."""
        try:
            self._spool.put(answer.visit or b"", tell)
        except Exception:  # noqa: BLE001  it is in the journal
            structlog.get_logger().exception("internal error", route=PATH)
            tell(False)

    def count(self, kind: str, *, kept: bool) -> None:
        """Count a visit that is being answered."""
        self._visits[kind, "kept" if kept else "lost"] += 1

    def _answer(self, visit: Visit) -> Answer | Visit:
        kind, target = glance(visit.link)
        if kind in _SLOW or visit.method not in _LOOKING:
            return visit
        page = _PIXEL if kind is LinkKind.OPEN else _redirection(target)
        if not page:
            return self._refused(_NAMES[kind], pages.NOTHING)
        return Answer(page, _NAMES[kind], encode(visit))

    def _visit(self, method: str, path: str, headers: Iterable[Header], peer: str) -> Visit:
        """Read a request.

        Raises:
            _Refused: it says what no browser says.
            InvalidLink: its link is none of ours.
        """
        seen, agent, forwarded = 0, b"", b""
        for name, value in headers:
            if bit := _BITS.get(name):
                seen |= bit
            elif name == b"user-agent":
                agent = value
            elif name == b"x-forwarded-for":
                forwarded = forwarded + b"," + value if forwarded else value
        if len(agent) > self._agent_limit:
            raise _Refused(_TOO_LONG)
        text = agent.decode(errors="replace")
        if not text.isprintable() and _CONTROLS.search(text):
            raise _Refused(_GARBLED)
        link = self._links.verify(path[len(PATH) :])
        return Visit(clock_ms(), link, self._addresses.of(peer, forwarded.decode("latin-1")), text, method, seen)

    def _refused(self, kind: str, page: Page) -> Answer:
        self._visits[kind, "refused"] += 1
        return Answer(page)

    async def _slowly(self, visit: Visit, exchange: Exchange) -> Page:
        """Return the answer to a visit for which somebody has to be asked; whatever fails, it is a page for people."""
        kind, _ = glance(visit.link)
        try:
            with translated():
                return await self._page(visit, kind, exchange)
        except Problem as problem:
            if problem.kind.status >= 500:  # noqa: PLR2004  RFC 9110 section 15.6
                return pages.LATER
            headers = [(name.encode(), value.encode()) for name, value in problem.headers]
            return self._refused(_NAMES[kind], pages.refusal(problem.kind.status, problem.kind.title, *headers)).page
        except Exception:  # noqa: BLE001  it is in the journal
            structlog.get_logger().exception("internal error", route=PATH)
            return pages.LATER

    async def _page(self, visit: Visit, kind: LinkKind, exchange: Exchange) -> Page:
        if kind is LinkKind.UNSUBSCRIBE and visit.method == "POST":
            return await self._unsubscribed(visit, exchange)
        if visit.method not in _LOOKING:
            allowed = "GET, HEAD, POST" if kind is LinkKind.UNSUBSCRIBE else "GET, HEAD"
            raise Problem(Kind.METHOD_NOT_ALLOWED, "", headers=[("allow", allowed)])
        return pages.QUESTION if kind is LinkKind.UNSUBSCRIBE else await self._mirrored(visit)

    async def _unsubscribed(self, visit: Visit, exchange: Exchange) -> Page:
        body = await exchange.read(_BODY_LIMIT, lambda _: None)
        one_click = b"List-Unsubscribe" in body and b"One-Click" in body  # RFC 8058: as a query or as multipart
        kept = await self._keep(encode(replace(visit, one_click=one_click)), "unsubscribe")
        return pages.DONE if kept else pages.AGAIN

    async def _mirrored(self, visit: Visit) -> Page:
        await self._keep(encode(visit), "mirror")
        html = await self._services.execution.mirror(*read(visit.link).message)
        return pages.NO_COPY if html is None else pages.mirror(html)

    async def _keep(self, visit: bytes, kind: str) -> bool:
        kept = False
        try:
            kept = await self._spool.append(visit)
        except Exception:  # noqa: BLE001  it is in the journal
            structlog.get_logger().exception("internal error", route=PATH)
        self.count(kind, kept=kept)
        return kept


@lru_cache(1_024)
def _redirection(target: bytes) -> Page | None:
    """Return the way to a target; None if it is no address of a page.

    There is no Referrer-Policy: who is led on is told where its reader comes from, a webmail, and never of this link.
    """
    location = target if _WRITTEN(target) else _location(target.decode(errors="replace"))
    return pages.Page(302, b"", [(b"location", location), (b"content-length", b"0"), *_NOT_KEPT]) if location else None


def _location(address: str) -> bytes:
    """Return an address in ASCII, as browsers write what people write; empty if it is none."""
    parts = _PARTS(address)
    if not parts or _CONTROLS.search(address):
        return b""
    before, host, after = parts.groups()
    with suppress(UnicodeError):
        host = host.encode("idna").decode()
    return quote(before + host + after, safe=_VISIBLE).encode()
