"""The console as an application of its own below `/console`: its routes, its errors as pages, its headers."""

from typing import Final

from fastapi import FastAPI
from fastapi.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.console import (
    account,
    checkpoints,
    crossings,
    failures,
    find,
    missing,
    queue,
    rules,
    sign_in,
    situation,
    static,
    subjects,
    violation,
)
from app.web.services import Services

_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_PAGES: Final = (
    static,
    sign_in,
    account,
    queue,
    missing,
    violation,
    find,
    crossings,
    subjects,
    situation,
    rules,
    checkpoints,
)
_HEADERS: Final = (
    (b"content-security-policy", _POLICY.encode()),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)


def create(services: Services) -> FastAPI:
    """All pages, to be mounted at `/console`."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.state.services = services
    for module in _PAGES:
        app.include_router(module.router)
    app.state.paths = {route.path for module in _PAGES for route in module.router.routes if isinstance(route, Route)}
    failures.install(app)
    app.add_middleware(Guarded)
    return app


class Guarded:
    """Allows pages nothing but what the service itself serves, and makes a page of whatever goes wrong."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                message["headers"] = [*message["headers"], *_HEADERS]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            if begun:
                raise
            await failures.shown(Request(scope, receive), error)(scope, receive, sending)
