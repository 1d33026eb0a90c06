"""Every error of the API as a problem (RFC 9457), with a JSON pointer (RFC 6901) for each fault of a body."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException

from app import errors
from app.vocabulary.wire import Crossing

MEDIA_TYPE = "application/problem+json"
_RETRY_SECONDS = "2"
_STATUS: Mapping[type[errors.GeregeError], tuple[int, str]] = {
    errors.Invalid: (422, "The input is not acceptable"),
    errors.Unauthenticated: (401, "Not authenticated"),
    errors.Forbidden: (403, "Not permitted"),
    errors.NotFound: (404, "Not found"),
    errors.Conflict: (409, "In conflict with what is stored"),
    errors.Unavailable: (503, "Cannot answer now"),
}
_log = structlog.get_logger()


class BadRequestError(Exception):
    """A request HTTP itself finds fault with: its status, what is wrong, and headers to send."""

    def __init__(self, status: int, detail: str, problems: Iterable[errors.Problem] = ()) -> None:
        super().__init__(detail)
        self.status, self.detail, self.problems = status, detail, tuple(problems)


def install(app: FastAPI) -> None:
    """Answer every exception with a problem."""
    app.add_exception_handler(errors.GeregeError, _known)
    app.add_exception_handler(BadRequestError, _bad_request)
    app.add_exception_handler(RequestValidationError, _parameters)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def response(
    status: int,
    title: str,
    detail: str,
    problems: Iterable[errors.Problem] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem as a response."""
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    listed = [
        {"pointer": each.pointer, "message": each.message} | ({"hint": each.hint} if each.hint else {})
        for each in problems
    ]
    if listed:
        body["errors"] = listed
    return Response(orjson.dumps(body), status, dict(headers or {}), media_type=MEDIA_TYPE)


def of_validation(error: ValidationError) -> list[errors.Problem]:
    """Pydantic's faults as pointers into the event."""
    return [_problem(each) for each in error.errors(include_url=False)]


def _problem(fault: ErrorDetails) -> errors.Problem:
    location = [part for part in fault["loc"] if part != "[key]"]
    return errors.Problem(pointer(location), _message(fault), _hint(fault, location))


def pointer(location: Iterable[object]) -> str:
    """A JSON pointer; the whole document is the empty one."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in location)


def _message(fault: ErrorDetails) -> str:
    match fault["type"]:
        case "extra_forbidden":
            return "is not a member of the wire model"
        case "missing":
            return "is required and was left out"
        case _:
            text = fault["msg"]
            return text[:1].lower() + text[1:]


def _hint(fault: ErrorDetails, location: list[Any]) -> str | None:
    if fault["type"] != "extra_forbidden":
        return None
    names = list(_members(location[:-1]))
    near = get_close_matches(str(location[-1]), names, n=1)
    return f"did you mean {near[0]}?" if near else f"there are: {', '.join(names)}"


def _members(location: list[Any]) -> Iterator[str]:
    """Names of the members of the object at a place of the wire model."""
    model: type[BaseModel] = Crossing
    for part in location:
        if isinstance(part, str) and part in model.model_fields:
            inner = next(_models(model.model_fields[part].annotation), None)
            if inner is None:
                return
            model = inner
    yield from model.model_fields


def _models(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 (annotations have no common type)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _models(inner)


async def _known(request: Request, error: Exception) -> Response:
    del request
    assert isinstance(error, errors.GeregeError)  # noqa: S101 (registered for these only)
    status, title = _STATUS[next(kind for kind in type(error).__mro__ if kind in _STATUS)]
    headers = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": _RETRY_SECONDS}}.get(status)
    problems = error.problems if isinstance(error, errors.Invalid) else ()
    return response(status, title, error.detail, problems, headers)


async def _bad_request(request: Request, error: Exception) -> Response:
    del request
    assert isinstance(error, BadRequestError)  # noqa: S101 (registered for these only)
    return response(error.status, "The request cannot be served", error.detail, error.problems)


async def _parameters(request: Request, error: Exception) -> Response:
    del request
    assert isinstance(error, RequestValidationError)  # noqa: S101 (registered for these only)
    problems = [
        errors.Problem(
            ".".join(map(str, each["loc"])), each["msg"], None if "ctx" not in each else _allowed(each["ctx"])
        )
        for each in error.errors()
    ]
    return response(422, "The parameters are not acceptable", "See each of the errors.", problems)


def _allowed(context: Mapping[str, Any]) -> str | None:
    return f"allowed: {context['expected']}" if "expected" in context else None


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 (registered for these only)
    return response(error.status_code, str(error.detail), f"{request.method} {request.url.path}", (), error.headers)


async def _unexpected(request: Request, error: Exception) -> Response:
    # The log has the trace; whoever asked learns nothing of the inside.
    _log.error("unexpected", method=request.method, path=request.url.path, exc_info=error)
    return response(500, "An error of the service", "The event was not stored. Send it again, and tell the operator.")
