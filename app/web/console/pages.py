"""How a page is made: a template and its context, for somebody, in that one's language."""

from dataclasses import dataclass, fields
from functools import cache
from typing import Any, ClassVar, Final, Protocol

from fastapi import Request, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from app.identity.roles import Permission
from app.identity.users import LANGUAGES, User
from app.web.console import labels, static
from app.web.console.codes import CODES, subject_class, unit
from app.web.console.languages import NAMES, Language, accepted, language, marked

LANGUAGE_COOKIE: Final = "gerege_language"
DONE_COOKIE: Final = "gerege_done"
"""Names to the next page what was done just now; `labels.DONE` says it in a sentence, once."""
_DONE_SECONDS: Final = 60


class Context(Protocol):
    """A frozen dataclass, whose fields are the template's variables."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation, which is there once its page is."""

    path: str
    name: str
    permission: Permission


MENU: Final = (
    Place("/", marked("Queue"), Permission.VIOLATIONS_READ),
    Place("/missing", marked("Missing papers"), Permission.VIOLATIONS_READ),
    Place("/find", marked("Find"), Permission.VIOLATIONS_READ),
    Place("/situation", marked("Situation"), Permission.VIOLATIONS_READ),
    Place("/rules", marked("Rules"), Permission.RULES_READ),
    Place("/checkpoints", marked("Checkpoints"), Permission.RULES_READ),
)


def page(
    request: Request, user: User | None, template: str, context: Context | None = None, status: int = 200
) -> Response:
    """A page for the user, or for whoever has not signed in."""
    tongue = language_of(request, user)
    given = {each.name: getattr(context, each.name) for each in fields(context)} if context else {}
    html = _environment(tongue.code).get_template(template).render(_around(request, user, tongue) | given)
    response = Response(html, status, media_type="text/html")
    if _done(request):
        secure = request.url.scheme == "https"
        response.delete_cookie(DONE_COOKIE, "/console", secure=secure, httponly=True, samesite="strict")
    return response


def language_of(request: Request, user: User | None) -> Language:
    """The user's, or that chosen on this computer, or the first the browser asks for."""
    if user:
        return language(user.language)
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    return language(chosen if chosen in LANGUAGES else accepted(request.headers.get("accept-language", "")))


def local(path: str | None, otherwise: str = "/console/") -> str:
    """A path of the console that a form or an address names; nothing else is ever gone to."""
    fine = path and path.startswith("/console/") and path.isprintable() and "\\" not in path
    return path if path and fine else otherwise


def seen_at(request: Request, path: str, done: str = "") -> Response:
    """Where what was done is to be seen (303)."""
    response = Response(status_code=303, headers={"Location": f"/console{path}"})
    if done:
        secure = request.url.scheme == "https"
        response.set_cookie(
            DONE_COOKIE, done, _DONE_SECONDS, path="/console", secure=secure, httponly=True, samesite="strict"
        )
    return response


def _around(request: Request, user: User | None, tongue: Language) -> dict[str, Any]:
    path = request.url.path.removeprefix("/console")
    query = f"?{request.url.query}" if request.url.query else ""
    done = _done(request)
    return {
        "user": user,
        "here": path,
        "address": f"{request.url.path}{query}" if request.method == "GET" else "/console/",
        "menu": [each for each in MENU if user and each.path in request.app.state.paths and user.may(each.permission)],
        "done": tongue.say(done) if done else None,
    }


def _done(request: Request) -> str | None:
    """What was done just now; parts of a page that are asked for in the background do not show it."""
    return None if "hx-request" in request.headers else labels.DONE.get(request.cookies.get(DONE_COOKIE, ""))


@cache
def _environment(code: str) -> Environment:
    tongue = language(code)
    made = Environment(
        loader=PackageLoader("app.web.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(tongue.messages, newstyle=True)  # type: ignore[attr-defined] # the extension's
    made.globals |= {"language": tongue, "languages": NAMES, "static": static.address, "say": tongue.say}
    made.globals["code"] = lambda value: tongue.say(CODES.get(value, value))
    made.filters |= {
        "day": tongue.day,
        "instant": tongue.instant,
        "label": lambda value: tongue.say(labels.label(value)),
        "listed": tongue.listed,
        "number": tongue.number,
        "share": tongue.share,
        "subject_class": lambda value: subject_class(value, tongue),
        "text": tongue.text,
        "unit": lambda value: unit(value, tongue),
    }
    return made
