"""Errors as pages: what is wrong, and what to do next. Who is not signed in is led to do so, and then back."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import INTERNAL_SERVER_ERROR, NOT_FOUND
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app import errors
from app.web import problems
from app.web.console.access import anybody
from app.web.console.languages import marked
from app.web.console.pages import language_of, page
from app.web.console.refusals import field_named
from app.web.problems import BadRequestError

_NEXT: Final[Mapping[int, str]] = {
    401: marked("Sign in again."),
    403: marked("Ask a colleague or a supervisor who may do that, or an administrator for the right to."),
    404: marked("It may belong to another remit, or the address is wrong. Go back, or begin with the queue."),
    409: marked("A colleague may have been faster. Look at it again as it is now."),
    413: marked("Send less at once."),
    422: marked("Go back, correct what is named, and send it again."),
    429: marked("Wait a moment, then try again."),
    500: marked("Try again later, and tell the operator the number of the request."),
    503: marked("Nothing was lost. Wait a moment, then try again."),
}
# Of addresses; those of what is done with a violation are told where it is refused.
_FIELDS: Final[Mapping[str, str]] = {
    "action": marked("Action"),
    "applies_to": marked("Applies to"),
    "checkpoint": marked("Checkpoint"),
    "cursor": marked("Page"),
    "from": marked("From"),
    "jurisdiction": marked("Jurisdiction"),
    "language": marked("Language"),
    "on": marked("Counted up to"),
    "page": marked("Page"),
    "q": marked("What is looked for"),
    "regime": marked("Regime"),
    "rule": marked("Rule"),
    "severity": marked("Severity"),
    "since": marked("From"),
    "sort": marked("Order"),
    "state": marked("State"),
    "status": marked("Status"),
    "subject_kind": marked("Kind"),
    "territory": marked("State"),
    "violation": marked("Violation"),
}
# What Pydantic finds, by its type.
_FAULTS: Final[Mapping[str, str]] = {
    "missing": marked("is missing"),
    "enum": marked("is none of those that can be chosen"),
    "string_too_long": marked("is too long"),
    "string_too_short": marked("is too short"),
    "too_long": marked("are too many"),
    "date_parsing": marked("is no day"),
    "date_from_datetime_parsing": marked("is no day"),
    "date_from_datetime_inexact": marked("is no day"),
    "int_parsing": marked("is no number"),
    "bool_parsing": marked("is neither true nor false"),
    "greater_than_equal": marked("is too small"),
    "less_than_equal": marked("is too large"),
    "value_error": marked("has control characters"),
}
_OTHERWISE: Final = marked("is not as it should be")
# Said by layers that speak English only.
_MESSAGES: Final = (
    marked("The address or the form is not as it should be."),
    marked("The figures cannot be given."),
    marked("must lie before until, by less than 366 days"),
    marked("The page cannot be given."),
    marked("has characters that cannot be looked for"),
    marked("is not one that a page ended in"),
    marked("is of another sort"),
    marked("Nothing was done: no violation was chosen."),
)
_TITLES: Final = (
    marked("The input is not acceptable"),
    marked("Not authenticated"),
    marked("Not permitted"),
    marked("Not found"),
    marked("In conflict with what is stored"),
    marked("Cannot answer now"),
    marked("Too much waits already"),
    marked("The request cannot be served"),
    marked("An error of the service"),
    marked("Method Not Allowed"),
)


@dataclass(frozen=True, slots=True)
class Failure:
    """What is told of an error; `faults` are fields, each with what is wrong, and whether that is English."""

    title: str
    told: str
    is_english: bool
    advice: str
    faults: tuple[tuple[str, str, bool], ...]
    request: str


def install(app: FastAPI) -> None:
    """Answer every error of a page with a page."""
    for kind in (errors.GeregeError, BadRequestError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _answered)
    app.add_exception_handler(errors.Unauthenticated, _to_sign_in)
    app.add_exception_handler(ClientDisconnect, _answered)


def shown(request: Request, error: Exception) -> Response:
    """The page of an error; of a fault of the service it tells no more than the number of the request."""
    body = _document(error, request)
    user = getattr(request.state, "user", None)
    status = body["status"]
    # What is told of a fault of the service is for systems; people have the advice.
    say, told = language_of(request, user).say, body["detail"] if status != INTERNAL_SERVER_ERROR else ""
    faults = tuple(_fault(each, say) for each in body.get("errors", ()))
    instance = body.get("instance", "").removeprefix("urn:uuid:")
    advice = say(_NEXT.get(status, _NEXT[404]))
    failure = Failure(say(body["title"]), say(told), say(told) == told, advice, faults, instance)
    return page(request, user, "error.html", failure, status)


def _fault(fault: Mapping[str, str], say: Callable[[str], str]) -> tuple[str, str, bool]:
    name, message = fault["pointer"].lstrip("/"), fault["message"]
    return say(field_named(name) or _FIELDS.get(name, name)), say(message), say(message) == message


def _document(error: Exception, request: Request) -> dict[str, Any]:
    if isinstance(error, RequestValidationError):
        found = ((str(each["loc"][-1]), _FAULTS.get(each["type"], _OTHERWISE)) for each in error.errors())
        faults = [errors.Problem(name, message) for name, message in found]
        return problems.document(errors.Invalid("The address or the form is not as it should be.", faults))
    if isinstance(error, HTTPException) and error.status_code == NOT_FOUND:
        return problems.document(errors.NotFound(f"There is no page {request.url.path}."))
    if isinstance(error, HTTPException):
        made = problems.document(BadRequestError(error.status_code, f"{request.method} {request.url.path}"))
        return made | {"title": str(error.detail)}
    if isinstance(error, ClientDisconnect):
        return problems.document(BadRequestError(400, "The body ended before it was whole."))
    return problems.document(error, method=request.method)


async def _answered(request: Request, error: Exception) -> Response:
    if not hasattr(request.state, "user"):
        with suppress(errors.GeregeError):
            await anybody(request)
    return shown(request, error)


async def _to_sign_in(request: Request, error: Exception) -> Response:
    del error
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    target = f"/console/sign-in?{urlencode({'back': back})}" if request.method == "GET" else "/console/sign-in"
    if "hx-request" in request.headers:
        # A part of a page would be replaced by the form; so the whole page goes there.
        return Response(status_code=401, headers={"HX-Redirect": "/console/sign-in"})
    return Response(status_code=303, headers={"Location": target})
