"""Signing in and out, and the choice of a language."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from app.errors import Busy, Unauthenticated
from app.identity import users
from app.identity.users import LANGUAGES, User
from app.storage.engine import transaction
from app.web import problems
from app.web.console.access import home
from app.web.console.languages import marked
from app.web.console.pages import LANGUAGE_COOKIE, language_of, local, page, seen_at
from app.web.security import COOKIE, address_of, refuse_other_sites, set_cookie, signed_in
from app.web.services import services_of
from app.web.working import entered, left

router = APIRouter()
_YEAR = 365 * 24 * 3600
# Said by `working.entered`.
_REFUSALS = (
    marked(
        "The name or the password is not right, or the account is disabled. After five wrong passwords, wait a minute."
    ),
    marked("Too many sign in at this moment; wait a moment, then try again."),
)


@dataclass(frozen=True, slots=True)
class SigningIn:
    """`back` is where to go then; `refusal` is why it failed."""

    login: str
    back: str
    refusal: str | None


@router.get("/sign-in")
def get_sign_in(request: Request, back: Annotated[str, Query(max_length=2000)] = "") -> Response:
    return page(request, None, "sign_in.html", SigningIn("", local(back), None))


@router.post("/sign-in")
async def post_sign_in(
    request: Request,
    login: Annotated[str, Form(max_length=100)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    back: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    refuse_other_sites(request)
    try:
        user, token = await run_in_threadpool(entered, services_of(request), login, password, address_of(request))
    except (Unauthenticated, Busy) as error:
        told = language_of(request, None).say(error.detail)
        answer = problems.answered(error)
        shown = page(request, None, "sign_in.html", SigningIn(login, local(back), told), answer.status_code)
        if later := answer.headers.get("Retry-After"):
            shown.headers["Retry-After"] = later
        return shown
    target = local(back)
    response = Response(
        status_code=303, headers={"Location": f"/console{home(user)}" if target == "/console/" else target}
    )
    set_cookie(request, response, token)
    return response


@router.post("/sign-out")
async def post_sign_out(request: Request) -> Response:
    """Also of a session that has ended already."""
    refuse_other_sites(request)
    await run_in_threadpool(left, services_of(request), request.cookies.get(COOKIE, ""))
    response = seen_at(request, "/sign-in")
    response.delete_cookie(COOKIE, path="/")
    return response


@router.post("/language")
async def post_language(
    request: Request, language: Annotated[str, Form()], back: Annotated[str, Form(max_length=2000)] = ""
) -> Response:
    """Kept with the account, and on this computer for the page on which one signs in."""
    refuse_other_sites(request)
    response = Response(status_code=303, headers={"Location": local(back)})
    if language not in LANGUAGES:
        return response
    try:
        user = await signed_in(request, request.cookies.get(COOKIE, ""))
        await run_in_threadpool(_keep, request, user, language)
    except Unauthenticated:
        pass
    secure = request.url.scheme == "https"
    response.set_cookie(
        LANGUAGE_COOKIE, language, max_age=_YEAR, path="/console", secure=secure, httponly=True, samesite="strict"
    )
    return response


def _keep(request: Request, user: User, language: str) -> None:
    with transaction(services_of(request).database) as tx:
        users.set_language(tx, user, language)
