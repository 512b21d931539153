"""The API as one ASGI application: paths, methods, the gate, problems, and a log line for each request."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from starlette import routing
from starlette.exceptions import HTTPException

from estampe.http import journal
from estampe.http.documents import Document
from estampe.http.exchange import ClientGone, Exchange
from estampe.http.executions import Executions
from estampe.http.health import Count, Live, Ready
from estampe.http.links import Following
from estampe.http.lists import EventList
from estampe.http.openapi import encoded
from estampe.http.problems import Kind, Problem
from estampe.http.publications import Publication
from estampe.http.records.executing import ExecutionForOne
from estampe.http.records.record import Record
from estampe.http.records.rendering import Rendition
from estampe.http.reference import pages
from estampe.http.refusals import translated
from estampe.http.route import ListRoute, RecordRoute
from estampe.http.routes import OPERATIONS
from estampe.http.statistics import ActionStatistics, Counts
from estampe.tracking.linking.links import PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import Receive, Scope, Send

    from estampe.catalog import Scope as KeyScope
    from estampe.http.route import Route
    from estampe.http.services import Services

_CLIENT_GONE = 499
"""The status that a log line shows where nobody was left to answer, as nginx has it."""


class Handler(Protocol):
    """Answers a request, or raises a `Problem`."""

    async def __call__(self, exchange: Exchange) -> None:
        """Answer."""


class Operation(NamedTuple):
    """What a method does at a path, and which scope a key needs for it (None: no key)."""

    handler: Handler
    scope: KeyScope | None = None


class Resource:
    """One path and its operations.

    Parameters:
        path: the path as the route table writes it.
        operations: by method.
        services: what the handlers share.
    """

    def __init__(self, path: str, operations: Mapping[str, Operation], services: Services) -> None:
        self.path = path
        self.operations = operations
        self._gate = services.gate

    async def __call__(self, scope: Scope, _receive: Receive, _send: Send) -> None:
        """Answer the exchange in the scope."""
        exchange: Exchange = scope["estampe.exchange"]
        exchange.route = self.path
        exchange.path_texts = scope["path_params"]
        operation = self.operations.get(exchange.method)
        if operation is None:
            allowed = ", ".join(self.operations)
            detail = f"{exchange.method} is not allowed here; allowed are {allowed}."
            raise Problem(Kind.METHOD_NOT_ALLOWED, detail, headers=[("allow", allowed)])
        with translated():
            if operation.scope:
                self._gate.admit(exchange, operation.scope)
            await operation.handler(exchange)


class Api:
    """The ASGI application.

    Parameters:
        services: what the handlers share.
    """

    def __init__(self, services: Services) -> None:
        self.resources = tuple(
            Resource(path, operations, services) for path, operations in _operations(services).items()
        )
        self._services = services
        self.following = Following(services, services.tracking) if services.tracking else None
        self._stall_seconds = services.settings.stall_seconds
        paths = [routing.Route(each.path, each) for each in sorted(self.resources, key=_words_first)]
        self._router = routing.Router(paths, redirect_slashes=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; an answer that cannot be ended raises, which breaks the connection."""
        if self.following and scope["path"].startswith(PATH):
            await self.following(scope, receive, send)
            return
        exchange = Exchange(scope, receive, send, self._stall_seconds)
        scope["app"], scope["estampe.exchange"] = self, exchange
        fault: BaseException | None = None
        try:
            await self._answer(exchange, scope, receive, send)
        except ClientGone:
            exchange.status = exchange.status or _CLIENT_GONE
        except BaseException as exc:
            fault = exc
            raise
        finally:
            self._note(exchange, fault)

    async def _answer(self, exchange: Exchange, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            _refuse_slashes(scope)
            _forget_last_slash(scope)
            await self._router(scope, receive, send)
        except HTTPException:
            await exchange.answer_problem(Problem(Kind.NOT_FOUND, f"There is no {exchange.path[:100]}."))
        except Problem as problem:
            await exchange.answer_problem(problem)
        except (ClientGone, asyncio.CancelledError):
            raise
        except Exception as exc:
            if exchange.status:
                raise
            journal.note_fault(exchange, exc)
            detail = f"The operator finds more in the log under request id {exchange.request_id}."
            await exchange.answer_problem(Problem(Kind.INTERNAL, detail))

    def _note(self, exchange: Exchange, fault: BaseException | None) -> None:
        self._services.metrics.requests.labels(exchange.route, exchange.status).inc()
        journal.note(exchange, fault)


def _refuse_slashes(scope: Scope) -> None:
    """Refuse an encoded slash: it would stand decoded in the path, where it ends a part."""
    if b"%2f" in scope.get("raw_path", b"").lower():
        raise HTTPException(HTTPStatus.NOT_FOUND)


def _forget_last_slash(scope: Scope) -> None:
    """Take a path with a slash at its end as the one without; but the page's links are relative to `/docs`."""
    path: str = scope["path"]
    if path.endswith("/") and path not in {"/", "/docs/"}:
        scope["path"] = path[:-1]


def _words_first(resource: Resource) -> str:
    """Return what sorts paths so that a word comes before a parameter in its place."""
    return resource.path.replace("{", "\x7f")


def _operations(services: Services) -> dict[str, dict[str, Operation]]:
    """Return what each path does, by method."""
    operations: dict[str, dict[str, Operation]] = defaultdict(dict)
    for route in OPERATIONS:
        handler = _handler(route, services)
        operations[route.path][route.method] = Operation(handler, route.scope)
        if route.method == "GET":
            operations[route.path]["HEAD"] = Operation(handler, route.scope)
    for path, page in pages().items():
        operations[path] = {"GET": Operation(page), "HEAD": Operation(page)}
    return operations


def _handler(route: Route, services: Services) -> Handler:
    if isinstance(route, ListRoute):
        return EventList(route, services)
    if isinstance(route, RecordRoute) and route.act:
        return Record(route, route.act, services)
    return _others(services)[route.path](route)


def _others(services: Services) -> dict[str, Callable[[Any], Handler]]:
    """Return what makes the handlers of operations that are no lists, by path."""
    return {
        "/actions/events": lambda _: Publication(services),
        "/actions/{id}/statistics": lambda route: ActionStatistics(route, services),
        "/actions/statistics": lambda route: Counts(route, services),
        "/actions/{id}/render": lambda route: Rendition(route, services),
        "/actions/{id}/execution": lambda route: Executions(route, services),
        "/actions/{id}/executions": lambda route: Executions(route, services),
        "/actions/{id}/targets/{target}": lambda route: ExecutionForOne(route, services),
        "/health/live": lambda _: Live(),
        "/health/ready": lambda _: Ready(services.settings.data),
        "/metrics": lambda _: Count(services),
        "/openapi.json": lambda _: _description(),
        "/docs": lambda _: pages()["/docs"],
    }


@cache
def _description() -> Document:
    return Document(encoded(), "application/json")
