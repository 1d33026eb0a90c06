"""The ceilings: bare FastAPI handlers that parse the same body into the same model and answer.

`/v1/crossings` is written as FastAPI's documentation writes one; its parameters come as Python values, which the strict
model takes only if told to be lax. `/insert` is the same with one committed insert a request, into the database that
BENCH_DATABASE names: SQLite fully synchronised, or PostgreSQL by psycopg, asynchronously over a few connections, so
that it may commit requests together. `/batch` parses events one a line and stores them in one transaction, without
judging them.
"""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any, Protocol, TypeAlias

import orjson
import psycopg
from fastapi import Body, FastAPI, Request, Response
from pydantic import BaseModel, WrapValidator

from app.vocabulary.wire import Crossing

_CONNECTIONS = 8
_TABLE = "CREATE TABLE IF NOT EXISTS events (source TEXT, id TEXT, body {}, PRIMARY KEY (source, id))"
Rows: TypeAlias = Sequence[tuple[str, str, bytes]]


class _Database(Protocol):
    async def store(self, rows: Rows) -> None: ...


class _Sqlite:
    def __init__(self, file: str) -> None:
        self._database = sqlite3.connect(file, isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = FULL"):
            self._database.execute(f"PRAGMA {pragma}")
        self._database.execute(_TABLE.format("BLOB"))

    async def store(self, rows: Rows) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        self._database.executemany("INSERT INTO events VALUES (?, ?, ?)", rows)
        self._database.execute("COMMIT")


class _Postgres:
    def __init__(self, connections: Sequence[psycopg.AsyncConnection]) -> None:
        self._free: asyncio.Queue[psycopg.AsyncConnection] = asyncio.Queue()
        for connection in connections:
            self._free.put_nowait(connection)

    async def store(self, rows: Rows) -> None:
        connection = await self._free.get()
        try:
            if len(rows) == 1:
                await connection.execute("INSERT INTO events VALUES (%s, %s, %s)", rows[0])
            else:
                async with connection.transaction(), connection.cursor() as cursor:
                    await cursor.executemany("INSERT INTO events VALUES (%s, %s, %s)", rows)
        finally:
            self._free.put_nowait(connection)


async def _opened(url: str) -> _Database:
    if url.startswith("sqlite:///"):
        return _Sqlite(f"{url.removeprefix('sqlite:///')}.bare")
    address = url.replace("+psycopg", "")
    connections = [await psycopg.AsyncConnection.connect(address, autocommit=True) for _ in range(_CONNECTIONS)]
    with suppress(psycopg.errors.UniqueViolation):  # another worker makes it at this moment
        await connections[0].execute(_TABLE.format("BYTEA").encode())
    return _Postgres(connections)


@asynccontextmanager
async def _lifespan(of: FastAPI) -> AsyncIterator[None]:
    of.state.database = await _opened(os.environ["BENCH_DATABASE"])
    yield


app = FastAPI(lifespan=_lifespan)


def _lax(value: Any, _: object) -> Crossing:  # noqa: ANN401 (what FastAPI made of the JSON)
    return Crossing.model_validate(value, strict=False)


class Answer(BaseModel):
    id: str


@app.post("/v1/crossings", status_code=201)
async def post_crossing(event: Annotated[Crossing, WrapValidator(_lax), Body()]) -> Answer:
    return Answer(id=event.id)


@app.post("/insert", status_code=201)
async def post_insert(event: Annotated[Crossing, WrapValidator(_lax), Body()], request: Request) -> Answer:
    await request.app.state.database.store([(event.source, event.id, await request.body())])
    return Answer(id=event.id)


@app.post("/batch")
async def post_batch(request: Request) -> Response:
    lines = (await request.body()).splitlines()
    events = [Crossing.model_validate_json(line) for line in lines]
    await request.app.state.database.store(
        [(event.source, event.id, line) for event, line in zip(events, lines, strict=True)]
    )
    answers = b"\n".join(orjson.dumps({"status": 201, "id": event.id}) for event in events)
    return Response(answers, media_type="application/x-ndjson")
