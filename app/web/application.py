"""The FastAPI application: routes, problems, request log and metrics around the services, and the console."""

import signal
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from types import FrameType, FunctionType
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from starlette.requests import ClientDisconnect
from starlette.responses import RedirectResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.clock import uuid7_text
from app.crossings.due import Backlog
from app.vocabulary.wire import Crossing
from app.web import problems
from app.web.api import (
    batch,
    crossings,
    documents,
    find,
    forwarding,
    manifests,
    rulebooks,
    rules,
    schemas,
    service,
    sessions,
    situation,
    subjects,
    violations,
    webhooks,
    work,
)
from app.web.console import application as console
from app.web.services import Services

_EVENTS = "/v1/crossings"
_NOSNIFF, _NO_STORE = (b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store")
_log = structlog.get_logger()
_OF_THE_CENTRE = (
    crossings.sending,
    *(
        module.router
        for module in (
            crossings,
            batch,
            manifests,
            work,
            violations,
            documents,
            webhooks,
            find,
            situation,
            subjects,
            rules,
            rulebooks,
            sessions,
            service,
        )
    ),
)
# What it could not send on (corrections, lists) a post does not take.
_OF_A_POST = (crossings.sending, batch.router, forwarding.router, service.router)


def create(services: Services, close: Callable[[], None]) -> FastAPI:
    """The application; `close` is called when it stops."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        del app
        _before_the_end(services.rulebooks.end)
        yield
        close()

    # The default documentation pages load scripts from an address outside.
    app = FastAPI(
        title="Gerege",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.services = services
    for router in _OF_A_POST if services.post else _OF_THE_CENTRE:
        app.include_router(router)
    if not services.post:
        app.mount("/console", console.create(services))
        app.router.routes.append(Route("/", _to_console))
    problems.install(app)
    app.add_middleware(Events)
    app.add_middleware(Observed, services=services)
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]
    _watch(services)
    return app


class Events:
    """Takes the path of events before all others: FastAPI's handling of a request costs as much as judging one.

    Its own route of the same path stays for the OpenAPI document, and for a service below another path.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != _EVENTS or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        scope["endpoint"] = crossings.post_crossing
        try:
            answer = await crossings.post_crossing(Request(scope, receive))
        except ClientDisconnect:
            answer = problems.gone()
        await answer(scope, receive, send)


def _before_the_end(tell: Callable[[], None]) -> None:
    """Tell when the process is asked to end: the server waits for requests that wait for something to happen."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGINT, signal.SIGTERM):
        before = signal.getsignal(number)

        def handle(number: int, frame: FrameType | None, before: Any = before) -> None:  # noqa: ANN401 (signal's own)
            tell()
            before(number, frame)

        if callable(before):
            signal.signal(number, handle)


def _to_console(request: Request) -> RedirectResponse:
    del request
    return RedirectResponse("/console/")


class Observed:
    """Names, logs and counts each request, keeps answers out of caches, and lets no fault out as it is."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app, self._services = app, services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0
        request = uuid7_text(self._services.clock.now())
        own = [_NOSNIFF, (b"x-request-id", request.encode())]

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                # Files of the console alone say how long they may be kept.
                kept = any(name == b"cache-control" for name, _ in message["headers"])
                message["headers"] = [*message["headers"], *own, *(() if kept else (_NO_STORE,))]
            await send(message)

        with structlog.contextvars.bound_contextvars(request=request):
            try:
                await self._app(scope, receive, sending)
            except Exception as error:
                if status:  # an answer is on its way already; the server breaks the connection off
                    raise
                answer = problems.answered(error, method=scope["method"], route=_route(scope))
                await answer(scope, receive, sending)
            finally:
                self._observe(scope, status, time.perf_counter() - began)

    def _observe(self, scope: Scope, status: int, seconds: float) -> None:
        route = _route(scope)
        self._services.metrics.requests.labels(route, str(status)).inc()
        _log.debug("request", method=scope["method"], route=route, status=status, milliseconds=round(seconds * 1000, 1))


def _route(scope: Scope) -> str:
    """The path as it is declared: one that was asked for may hold the number of somebody's document."""
    if (route := scope.get("route")) is not None:
        return f"{scope.get('root_path', '')}{route.path}"
    # Starlette's own routes, that of events among them, leave no trace of themselves but their endpoint.
    return str(scope["path"]) if isinstance(scope.get("endpoint"), FunctionType) else "none"


def lag(backlog: Backlog, now: datetime) -> float:
    """Seconds since the first of what waits began to."""
    return max(0.0, (now - backlog.since).total_seconds()) if backlog.since else 0.0


def _watch(services: Services) -> None:
    pipeline = services.pipeline
    services.metrics.watch("gerege_waiting_tasks", "Tasks that wait for evaluation", lambda: pipeline.waiting)
    services.metrics.watch(
        "gerege_rederivations_waiting",
        "Stored crossings that wait to be judged again",
        lambda: pipeline.backlog().waiting,
    )
    services.metrics.watch(
        "gerege_rederivations_faulty",
        "Stored crossings that could not be judged again",
        lambda: pipeline.backlog().faulty,
    )
    services.metrics.watch(
        "gerege_rederivation_lag_seconds",
        "How long the first of them has waited",
        lambda: lag(pipeline.backlog(), services.clock.now()),
    )
    services.metrics.watch(
        "gerege_rulebook_stale",
        "1 if newer rules have errors and are not in force",
        lambda: bool(pipeline.in_force.stale),
    )


def _described(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with the wire model, which is validated outside FastAPI's own parameters."""
    if not app.openapi_schema:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description="Checkpoint regime compliance rules engine: crossings in, explained violations out.",
            routes=app.routes,
        )
        template = "#/components/schemas/{model}"
        known = document["components"]["schemas"]
        for model in (Crossing, schemas.Problem):
            schema = model.model_json_schema(ref_template=template)
            known |= schema.pop("$defs", {})
            known[model.__name__] = schema
        # FastAPI takes every parameter for one that may be refused in its own form; here all errors are problems.
        for name in ("HTTPValidationError", "ValidationError"):
            known.pop(name, None)
        for operation in (each for item in document["paths"].values() for each in item.values()):
            if "HTTPValidationError" in str(operation["responses"].get("422")):
                operation["responses"] |= {"422": schemas.problems(422)[422]}
        app.openapi_schema = document
    return app.openapi_schema
