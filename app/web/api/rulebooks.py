"""`GET /v1/rulebooks/active`: the rulebook in force as a signed file, for posts that judge while their line is down."""

import asyncio
import re
import time
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import Engine as Database
from starlette.concurrency import run_in_threadpool

from app.errors import NotFound, Unavailable
from app.evaluation.bundle import MEDIA_TYPE, Bundle, private_key, sign
from app.identity.keys import Credential
from app.identity.roles import Permission
from app.storage import rulebooks
from app.storage.engine import reading
from app.storage.rulebooks import Activation
from app.web.api import schemas
from app.web.security import permitted
from app.web.services import services_of

router = APIRouter(prefix="/v1/rulebooks", tags=["rules"])
_LOOK_SECONDS: Final = 0.5
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
    request: Request, credential: Annotated[Credential, Depends(permitted(Permission.RULEBOOKS_FETCH))]
) -> Response:
    """With `If-None-Match` and `Prefer: wait=SECONDS` (60 at most) it is answered as soon as there is another one."""
    del credential
    services = services_of(request)
    if not services.settings.signing_key.exists():
        raise NotFound(f"There is no key to sign with: `gerege keys signing {services.settings.signing_key}` makes it.")
    asked = _WAIT.search(request.headers.get("prefer", ""))
    until = time.monotonic() + min(int(asked[1]) if asked else 0, _LONGEST_WAIT)
    while True:
        found = await run_in_threadpool(_active, services.database)
        tag = f'"{found.revision}-{found.rulebook}"'
        if tag != request.headers.get("if-none-match"):
            break
        if time.monotonic() + _LOOK_SECONDS > until or await request.is_disconnected():
            return Response(status_code=304, headers={"ETag": tag})
        await asyncio.sleep(_LOOK_SECONDS)
    envelope = await run_in_threadpool(_signed, services.database, services.settings.signing_key, found)
    return Response(envelope, headers={"ETag": tag}, media_type=MEDIA_TYPE)


def _active(database: Database) -> Activation:
    with reading(database) as tx:
        found = rulebooks.newest(tx)
    if found is None:
        raise Unavailable("No rulebook is in force.")
    return found


@lru_cache(maxsize=2)
def _signed(database: Database, key: Path, found: Activation) -> bytes:
    with reading(database) as tx:
        files = rulebooks.sources(tx, found.rulebook)
    assert files  # noqa: S101 (whatever was activated is stored)
    return sign(Bundle(found.revision, found.rulebook, found.activated_at, files), private_key(key))
