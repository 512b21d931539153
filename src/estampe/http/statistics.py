"""The handlers of statistics: one action's figures, and events counted by period and group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from estampe.http.lists import no_such, watermark_headers
from estampe.http.parameters import read_path, read_query
from estampe.http.problems import Flaw, Kind, Problem
from estampe.instants import LAST_MS, format_instant
from estampe.log import HOUR_MS, Counting
from estampe.stats import BY, statistics

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estampe.http.exchange import Exchange
    from estampe.http.route import Route
    from estampe.http.services import Services
    from estampe.log import Count, EventLog, Watermark
    from estampe.stats import Statistics


class Row(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How many events a period has of an action, of a type, or of both.

    Parameters:
        start: where the period starts, Unix milliseconds; absent without periods.
        end: where it ends.
        action: an action's id; absent if actions are not told apart.
        type: a type of event; absent if types are not told apart.
        events: how many there are.
    """

    start: int | None = None
    end: int | None = None
    action: str | None = None
    type: str | None = None
    events: int


class ActionStatistics:
    """Answers GET of one action's figures.

    Parameters:
        route: the row of the table.
        services: what the handlers share.
    """

    def __init__(self, route: Route, services: Services) -> None:
        self._route = route
        self._services = services

    async def __call__(self, exchange: Exchange) -> None:
        """Answer the figures.

        Raises:
            Problem: the request is wrong, or the action never occurred.
        """
        assert exchange.key is not None  # noqa: S101  the gate has set it
        read_query(exchange.query, self._route.parameters, self._services.settings.query_limit)
        action = read_path(exchange.path_texts, self._route.parameters)["action"]
        log = await self._services.log_of(exchange.key.customer)
        watermark, figures = await self._services.turns.take(exchange.key.id, _figures, log, action)
        if figures is None:
            raise no_such(exchange, self._route.parameters)
        await exchange.answer(200, msgspec.json.encode(figures), "application/json", *watermark_headers(watermark))


def _figures(log: EventLog, action: str) -> tuple[Watermark, Statistics | None]:
    watermark = log.watermark()
    # A hit that comes between the two counts as a hit only: contacts never outnumber hits.
    audience = log.audience(action)
    counts = list(log.counts(Counting(action=action, by=BY)))
    return watermark, statistics(counts, audience) if counts else None


class Counts:
    """Answers GET of events counted by period and group.

    Parameters:
        route: the row of the table.
        services: what the handlers share.
    """

    def __init__(self, route: Route, services: Services) -> None:
        self._route = route
        self._services = services
        self._limit = services.settings.statistics_limit

    async def __call__(self, exchange: Exchange) -> None:
        """Answer a row for each period and group that has events.

        Raises:
            Problem: the request is wrong, or the answer would have too many rows.
        """
        assert exchange.key is not None  # noqa: S101  the gate has set it
        members = read_query(exchange.query, self._route.parameters, self._services.settings.query_limit)
        counting = Counting(**members, limit=self._limit + 1)
        _refuse_parts(counting)
        log = await self._services.log_of(exchange.key.customer)
        watermark, body, rows = await self._services.turns.take(exchange.key.id, _counted, log, counting)
        if rows > self._limit:
            detail = f"There are more than {self._limit} rows. Narrow start and end, or group by less."
            raise Problem(Kind.INVALID_PARAMETER, detail, [Flaw(place="query", name="start", allowed="a shorter span")])
        await exchange.answer(200, body, "application/json", *watermark_headers(watermark))


def _counted(log: EventLog, counting: Counting) -> tuple[Watermark, bytes, int]:
    watermark = log.watermark()
    counts = list(log.counts(counting))
    return watermark, msgspec.json.encode([_row(count, counting) for count in counts]), len(counts)


def _row(count: Count, counting: Counting) -> Row:
    facets: dict[str, Any] = dict(zip(counting.by, count.facets, strict=True))
    period_ms = counting.period_ms
    if period_ms is None:
        return Row(**facets, events=count.events)
    return Row(start=count.start_ms, end=count.start_ms + period_ms, **facets, events=count.events)


def _refuse_parts(counting: Counting) -> None:
    """Refuse a span that is not of whole periods: events are counted by the hour."""
    period_ms = counting.period_ms or HOUR_MS
    word = "hour" if period_ms == HOUR_MS else "day"
    flaws = [
        Flaw(place="query", name=name, found=format_instant(time_ms), allowed=" or ".join(_whole(time_ms, period_ms)))
        for name, time_ms in (("start", counting.start_ms), ("end", counting.end_ms))
        if time_ms is not None and time_ms % period_ms
    ]
    if flaws:
        first = flaws[0]
        detail = f"{first.name} is inside of {'an hour' if word == 'hour' else 'a day'} (UTC); write {first.allowed}."
        raise Problem(Kind.INVALID_PARAMETER, detail, flaws)


def _whole(time_ms: int, period_ms: int) -> Iterator[str]:
    """Yield the beginnings of the periods around a time."""
    before_ms = time_ms - time_ms % period_ms
    return (format_instant(each) for each in (before_ms, before_ms + period_ms) if each <= LAST_MS)
