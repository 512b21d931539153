"""The same API as one would write it with FastAPI, asyncpg and PostgreSQL.

What favours it: it checks no key and counts no rate, keeps a hit's class in its row and counts no contacts; bodies
are stored as `bytea`, so a list needs no JSON work; each list has its index, and room to sort in memory; it streams
from a server-side cursor in batches of 1,000; drafts are validated straight from bytes; a request is one INSERT;
it runs a worker a core.
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
from peers.table import REACTIVE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from peers.model import Draft

INSERT = """
INSERT INTO event (id, time, type, link, class, action, hash, activated, body)
SELECT * FROM unnest(
    $1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::bytea[]
)
ON CONFLICT (id) DO NOTHING RETURNING id
"""
TYPES = """
SELECT type, link, count(*) AS events FROM event WHERE action = $1 AND class IN ('', 'human') GROUP BY type, link
"""
DAYS = """
SELECT time / 86400000 AS day, type, count(*) AS events FROM event GROUP BY day, type ORDER BY day, type
"""
BATCH = 1_000
HUMAN_HITS = "type = 'hit' AND class = 'human'"
ROOMY = {"work_mem": "64MB"}


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Hold a pool of connections while the application runs."""
    async with asyncpg.create_pool(os.environ["DSN"], min_size=16, max_size=16, server_settings=ROOMY) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


class Question(NamedTuple):
    """A statement and its arguments."""

    statement: str
    arguments: list[int | str]


CLAUSES = {
    "start": "time >= $%d",
    "end": "time < $%d",
    "kind": "type = $%d",
    "action": "action = $%d",
    "link": "link = $%d",
    "hash": "hash = $%d",
    "activated_from": "activated >= $%d",
    "activated_before": "activated < $%d",
}


def question(sort: str | None, *always: str, **wanted: int | str | None) -> Question:
    """Return what a list's parameters ask for: the conditions that always hold, and `CLAUSES` that have a value."""
    given = {name: value for name, value in wanted.items() if value is not None}
    clauses = [*always, *(CLAUSES[name] % n for n, name in enumerate(given, 1))]
    where = f" WHERE {' AND '.join(clauses)}" if clauses else ""
    order = f" ORDER BY time {sort}, seq {sort}" if sort else ""
    statement = f"SELECT body FROM event{where}{order}"  # noqa: S608  made of the clauses above
    return Question(statement, list(given.values()))


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


Time = Annotated[int | None, Query()]
ActivationStart = Annotated[int | None, Query(alias="activationStart")]
ActivationEnd = Annotated[int | None, Query(alias="activationEnd")]
Hash = Annotated[str, Query(alias="hash")]
Sort = Annotated[Literal["asc", "desc"] | None, Query()]


def listed(asked: Question) -> StreamingResponse:
    """Answer with the array of what is asked for."""
    return StreamingResponse(bodies(app.state.pool, asked), media_type="application/json")


@app.get("/actions/events")
async def events(start: Time = None, end: Time = None, sort: Sort = None) -> StreamingResponse:
    """List events."""
    return listed(question(sort, start=start, end=end))


@app.get("/actions/events/{kind}s")
async def events_of(kind: str, start: Time = None, end: Time = None, sort: Sort = None) -> StreamingResponse:
    """List events of one type."""
    return listed(question(sort, kind=kind, start=start, end=end))


@app.get("/actions/{action}/events/{kind}s")
async def events_of_action(
    action: str, kind: str, start: Time = None, end: Time = None, sort: Sort = None
) -> StreamingResponse:
    """List events of one type and action."""
    return listed(question(sort, action=action, kind=kind, start=start, end=end))


@app.get("/actions/{action}/events/hits/{link}")
async def hits_of_action(
    action: str, link: str, start: Time = None, end: Time = None, sort: Sort = None
) -> StreamingResponse:
    """List humans' hits of one kind and action."""
    return listed(question(sort, HUMAN_HITS, action=action, link=link, start=start, end=end))


@app.get("/targets/events")
async def events_of_contact(hash_: Hash, start: Time = None, end: Time = None, sort: Sort = None) -> StreamingResponse:
    """List events of one contact."""
    return listed(question(sort, "hash <> ''", hash=hash_, start=start, end=end))


@app.get("/actions/reactivities")
async def reactivities(
    after: ActivationStart = None, before: ActivationEnd = None, sort: Sort = None
) -> StreamingResponse:
    """List what followed from the activations of a window."""
    return listed(question(sort, REACTIVE, activated_from=after, activated_before=before))


@app.get("/actions/statistics")
async def statistics() -> Response:
    """Count events of each type and day."""
    return Response(
        orjson.dumps([dict(row) for row in await app.state.pool.fetch(DAYS)]), media_type="application/json"
    )


@app.get("/actions/{action}/statistics")
async def statistics_of_action(action: str) -> Response:
    """Count an action's events."""
    rows = await app.state.pool.fetch(TYPES, action)
    counts = {row["type"]: row["events"] for row in rows if row["type"] != "hit"}
    links = {row["link"]: row["events"] for row in rows if row["type"] == "hit"}
    document = {"type": "mail", "dispatch": {"sent": counts.get("activation", 0)}, "feedback": {**counts, **links}}
    return Response(orjson.dumps(document), media_type="application/json")


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
    contact = getattr(block, "receiver", None) or block.recipient
    link, class_ = (detail.link.type, "human") if draft.type == "hit" else ("", "")
    body = draft.model_dump_json(exclude_none=True).encode()
    return draft.id, now, draft.type, link, class_, block.id, getattr(contact, "hash", ""), block.stamp.time, body
