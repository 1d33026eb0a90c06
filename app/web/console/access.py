"""Who opens a page: somebody signed in, with the permission it asks for; who is not signed in is led to do so."""

from collections.abc import Awaitable, Callable

from fastapi import Request

from app.identity.keys import require
from app.identity.roles import Permission
from app.identity.users import User
from app.web.security import COOKIE, signed_in


async def anybody(request: Request) -> User:
    """Whoever is signed in; raises Unauthenticated, which leads to the page for signing in."""
    user = await signed_in(request, request.cookies.get(COOKIE, ""))
    # The page of an error is in the user's language too.
    request.state.user = user
    return user


def allowed(permission: Permission) -> Callable[[Request], Awaitable[User]]:
    """A dependency that gives the signed-in user, or refuses one who lacks the permission."""

    async def check(request: Request) -> User:
        user = await anybody(request)
        require(user, permission)
        return user

    return check


def home(user: User) -> str:
    """The first page that a user may open."""
    if user.may(Permission.VIOLATIONS_READ):
        return "/"
    return "/account"
