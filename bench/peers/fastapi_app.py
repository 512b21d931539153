"""The same API as one would write it with FastAPI, asyncpg and PostgreSQL.

What favours it: it checks no key and counts no rate; bodies are stored as `bytea`, so a list needs no JSON
work; a list streams from a server-side cursor in batches of 1,000; drafts are validated straight from bytes;
a request is one INSERT; it runs a worker a core.
"""

from __future__ import annotations

import os
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import asyncpg
import orjson
from fastapi import FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import ValidationError

from peers.model import DRAFTS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from peers.model import Draft

INSERT = """
INSERT INTO event (id, time, type, action, body)
SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::bytea[])
ON CONFLICT (id) DO NOTHING RETURNING id
"""
BATCH = 1_000


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Hold a pool of connections while the application runs."""
    async with asyncpg.create_pool(os.environ["DSN"], min_size=16, max_size=16) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


class Question(NamedTuple):
    """A statement and its arguments."""

    statement: str
    arguments: list[int | str]


def question(start: int | None, end: int | None, sort: str | None, kind: str | None = None) -> Question:
    """Return what a list's parameters ask for."""
    wanted = [("time >= $%d", start), ("time < $%d", end), ("type = $%d", kind)]
    given = [(clause, value) for clause, value in wanted if value is not None]
    clauses = " AND ".join(clause % n for n, (clause, _) in enumerate(given, 1))
    where = f" WHERE {clauses}" if clauses else ""
    order = f" ORDER BY time {sort}, seq {sort}" if sort else ""
    statement = f"SELECT body FROM event{where}{order}"  # noqa: S608  made of the clauses above
    return Question(statement, [value for _, value in given])


async def bodies(pool: asyncpg.Pool, asked: Question) -> AsyncIterator[bytes]:
    """Yield the array, a batch of events at a time."""
    before = b"["
    async with pool.acquire() as connection, connection.transaction():
        cursor = await connection.cursor(asked.statement, *asked.arguments)
        while rows := await cursor.fetch(BATCH):
            yield before + b",".join([row[0] for row in rows])
            before = b","
    yield b"]" if before == b"," else b"[]"


async def texts(pool: asyncpg.Pool) -> AsyncIterator[str]:
    """Yield the array from documents that PostgreSQL writes out as text."""
    before = "["
    async with pool.acquire() as connection, connection.transaction():
        cursor = await connection.cursor("SELECT body FROM document ORDER BY time, seq")
        while rows := await cursor.fetch(BATCH):
            yield before + ",".join([row[0] for row in rows])
            before = ","
    yield "]" if before == "," else "[]"


Start = Annotated[int | None, Query()]
Sort = Annotated[Literal["asc", "desc"] | None, Query()]


@app.get("/actions/events")
async def events(start: Start = None, end: Start = None, sort: Sort = None) -> StreamingResponse:
    """List events."""
    asked = question(start, end, sort)
    return StreamingResponse(bodies(app.state.pool, asked), media_type="application/json")


@app.get("/actions/events/{kind}s")
async def events_of(kind: str, start: Start = None, end: Start = None, sort: Sort = None) -> StreamingResponse:
    """List events of one type."""
    asked = question(start, end, sort, kind)
    return StreamingResponse(bodies(app.state.pool, asked), media_type="application/json")


@app.get("/documents")
async def documents() -> StreamingResponse:
    """List all events from a column of type `jsonb`, in order of time."""
    return StreamingResponse(texts(app.state.pool), media_type="application/json")


@app.post("/actions/events")
async def publish(request: Request) -> Response:
    """Store drafts, each id once."""
    try:
        drafts = DRAFTS.validate_json(await request.body())
    except ValidationError as error:
        raise HTTPException(400, error.errors(include_input=False)) from error
    now = time.time_ns() // 1_000_000
    rows = [_row(draft, now) for draft in drafts]
    added = {row[0] for row in await app.state.pool.fetch(INSERT, *zip(*rows, strict=True))}
    receipts = [{"id": draft.id, "duplicate": draft.id not in added} for draft in drafts]
    return Response(orjson.dumps(receipts), status_code=201, media_type="application/json")


def _row(draft: Draft, now: int) -> tuple[object, ...]:
    draft.timestamp = now
    detail = draft.source.detail
    block = getattr(detail, "activation", None) or detail.execution
    return draft.id, now, draft.type, block.id, draft.model_dump_json(exclude_none=True).encode()
