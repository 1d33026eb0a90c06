"""`GET /v1/rulebooks/active`: the rulebook in force as a signed file, for posts that judge while their line is down."""

import re
import time
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Final, NamedTuple

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import Engine as Database
from starlette.concurrency import run_in_threadpool

from app.errors import NotFound
from app.evaluation.bundle import MEDIA_TYPE, Bundle, private_key, sign
from app.identity.roles import Permission
from app.storage import rulebooks
from app.storage.engine import reading
from app.storage.rulebooks import Activation
from app.web.api import schemas
from app.web.rulebooks import LOOK_SECONDS, newest
from app.web.security import Actor, permitted
from app.web.services import services_of

router = APIRouter(prefix="/v1/rulebooks", tags=["rules"])
_LONGEST_WAIT: Final = 60
_WAIT = re.compile(r"(?:^|[,;\s])wait=([0-9]{1,4})\b")


@router.get(
    "/active",
    summary="The rulebook in force, signed",
    response_class=Response,
    responses={
        200: {"description": "An envelope of DSSE.", "content": {MEDIA_TYPE: {}}},
        304: {"description": "It is the one of `If-None-Match` still."},
        **schemas.problems(401, 403, 404, 503),
    },
)
async def get_active(
    request: Request, credential: Annotated[Actor, Depends(permitted(Permission.RULEBOOKS_FETCH))]
) -> Response:
    """With `If-None-Match` and `Prefer: wait=SECONDS` (60 at most) it is answered as soon as there is another one."""
    del credential
    services = services_of(request)
    if not services.settings.signing_key.exists():
        raise NotFound(f"There is no key to sign with: `gerege keys signing {services.settings.signing_key}` makes it.")
    asked = _WAIT.search(request.headers.get("prefer", ""))
    until = time.monotonic() + min(int(asked[1]) if asked else 0, _LONGEST_WAIT)
    found = await run_in_threadpool(newest, services.database)
    while (tag := f'"{found.revision}-{found.rulebook}"') == request.headers.get("if-none-match"):
        if services.rulebooks.ended or time.monotonic() + LOOK_SECONDS > until or await request.is_disconnected():
            return Response(status_code=304, headers={"ETag": tag})
        found = await services.rulebooks.look()
    file = services.settings.signing_key.stat()
    key = _Key(services.settings.signing_key, file.st_ino, file.st_mtime_ns)
    envelope = await run_in_threadpool(_signed, services.database, key, found)
    return Response(envelope, headers={"ETag": tag}, media_type=MEDIA_TYPE)


class _Key(NamedTuple):
    """The file of a key, and which one it is: another may lie there tomorrow."""

    path: Path
    inode: int
    changed: int


@lru_cache(maxsize=2)
def _signed(database: Database, key: _Key, found: Activation) -> bytes:
    with reading(database) as tx:
        files = rulebooks.sources(tx, found.rulebook)
    assert files  # noqa: S101 (whatever was activated is stored)
    return sign(Bundle(found.revision, found.rulebook, found.activated_at, files), private_key(key.path))
