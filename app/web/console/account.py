"""What an account is: who is signed in, for what, and what that one may do."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.identity.roles import PERMISSIONS, Permission
from app.identity.users import User
from app.web.console.access import anybody
from app.web.console.pages import page

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Account:
    """The permissions of the user's role."""

    permissions: tuple[Permission, ...]


@router.get("/account")
def get_account(request: Request, user: Annotated[User, Depends(anybody)]) -> Response:
    may = tuple(each for each in Permission if each in PERMISSIONS[user.role] and user.may(each))
    return page(request, user, "account.html", Account(may))
