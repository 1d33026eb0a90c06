"""`POST /v1/crossings/batch`: events line by line, each answered in its place while others are still on their way.

Memory is bounded whatever the size: so many lines, of so many bytes, are in flight, and the next one is read when the
first is answered.
Sending a batch again is harmless (law 2), so one that broke off is resumed by sending it again.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final, TypeAlias

import orjson
from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from app.errors import Busy
from app.evaluation.batch import Stored
from app.identity.roles import Permission
from app.web import problems
from app.web.api import body_schemas, schemas
from app.web.api.bodies import event_from, media_type, refuse_encoded
from app.web.api.crossings import ingest, told
from app.web.problems import BadRequestError
from app.web.security import require
from app.web.services import Services, services_of

router = APIRouter(prefix="/v1", tags=["crossings"])
NDJSON: Final = "application/x-ndjson"
_KINDS: Final = (NDJSON, "application/jsonl")
_IN_FLIGHT: Final = 512
# Read events take ten times as much.
_BYTES_IN_FLIGHT: Final = 4 << 20
_BUSY_SECONDS: Final = 0.05
# A sender that reads no answers while it sends would wait for ever for the service, and the service for it.
_STALLED_SECONDS: Final = 60.0
_CHUNK: Final = 1 << 16
# Statuses that say that the same line may be taken later.
_LATER: Final = frozenset({429, 503})
_Queue: TypeAlias = "asyncio.Queue[tuple[asyncio.Task[bytes], int] | None]"


@router.post(
    "/crossings/batch",
    summary="Store and judge crossing events, one a line",
    openapi_extra=body_schemas.BATCH_BODY,
    responses={
        200: {
            "description": "A line for each line, in order, with its answer or its problem.",
            "model": schemas.BatchLine,
            "content": {NDJSON: {"schema": {"$ref": "#/components/schemas/BatchLine"}}},
        },
        **schemas.problems(401, 403, 415),
    },
)
async def post_batch(request: Request) -> Response:
    """A bad line spoils only itself. Read answers while you send: they come as soon as their events are stored."""
    await require(request, Permission.CROSSINGS_WRITE)
    kind = media_type(request)
    if kind not in _KINDS:
        raise BadRequestError(415, f"Send events one a line as {NDJSON}, not as {kind or 'a body without a type'}.")
    refuse_encoded(request)
    return _Answers(request, services_of(request))


class _Answers(Response):
    """Reads the body and sends the answers at the same time, which Starlette's own streaming does not."""

    def __init__(self, request: Request, services: Services) -> None:
        super().__init__(media_type=NDJSON)
        self._bytes, self._has_room = 0, asyncio.Event()
        del self.headers["content-length"]
        self._request, self._services = request, services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        answers: _Queue = asyncio.Queue(_IN_FLIGHT)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read(answers, tasks))
            tasks.create_task(self._write(answers, send))

    async def _read(self, answers: _Queue, tasks: asyncio.TaskGroup) -> None:
        number = 0
        # Of a sender that hung up, what came whole is stored; it sends the rest again.
        with suppress(ClientDisconnect):
            async for line in lines(self._request.stream(), self._services.settings.max_body_bytes):
                number += 1
                if line is None or line.strip():
                    size = len(line or b"")
                    await self._take_room(size)
                    await answers.put((tasks.create_task(self._answer(number, line)), size))
        await answers.put(None)

    async def _take_room(self, size: int) -> None:
        """Wait until so many bytes may be in flight too; a line alone always may."""
        while self._bytes and self._bytes + size > _BYTES_IN_FLIGHT:
            self._has_room.clear()
            await self._has_room.wait()
        self._bytes += size

    async def _answer(self, number: int, line: bytes | None) -> bytes:
        try:
            stored = await self._store(line)
            answer = await told(self._services, stored)
        except Exception as error:  # noqa: BLE001 (one line's fault must not spoil the others')
            document = problems.document(error)
            later = {"retry_after": problems.RETRY_SECONDS} if document["status"] in _LATER else {}
            return orjson.dumps({"line": number, "status": document["status"], **later, "problem": document}) + b"\n"
        self._services.metrics.stored(stored)
        revision = b',"revision":%d' % stored.revision if stored.revision > 1 else b""
        status = 200 if stored.replayed else 201
        return b'{"line":%d,"status":%d%s,"answer":%s}\n' % (number, status, revision, answer)

    async def _store(self, line: bytes | None) -> Stored:
        if line is None:
            raise BadRequestError(413, f"The line is larger than {self._services.settings.max_body_bytes} bytes.")
        body = event_from(line)
        while True:
            # For each line: it may have been revoked since the first.
            credential = await require(self._request, Permission.CROSSINGS_WRITE)
            try:
                return await ingest(self._services, credential, body)
            except Busy:
                await asyncio.sleep(_BUSY_SECONDS)

    async def _write(self, answers: _Queue, send: Send) -> None:
        told = bytearray()
        while entry := await answers.get():
            answer, size = entry
            told += await answer
            self._bytes -= size
            self._has_room.set()
            if answers.empty() or len(told) > _CHUNK:
                await _send(send, bytes(told), more=True)
                told.clear()
        await _send(send, bytes(told), more=False)


async def _send(send: Send, body: bytes, *, more: bool) -> None:
    async with asyncio.timeout(_STALLED_SECONDS):
        await send({"type": "http.response.body", "body": body, "more_body": more})


async def lines(stream: AsyncIterator[bytes], largest: int) -> AsyncIterator[bytes | None]:
    """The lines of a body without their ends; None for one that is larger, of which no more is kept."""
    line, is_over = b"", False
    async for part in stream:
        head, *others = part.split(b"\n")
        line += head
        for each in others:
            yield None if is_over or len(line) > largest else line
            line, is_over = each, False
        if len(line) > largest:
            line, is_over = b"", True
    if line or is_over:
        yield None if is_over else line
