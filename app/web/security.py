"""Who asks, and what that key may do. Nothing but health is open."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated

import structlog
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import Engine as Database
from starlette.concurrency import run_in_threadpool

from app.clock import Clock
from app.errors import Unauthenticated
from app.identity import keys
from app.identity.keys import Credential
from app.identity.roles import Permission
from app.storage.engine import reading

# So long a revoked key may still work; without it every event would cost another query.
REMEMBERED = timedelta(seconds=5)
_MOST = 1024
_bearer = HTTPBearer(auto_error=False, description="A key made by `gerege keys create`.")
_log = structlog.get_logger()


@dataclass(slots=True)
class Keyring:
    """Looks keys up, remembering each for a few seconds."""

    database: Database
    clock: Clock
    _known: OrderedDict[str, tuple[datetime, Credential]] = field(default_factory=OrderedDict)
    _asking: dict[str, asyncio.Future[Credential]] = field(default_factory=dict)

    async def credential(self, authorization: str | None) -> Credential:
        """Whose key an `Authorization` header holds; raises Unauthenticated."""
        scheme, _, key = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise Unauthenticated("Send a key as `Authorization: Bearer …`; `gerege keys create` makes one.")
        key, now = key.strip(), self.clock.now()
        seen = self._known.get(key)
        if seen and abs(now - seen[0]) < REMEMBERED and not (seen[1].expires_at and seen[1].expires_at <= now):
            return seen[1]
        # One look-up for all requests that wait for it: a burst must not open a connection each.
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = asyncio.ensure_future(run_in_threadpool(self._look_up, key, now))
            asking.add_done_callback(lambda _: self._asking.pop(key))
        found = await asyncio.shield(asking)
        # Only the event loop's thread comes here, so the dictionaries need no lock.
        self._known[key] = now, found
        while len(self._known) > _MOST:
            self._known.popitem(last=False)
        return found

    def _look_up(self, key: str, now: datetime) -> Credential:
        with reading(self.database) as tx:
            return keys.authenticate(tx, key, now)


def permitted(permission: Permission) -> Callable[..., Awaitable[Credential]]:
    """A dependency that gives the credential, or refuses whoever lacks the permission."""

    async def check(
        request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
    ) -> Credential:
        del given  # declares the scheme in the OpenAPI document
        return await require(request, permission)

    return check


async def require(request: Request, permission: Permission) -> Credential:
    """The credential of a request; raises Unauthenticated or Forbidden."""
    ring: Keyring = request.app.state.services.keyring
    credential = await ring.credential(request.headers.get("authorization"))
    keys.require(credential, permission)
    return credential


def looked(credential: Credential, what: str, *identifiers: str, **more: object) -> None:
    """Log who looked at which records of a person or company.

    Identifiers are those made here: only the database tells whose they are. Keys of subjects hold document numbers and
    are no business of whoever reads the log.
    """
    _log.info("looked", credential=credential.id, what=what, ids=list(identifiers), **more)
