"""`GET /v1/find`."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from app.identity.roles import Permission
from app.violations.find import FoundViolation
from app.web.api import schemas
from app.web.finding import found_by
from app.web.security import Actor, permitted
from app.web.services import services_of

router = APIRouter(prefix="/v1", tags=["find"])


class Asked(BaseModel):
    """What is looked for."""

    model_config = ConfigDict(extra="forbid")

    q: Annotated[str, Field(min_length=2, max_length=200)] = Field(
        description="Number of a document, plate, register or record, key of a subject, name in Latin or Cyrillic "
        "letters, or the sender's identifier of an event."
    )


@router.get(
    "/find",
    summary="Persons, companies, crossings and violations by name or number",
    response_model=schemas.FoundOut,
    responses=schemas.problems(401, 403, 422, 503),
)
def get_find(
    request: Request,
    actor: Annotated[Actor, Depends(permitted(Permission.VIOLATIONS_READ))],
    asked: Annotated[Asked, Query()],
) -> Any:  # noqa: ANN401 (checked by the response model)
    """At most 20 of each, the best first, of crossings that have something to work on. Names may be misspelt.

    A key of a subject, as `CHN:E12345678`, finds it whether or not anything was found of it.
    """
    found = found_by(services_of(request), actor, asked.q)
    return {
        "subjects": found.subjects,
        "crossings": found.crossings,
        "violations": [_violation(each) for each in found.violations],
    }


def _violation(found: FoundViolation) -> dict[str, Any]:
    told = found.violation
    names = ("crossing", "rule", "status", "severity", "checkpoint", "occurred_at", "protocol", "subject_kind")
    return {
        "violation": told.id,
        "subject": told.subject_key,
        **{name: getattr(told, name) for name in names},
        "by": found.by,
        "fit": found.fit,
    }
