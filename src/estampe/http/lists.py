"""The one handler of all lists of events."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from estampe.http.campaigns import BODY_LIMIT, read_clauses
from estampe.http.framing import body_of
from estampe.http.negotiation import Coding, Form, choose_coding, choose_form
from estampe.http.parameters import pairs_of, read_path, read_query, refuse_all_but_one
from estampe.http.problems import Flaw, Kind, Problem
from estampe.http.streams import read_ahead, send_on
from estampe.log import Clause, Query
from estampe.verdicts import HitClass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from estampe.http.exchange import Exchange
    from estampe.http.route import ListRoute, Parameter
    from estampe.http.services import Services
    from estampe.log import EventLog, Scan, Watermark

_NAMES = ("action", "contact", "hash", "set")
"""The members of a query by which a list is of one thing."""


class _Answer(NamedTuple):
    """How a list is to be answered; `thing` asks whether what it is of ever occurred, None if it is of no one thing."""

    query: Query
    thing: Query | None
    form: Form
    coding: Coding

    def headers(self, watermark: Watermark) -> list[tuple[str, str]]:
        coding = [] if self.coding == "identity" else [("content-encoding", self.coding)]
        return [
            ("content-type", self.form),
            ("vary", "Accept, Accept-Encoding"),
            *watermark_headers(watermark),
            *coding,
        ]


class _Watched:
    """A scan that knows whether it has given anything yet."""

    def __init__(self, scan: Scan) -> None:
        self._scan = scan
        self.watermark = scan.watermark
        self.empty = True

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._scan:
            self.empty = False
            yield chunk

    def frames(self) -> Iterator[bytes]:
        for frame in self._scan.frames():
            self.empty = False
            yield frame


class EventList:
    """Answers GET and HEAD, or POST, of one row of the route table.

    Parameters:
        route: the row.
        services: what the handlers share.
    """

    def __init__(self, route: ListRoute, services: Services) -> None:
        self._route = route
        self._services = services

    async def __call__(self, exchange: Exchange) -> None:
        """Answer with the events that the route and the parameters select.

        Raises:
            Problem: the request is wrong, what the list is of never occurred, or there are too many lists already.
            ClientGone, ClientStalled: there is nobody to send to any more.
        """
        assert exchange.key is not None  # noqa: S101  the gate has set it
        answer = await self._answer(exchange)
        log = await self._services.log_of(exchange.key.customer)
        if exchange.method == "HEAD":
            await self._head(exchange, log, answer)
            return
        with self._services.streams.opened(exchange.key.id):
            await self._stream(exchange, log, answer)

    async def _answer(self, exchange: Exchange) -> _Answer:
        members = self._members(exchange)
        form, coding = choose_form(exchange.header(b"accept")), choose_coding(exchange.header(b"accept-encoding"))
        named = {name: members[name] for name in _NAMES if name in members}
        thing = Query(**named, channel=self._route.channel) if self._route.named else None
        if self._route.method == "POST":
            clauses = await self._clauses(exchange)
            thing = _campaign(named, clauses)
            members |= {"action": None, "clauses": _of_campaign(named, clauses)}
        return _Answer(Query(**members), thing, form, coding)

    def _members(self, exchange: Exchange) -> dict[str, Any]:
        route = self._route
        members = read_query(exchange.query, route.parameters, self._services.settings.query_limit)
        if route.one_of:
            refuse_all_but_one(members, route.parameters, route.one_of)
        return {
            "types": route.types,
            "subtypes": route.subtypes,
            "channel": route.channel,
            "classes": (HitClass.HUMAN,) if route.hits_only else (),
            **members,
            **read_path(exchange.path_texts, route.parameters),
        }

    async def _clauses(self, exchange: Exchange) -> Sequence[Clause]:
        assert exchange.key is not None  # noqa: S101  the gate has set it
        settings = self._services.settings
        body_limit = min(settings.body_limit, BODY_LIMIT)
        with self._services.room.taken(exchange.key.id) as take:
            body = await exchange.read(body_limit, take)
            headers = exchange.header(b"content-type"), exchange.header(b"content-encoding")
            limits = body_limit, settings.items_limit
            return await asyncio.get_running_loop().run_in_executor(
                self._services.decoders, read_clauses, body, *headers, *limits
            )

    def _naming(self) -> list[Parameter]:
        return [each for each in self._route.parameters if each.place == "path" or each.name in self._route.one_of]

    async def _head(self, exchange: Exchange, log: EventLog, answer: _Answer) -> None:
        loop, threads = asyncio.get_running_loop(), self._services.readers
        watermark = await loop.run_in_executor(threads, log.watermark)
        if answer.thing and not await loop.run_in_executor(threads, _occurred, log, answer.thing):
            raise no_such(exchange, self._naming())
        await exchange.start(200, *answer.headers(watermark))
        await exchange.send(b"", more=False)

    async def _stream(self, exchange: Exchange, log: EventLog, answer: _Answer) -> None:
        loop, threads = asyncio.get_running_loop(), self._services.readers
        scan = _Watched(await loop.run_in_executor(threads, log.scan, answer.query))
        body = body_of(scan, answer.form, answer.coding)
        async with aclosing(read_ahead(body, threads)) as chunks:
            # A fault in the first chunk is still a whole answer, a problem.
            first = await anext(chunks, b"")
            if scan.empty and answer.thing and not await loop.run_in_executor(threads, _occurred, log, answer.thing):
                raise no_such(exchange, self._naming())
            self._services.metrics.first_chunk_seconds.observe(exchange.elapsed_s)
            await exchange.start(200, *answer.headers(scan.watermark))
            try:
                await send_on(exchange, first, chunks)
            finally:
                self._services.metrics.scan_bytes.inc(exchange.sent_bytes)


def _of_campaign(named: dict[str, Any], clauses: Sequence[Clause]) -> tuple[Clause, ...]:
    """Return clauses of a campaign: where it is named by an action, those without items are of that one."""
    if "action" not in named:
        return tuple(clauses)
    actions = (named["action"],)
    if not clauses:
        return (Clause(actions=actions),)
    return tuple(clause if clause.actions else msgspec.structs.replace(clause, actions=actions) for clause in clauses)


def _campaign(named: dict[str, Any], clauses: Sequence[Clause]) -> Query:
    """Return what asks whether a campaign, or any item that it is said to have, ever occurred."""
    if "action" not in named:
        return Query(**named)
    items = {item for clause in clauses for item in clause.actions}
    return Query(clauses=(Clause(actions=(named["action"], *items)),))


def _occurred(log: EventLog, thing: Query) -> bool:
    return any(log.scan(msgspec.structs.replace(thing, limit=1)))


def no_such(exchange: Exchange, naming: Iterable[Parameter]) -> Problem:
    """Return the problem that what parameters of the path or the query name never occurred."""
    texts = exchange.path_texts | dict(pairs_of(exchange.query))
    flaws = [
        Flaw(place=each.place, name=each.name, found=texts[each.name][:100]) for each in naming if each.name in texts
    ]
    names = " and ".join(f"{flaw.name} {flaw.found!r}" for flaw in flaws)
    detail = f"No event of this customer is of {names} here. Check it, or wait for the first one."
    return Problem(Kind.NEVER_OCCURRED, detail, flaws)


def watermark_headers(watermark: Watermark) -> tuple[tuple[str, str], ...]:
    """Return the headers that say up to when an answer is final."""
    return (
        ("x-events-complete-until", str(watermark.complete_until_ms)),
        ("x-events-epoch", str(watermark.epoch)),
    )
