"""Who asks, and what that one may do: systems by a key, people by a session. Nothing but health and signing in is open.

A browser sends the cookie of a session whoever made it ask, so what changes anything is taken only from the service's
own pages: from what the browser says of where a request comes from, beside SameSite of the cookie.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Final, TypeAlias
from urllib.parse import urlsplit

import structlog
from fastapi import Depends, Request, Response
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import Engine as Database
from starlette.concurrency import run_in_threadpool

from app.clock import Clock
from app.errors import Forbidden, Unauthenticated
from app.identity import keys, users
from app.identity.keys import Credential
from app.identity.roles import Permission
from app.identity.users import User
from app.storage.engine import reading

# So long a revoked key may still work; without it every event would cost another query.
REMEMBERED = timedelta(seconds=5)
_MOST = 1024
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
Actor: TypeAlias = Credential | User
"""Whoever asks: a system or a person."""
COOKIE: Final = "gerege_session"
_bearer = HTTPBearer(auto_error=False, description="A key made by `gerege keys create`.")
_session = APIKeyCookie(name=COOKIE, auto_error=False, description="Of a person: `POST /v1/session` sets it.")
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


def permitted(permission: Permission) -> Callable[..., Awaitable[Actor]]:
    """A dependency that gives whoever asks, or refuses who lacks the permission."""

    async def check(
        request: Request,
        given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
        token: Annotated[str | None, Depends(_session)],
    ) -> Actor:
        del given, token  # they declare the schemes in the OpenAPI document
        return await require(request, permission)

    return check


def person(permission: Permission) -> Callable[..., Awaitable[User]]:
    """As `permitted`, for what only a named person may do."""

    async def check(request: Request, token: Annotated[str | None, Depends(_session)]) -> User:
        del token  # as above
        actor = await require(request, permission)
        if isinstance(actor, Credential):
            raise Forbidden("That is for a named officer to do, who signs in: `POST /v1/session`.")
        return actor

    return check


async def require(request: Request, permission: Permission) -> Actor:
    """Whoever asks; raises Unauthenticated or Forbidden."""
    authorization, token = request.headers.get("authorization"), request.cookies.get(COOKIE)
    if authorization is None and token is not None:
        actor: Actor = await signed_in(request, token)
    else:
        actor = await _keyring(request).credential(authorization)
    keys.require(actor, permission)
    return actor


async def signed_in(request: Request, token: str) -> User:
    """Whose session it is; raises Unauthenticated, and Forbidden for what another site made the browser ask."""
    if request.method not in _SAFE:
        refuse_other_sites(request)
    ring = _keyring(request)

    def look_up() -> User:
        with reading(ring.database) as tx:
            return users.signed_in(tx, token, ring.clock.now())

    return await run_in_threadpool(look_up)


def refuse_other_sites(request: Request) -> None:
    """Raise Forbidden unless a page of this service asks, or no browser does."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        allowed = site in {"same-origin", "none"}
    else:
        allowed = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if not allowed:
        raise Forbidden("That was asked by a page of another site; open the console itself.")


def address_of(request: Request) -> str:
    """Where a request comes from: of one through a proxy on this machine, as the proxy says."""
    return request.client.host if request.client else ""


def set_cookie(request: Request, response: Response, token: str) -> None:
    """No script reads it, no other site sends it, and under TLS nobody on the way sees it."""
    seconds, secure = int(users.LASTS.total_seconds()), request.url.scheme == "https"
    response.set_cookie(COOKIE, token, max_age=seconds, path="/", secure=secure, httponly=True, samesite="strict")


def _keyring(request: Request) -> Keyring:
    ring: Keyring = request.app.state.services.keyring
    return ring


def looked(actor: Actor, what: str, *identifiers: str, **more: object) -> None:
    """Log who looked at which records of a person or company.

    Identifiers are those made here: only the database tells whose they are. Keys of subjects hold document numbers and
    are no business of whoever reads the log.
    """
    _log.info("looked", credential=actor.id, what=what, ids=list(identifiers), **more)
