"""Every error of the API as a problem (RFC 9457), with a JSON pointer (RFC 6901) for each fault of a body.

A problem's `instance` is the request, by the identifier that its log entries have.
"""

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
from starlette.requests import ClientDisconnect

from app import errors
from app.vocabulary.wire import Crossing

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 2
# Faults told of one body: naming all that fit into a large one would keep every other sender waiting.
_SHOWN = 100
_STATUS: Mapping[type[errors.GeregeError], tuple[int, str]] = {
    errors.Invalid: (422, "The input is not acceptable"),
    errors.Unauthenticated: (401, "Not authenticated"),
    errors.Forbidden: (403, "Not permitted"),
    errors.NotFound: (404, "Not found"),
    errors.Conflict: (409, "In conflict with what is stored"),
    errors.Unavailable: (503, "Cannot answer now"),
    errors.Busy: (429, "Too much waits already"),
}
_TELL_THE_OPERATOR = "Send the same again later, and tell the operator the `instance`."
_CANNOT_BE_SERVED = "The request cannot be served"
_log = structlog.get_logger()


class BadRequestError(Exception):
    """A request HTTP itself finds fault with: its status, what is wrong, and headers to send."""

    def __init__(self, status: int, detail: str, problems: Iterable[errors.Problem] = ()) -> None:
        super().__init__(detail)
        self.status, self.detail, self.problems = status, detail, tuple(problems)


def install(app: FastAPI) -> None:
    """Answer every exception with a problem."""
    app.add_exception_handler(errors.GeregeError, _answered)
    app.add_exception_handler(BadRequestError, _answered)
    app.add_exception_handler(RequestValidationError, _parameters)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _gone)


def response(
    status: int,
    title: str,
    detail: str,
    problems: Iterable[errors.Problem] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem as a response."""
    body = _document(status, title, detail, problems)
    return Response(orjson.dumps(body), status, dict(headers or {}), media_type=MEDIA_TYPE)


def _document(status: int, title: str, detail: str, problems: Iterable[errors.Problem]) -> dict[str, Any]:
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    if request := structlog.contextvars.get_contextvars().get("request"):
        body["instance"] = f"urn:uuid:{request}"
    listed = [
        {"pointer": each.pointer, "message": each.message} | ({"hint": each.hint} if each.hint else {})
        for each in problems
    ]
    return body | ({"errors": listed} if listed else {})


def document(error: Exception, **where: str) -> dict[str, Any]:
    """The problem that an error is. Of a fault of the service the log has the trace; whoever asked learns nothing."""
    if isinstance(error, BadRequestError):
        return _document(error.status, _CANNOT_BE_SERVED, error.detail, error.problems)
    if not isinstance(error, errors.GeregeError):
        _log.error("unexpected", exc_info=error, **where)
        return _document(500, "An error of the service", _TELL_THE_OPERATOR, ())
    status, title = _STATUS[next(kind for kind in type(error).__mro__ if kind in _STATUS)]
    return _document(status, title, error.detail, error.problems if isinstance(error, errors.Invalid) else ())


def answered(error: Exception, **where: str) -> Response:
    """An error as a response; `where` it happened is for the log."""
    body = document(error, **where)
    later = {"Retry-After": str(RETRY_SECONDS)}
    headers = {401: {"WWW-Authenticate": "Bearer"}, 429: later, 503: later}.get(body["status"])
    return Response(orjson.dumps(body), body["status"], headers, media_type=MEDIA_TYPE)


def not_an_event(error: ValidationError, prefix: str = "") -> errors.Invalid:
    """Pydantic's faults as pointers into the body, in which the event is at `prefix`."""
    faults = error.errors(include_url=False, include_input=False)
    more = f" These are {_SHOWN} of {len(faults)} faults." if len(faults) > _SHOWN else ""
    detail = f"The event does not fit the wire model; nothing was stored.{more}"
    return errors.Invalid(detail, [_problem(each, prefix) for each in faults[:_SHOWN]])


def not_acceptable(error: ValidationError, members: list[str]) -> errors.Invalid:
    """Pydantic's faults of a body with these members."""
    faults = error.errors(include_url=False, include_input=False)[:_SHOWN]
    problems = [
        errors.Problem(
            pointer(fault["loc"]),
            "there is no such member" if fault["type"] == "extra_forbidden" else _message(fault),
            _near(str(fault["loc"][-1]), members) if fault["type"] == "extra_forbidden" else None,
        )
        for fault in faults
    ]
    return errors.Invalid("The body is not acceptable; nothing was changed.", problems)


def _problem(fault: ErrorDetails, prefix: str) -> errors.Problem:
    location = [part for part in fault["loc"] if part != "[key]"]
    return errors.Problem(prefix + pointer(location), _message(fault), _hint(fault, location))


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
    return _near(str(location[-1]), list(_members(location[:-1])))


def _near(name: str, names: list[str]) -> str:
    near = get_close_matches(name, names, n=1)
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


async def _answered(request: Request, error: Exception) -> Response:
    del request
    return answered(error)


async def _parameters(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 (registered for these only)
    known = request.app.openapi()["paths"][request.scope["route"].path][request.method.lower()].get("parameters", ())
    problems = [_parameter(each, [parameter["name"] for parameter in known]) for each in error.errors()[:_SHOWN]]
    return response(422, "The parameters are not acceptable", "See each of the errors.", problems)


def _parameter(fault: Mapping[str, Any], known: list[str]) -> errors.Problem:
    name = str(fault["loc"][1]) if len(fault["loc"]) > 1 else str(fault["loc"][0])
    if fault["type"] == "extra_forbidden":
        return errors.Problem(name, "there is no such parameter", _near(name, known))
    expected = fault.get("ctx", {}).get("expected")
    return errors.Problem(name, fault["msg"], f"allowed: {expected}" if expected else None)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 (registered for these only)
    return response(error.status_code, str(error.detail), f"{request.method} {request.url.path}", (), error.headers)


async def _gone(request: Request, error: Exception) -> Response:
    del request, error
    return gone()


def gone() -> Response:
    """Nobody reads this; it only keeps a sender that hung up from being logged as a fault of the service."""
    return response(400, _CANNOT_BE_SERVED, "The body ended before it was whole.")
