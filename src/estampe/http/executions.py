"""The handler that takes executions: one result for each item, in order, once all are durable."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from estampe.http.bodies import decompressed, invalid_body, media_type_of
from estampe.http.parameters import FORMS, InvalidText, read_path, read_query
from estampe.http.problems import Flaw, Kind, Problem
from estampe.http.refusals import translated
from estampe.instants import clock_ms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estampe.catalog import Key
    from estampe.execution.accepting import Result
    from estampe.http.exchange import Exchange
    from estampe.http.route import RecordRoute
    from estampe.http.services import Services

_REPLAYED = ("idempotent-replayed", "true")


class _Call(NamedTuple):
    """One call, as far as it can be told from another."""

    key: Key
    action: str
    items: Sequence[msgspec.Raw]
    digest: bytes
    name: str

    def seed(self, began_ms: int) -> UUID:
        """Return what makes the stamps of a call that may be repeated, until it is forgotten when it began."""
        return uuid5(NAMESPACE_URL, f"{self.key.customer.name} {began_ms} {self.name}")


class Executions:
    """Answers POST of executions, one or many.

    Parameters:
        route: the row of the table.
        services: what the handlers share.
    """

    def __init__(self, route: RecordRoute, services: Services) -> None:
        self._route = route
        self._services = services
        self._many = route.path.endswith("/executions")

    async def __call__(self, exchange: Exchange) -> None:
        """Execute an action for each item.

        Raises:
            Problem: the call is wrong, or could not be kept.
        """
        assert exchange.key is not None  # noqa: S101  the gate has set it
        settings = self._services.settings
        read_query(exchange.query, self._route.parameters, settings.query_limit)
        action = read_path(exchange.path_texts, self._route.parameters)["action"]
        media_type_of(exchange.header(b"content-type"), self._route.media)
        name = _name(exchange.header(b"idempotency-key"))
        with self._services.room.taken(exchange.key.id) as take:
            body = await exchange.read(settings.body_limit, take)
            items, digest = await asyncio.get_running_loop().run_in_executor(
                self._services.decoders, self._read, body, exchange.header(b"content-encoding"), exchange.route + action
            )
            call = _Call(exchange.key, action, items, digest, name)
            answer, replayed = await self._services.clerks.take(exchange.key.id, self._answer, call)
        await exchange.answer(200, answer, "application/json", *([_REPLAYED] if replayed else []))

    def _read(self, body: bytes, encoding: str, place: str) -> tuple[Sequence[msgspec.Raw], bytes]:
        """Return the items of a body, and a digest of all that is asked."""
        return self._items(body, encoding), sha256(place.encode() + b"\n" + body).digest()

    def _items(self, body: bytes, encoding: str) -> Sequence[msgspec.Raw]:
        settings = self._services.settings
        text = decompressed(body, encoding, settings.body_limit)
        try:
            items = msgspec.json.decode(text, type=list[msgspec.Raw]) if self._is_array(text) else [_object(text)]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise invalid_body(str(exc)) from exc
        if not self._many and len(items) != 1:
            raise invalid_body(f"Expected one item, got {len(items)}; send several to /executions")
        if len(items) > settings.executions_limit:
            detail = f"The body holds {len(items)} items; {settings.executions_limit} are allowed in one call."
            raise Problem(Kind.BATCH_TOO_LARGE, detail)
        return items

    def _is_array(self, text: bytes) -> bool:
        return self._many or text.lstrip()[:1] == b"["

    def _answer(self, call: _Call) -> tuple[bytes, bool]:
        """Return the answer, and whether it was given before."""
        if not call.name:
            return self._execute(call, None), False
        execution = self._services.execution
        number = self._services.customers.number_of(call.key.customer)
        with translated(), execution.calls.running(number, call.name, call.digest, clock_ms()) as begun:
            if begun.answer is not None:
                return begun.answer, True
            answer = self._execute(call, call.seed(begun.time_ms))
            execution.calls.end(number, call.name, answer)
            return answer, False

    def _execute(self, call: _Call, seed: UUID | None) -> bytes:
        results: list[Result] = []
        accept = self._services.execution.acceptance.accept
        try:
            with translated():
                for some in accept(call.key.customer, call.action, call.items, seed):
                    results += some
        except Problem as problem:
            raise _broken_off(problem, len(results), call) from problem
        return msgspec.json.encode(results if self._many else results[0])


def _object(text: bytes) -> msgspec.Raw:
    msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    return msgspec.Raw(text)


def _name(header: str) -> str:
    """Return what an Idempotency-Key says: a structured string or a bare one, taken as it is written; empty: none."""
    reading = FORMS["token"]
    try:
        return reading.read(header) if header else ""
    except InvalidText as exc:
        flaw = Flaw(place="header", name="Idempotency-Key", found=header[:100], allowed=reading.allowed)
        raise Problem(Kind.INVALID_PARAMETER, f"Idempotency-Key must be {reading.allowed}.", [flaw]) from exc


def _broken_off(problem: Problem, done: int, call: _Call) -> Problem:
    """Say how much of a call was done before it was broken off."""
    if not done:
        return problem
    hint = (
        "Repeat the call with its Idempotency-Key: none is executed twice."
        if call.name
        else "Send the others only; with an Idempotency-Key, the whole call could be repeated safely."
    )
    detail = f"{problem} The first {done} of {len(call.items)} items are done. {hint}"
    return Problem(problem.kind, detail, problem.flaws, problem.headers)
