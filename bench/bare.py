"""The ceilings: bare FastAPI handlers that parse the same body into the same model and answer.

`/v1/crossings` is written as FastAPI's documentation writes one; its parameters come as Python values, which the strict
model takes only if told to be lax. `/lean` validates straight from the bytes, which is the least a handler can do.
`/insert` is the first with one committed insert a request, fully synchronised, into the SQLite file that BENCH_FILE
names; `/batch` parses events one a line and stores them in one transaction, without judging them.
"""

import os
import sqlite3
from typing import Annotated, Any

import orjson
from fastapi import Body, FastAPI, Request, Response
from pydantic import BaseModel, WrapValidator

from app.vocabulary.wire import Crossing

app = FastAPI()


def _lax(value: Any, _: object) -> Crossing:  # noqa: ANN401 (what FastAPI made of the JSON)
    return Crossing.model_validate(value, strict=False)


def _database() -> sqlite3.Connection:
    database = sqlite3.connect(os.environ["BENCH_FILE"], isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL"):
        database.execute(f"PRAGMA {pragma}")
    database.execute("CREATE TABLE IF NOT EXISTS events (source TEXT, id TEXT, body BLOB, PRIMARY KEY (source, id))")
    return database


_DATABASE = _database()


def _store(rows: list[tuple[str, str, bytes]]) -> None:
    _DATABASE.execute("BEGIN IMMEDIATE")
    _DATABASE.executemany("INSERT INTO events VALUES (?, ?, ?)", rows)
    _DATABASE.execute("COMMIT")


class Answer(BaseModel):
    id: str


@app.post("/v1/crossings", status_code=201)
async def post_crossing(event: Annotated[Crossing, WrapValidator(_lax), Body()]) -> Answer:
    return Answer(id=event.id)


@app.post("/lean", status_code=201)
async def post_lean(request: Request) -> Answer:
    return Answer(id=Crossing.model_validate_json(await request.body()).id)


@app.post("/insert", status_code=201)
async def post_insert(event: Annotated[Crossing, WrapValidator(_lax), Body()], request: Request) -> Answer:
    _store([(event.source, event.id, await request.body())])
    return Answer(id=event.id)


@app.post("/batch")
async def post_batch(request: Request) -> Response:
    lines = (await request.body()).splitlines()
    events = [Crossing.model_validate_json(line) for line in lines]
    _store([(event.source, event.id, line) for event, line in zip(events, lines, strict=True)])
    answers = b"\n".join(orjson.dumps({"status": 201, "id": event.id}) for event in events)
    return Response(answers, media_type="application/x-ndjson")
