"""`/v1/session`: people sign in and out, and learn what they may do."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from app.identity.roles import PERMISSIONS
from app.identity.users import User
from app.web.api import schemas
from app.web.api.bodies import asked_of
from app.web.security import COOKIE, address_of, refuse_other_sites, set_cookie, signed_in
from app.web.services import services_of
from app.web.working import entered, left

router = APIRouter(prefix="/v1/session", tags=["session"])
# Of a body that anybody may send.
_LARGEST = 1 << 14


class SigningIn(BaseModel):
    """A login and its password."""

    model_config = ConfigDict(extra="forbid", strict=True)

    login: Annotated[str, Field(max_length=100)]
    password: Annotated[str, Field(max_length=1000)]


@router.post(
    "",
    summary="Sign in",
    response_model=schemas.SessionOut,
    openapi_extra=schemas.body(SigningIn, {"login": "a.officer", "password": "correct horse battery staple"}),
    responses=schemas.problems(400, 401, 403, 413, 415, 422, 429, 503),
)
async def post_session(request: Request, response: Response) -> Any:  # noqa: ANN401 (checked by the response model)
    """The answer sets a cookie, which stands for the user for twelve hours or until signing out."""
    refuse_other_sites(request)
    services = services_of(request)
    asked = await asked_of(request, _LARGEST, SigningIn)
    user, token = await run_in_threadpool(entered, services, asked.login, asked.password, address_of(request))
    set_cookie(request, response, token)
    return _session(user)


@router.get("", summary="Who is signed in", response_model=schemas.SessionOut, responses=schemas.problems(401, 503))
async def get_session(request: Request) -> Any:  # noqa: ANN401 (checked by the response model)
    """The user, with permissions and remit; an empty list in a remit means all there are."""
    return _session(await signed_in(request, request.cookies.get(COOKIE, "")))


@router.delete("", status_code=204, summary="Sign out", responses=schemas.problems(401, 403, 503))
async def delete_session(request: Request) -> Response:
    """End the session."""
    token = request.cookies.get(COOKIE, "")
    await signed_in(request, token)
    await run_in_threadpool(left, services_of(request), token)
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, path="/")
    return response


def _session(user: User) -> dict[str, Any]:
    return {
        "user": user.id,
        "login": user.login,
        "name": user.name,
        "role": user.role,
        "language": user.language,
        "permissions": sorted(each for each in PERMISSIONS[user.role] if user.may(each)),
        "jurisdictions": list(user.remit.jurisdictions),
        "checkpoints": list(user.remit.checkpoints),
    }
