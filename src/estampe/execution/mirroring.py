"""Mirroring: a message as it was sent, made again of its copy, for a reader who looks at it as a web page."""

from __future__ import annotations

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import structlog

from estampe.catalog import Copies, frozen_content
from estampe.execution.composing.composers import NoComposer
from estampe.execution.copying import Brought
from estampe.execution.ordering import variables
from estampe.execution.orders import NoLetter, Order, Sender, Template

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from estampe.catalog import Catalog, Mail
    from estampe.execution.composing.composers import Composers
    from estampe.execution.orders import LinksOf, Rendered

AT_ONCE = 64
"""Pages that are made at once."""

AT_ONCE_OF_CUSTOMER = 8
"""Of them, those of one customer."""

_READERS = "readers"
"""Whose turn it is with the composers: readers of all customers are one party beside those who send."""

_PAGE = """<!doctype html>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{subject}</title>
<pre style="white-space: pre-wrap">{text}</pre>
"""


class _Sent(NamedTuple):
    """What a message was made of."""

    mail: Mail
    brought: Brought


class Mirroring:
    """Makes web pages of messages that were sent.

    Parameters:
        catalog: where copies are.
        links: makes the links of messages.
        composers: render.
    """

    def __init__(self, catalog: Catalog, links: LinksOf, composers: Composers) -> None:
        self._catalog = catalog
        self._copies = Copies(catalog)
        self._links = links
        self._composers = composers
        self._under_way: Counter[int] = Counter()
        self._thread = ThreadPoolExecutor(1, "mirror")
        self._journal = structlog.get_logger()

    async def page(self, customer: int, action: str, contact: str, stamp: UUID) -> str | None:
        """Return a message as HTML, with the links that it had, and nothing that tells that it is opened.

        Parameters:
            customer: the customer's number.
            action: the action's id.
            contact: the contact's id.
            stamp: the stamp's id.

        Returns:
            None where no copy was kept, or is kept no more, or cannot be rendered any more.

        Raises:
            NoComposer: nothing can be rendered now.
            CatalogUnavailable: the copy cannot be read now.
        """
        with self._counted(customer):
            loop = asyncio.get_running_loop()
            sent = await loop.run_in_executor(self._thread, self._look, customer, action, contact, stamp)
            if sent is None:
                return None
            links = self._links(customer, action, contact, stamp, pixel=False)
            order = _order(sent, stamp, dict(links.variables), links.seal)
            rendered = await self._composers.preview(order, _READERS)
        if isinstance(rendered, NoLetter):
            self._journal.warning("a copy cannot be rendered", stamp=str(stamp), reason=rendered.message)
            return None
        return rendered.html or _in_html(rendered)

    def close(self) -> None:
        """Look nothing more up."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    @contextmanager
    def _counted(self, customer: int) -> Iterator[None]:
        if self._under_way.total() >= AT_ONCE or self._under_way[customer] >= AT_ONCE_OF_CUSTOMER:
            raise NoComposer("too many pages are being made already; try again later")
        self._under_way[customer] += 1
        try:
            yield
        finally:
            self._under_way[customer] -= 1
            self._under_way += Counter()  # forgets those who have none

    def _look(self, customer: int, action: str, contact: str, stamp: UUID) -> _Sent | None:
        copy = self._copies.find(customer, contact, stamp)
        if copy is None:
            return None
        frozen = frozen_content(self._catalog, copy.content)
        if frozen.action != action:
            return None
        return _Sent(frozen.mail, msgspec.json.decode(copy.variables, type=Brought))


def _order(sent: _Sent, stamp: UUID, links: dict[str, str], seal: bytes) -> Order:
    mail, brought = sent
    return Order(
        stamp=stamp,
        template=Template(html=mail.html) if mail.html else Template(subject=mail.subject, text=mail.text),
        variables=variables(brought.values, msgspec.json.decode(brought.data), brought.own, links),
        sender=Sender(address=""),
        to="",
        message_id="",
        return_path="",
        time_ms=0,
        seal=seal,
    )


def _in_html(rendered: Rendered) -> str:
    """Return a message that has a text alone as a page."""
    return _PAGE.format(subject=escape(rendered.subject), text=escape(rendered.text or ""))
