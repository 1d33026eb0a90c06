"""Finding persons, companies, crossings and violations by name or number."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from app.identity.roles import Permission
from app.identity.users import User
from app.violations.find import Found
from app.web.console.access import allowed
from app.web.console.pages import page
from app.web.console.places import Place, places
from app.web.finding import found_by
from app.web.services import services_of

router = APIRouter()
_SHORTEST: Final = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """What was asked for, and what was found; None before anything was asked. `titles` are those of rules.

    `places` are the checkpoints of what was found.
    """

    q: str
    found: Found | None
    titles: dict[str, dict[str, str]]
    places: dict[str, Place]


@router.get("/find")
def get_find(
    request: Request,
    user: Annotated[User, Depends(allowed(Permission.VIOLATIONS_READ))],
    q: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    services = services_of(request)
    found = found_by(services, user, q) if len(q.strip()) >= _SHORTEST else None
    rules = services.pipeline.in_force.rulebook.rules
    shown = {each.violation.rule for each in found.violations} if found else set()
    titles = {rule: dict(rules[rule].title) for rule in shown if rule in rules}
    seen = [each.checkpoint for each in found.crossings] if found else []
    seen += [each.violation.checkpoint for each in found.violations] if found else []
    return page(request, user, "find.html", Finding(q.strip(), found, titles, places(services, seen)))
