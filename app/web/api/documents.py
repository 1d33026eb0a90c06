"""The record of a violation on paper, and whether a print of one is genuine."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from app.documents import record, typesetting
from app.documents.labels import Language
from app.documents.record import Record
from app.errors import NotFound
from app.identity.roles import Permission
from app.identity.users import User
from app.storage.engine import reading
from app.violations.work import check_within
from app.web.api import schemas
from app.web.files import as_file
from app.web.security import Actor, looked, permitted
from app.web.services import in_force_of, services_of

router = APIRouter(prefix="/v1", tags=["documents"])
_Reader = Annotated[Actor, Depends(permitted(Permission.VIOLATIONS_READ))]
_PDF = "application/pdf"


@router.get(
    "/violations/{identifier}/record.pdf",
    summary="The record (protocol) of a violation, to be printed and signed",
    response_class=Response,
    responses={
        200: {"description": "The record.", "content": {_PDF: {"schema": {"type": "string", "format": "binary"}}}},
        **schemas.problems(401, 403, 404, 422, 503),
    },
)
def get_record(
    request: Request,
    identifier: str,
    actor: _Reader,
    language: Annotated[Language | None, Query(description="The user's own, unless given.")] = None,
) -> Response:
    """What happened, why, by which law, what was decided and by whom; the same bytes as long as nothing changes."""
    services = services_of(request)
    with reading(services.database) as tx:
        check_within(tx, actor.remit, identifier)
        detail, state, names, said = record.gather(tx, identifier)
    chosen = language or Language(actor.language if isinstance(actor, User) else Language.EN)
    code = record.code(identifier, detail.decision, detail.rulebook, state)
    made = Record(detail, state, names, in_force_of(services, detail.rulebook), code, said)
    looked(actor, "record", identifier, language=chosen.value)
    headers = {
        "Content-Disposition": as_file(f"{identifier}-{chosen}.pdf", "inline"),
        "Content-Language": chosen.value,
    }
    return Response(typesetting.pdf(made, chosen), media_type=_PDF, headers=headers)


@router.get(
    "/records/{identifier}",
    summary="Whether a printed record is genuine, and still the newest",
    response_model=schemas.RecordOut,
    responses=schemas.problems(401, 403, 404, 422, 503),
)
def get_record_check(
    request: Request,
    identifier: str,
    actor: _Reader,
    violation: Annotated[str, Query(description="As it is printed.", max_length=36)],
) -> Any:  # noqa: ANN401 (checked by the response model)
    """By the code printed on it; small letters, O for 0 and I for 1 will do, and so it will without hyphens.

    Whoever has the code has the print, so this is answered outside of one's remit too, and says no more than the print.
    """
    with reading(services_of(request).database) as tx:
        found = record.check(tx, violation, identifier)
    if found is None:
        raise NotFound("No record of that violation has this code: it was misread, or the print is not genuine.")
    looked(actor, "record", violation)
    told, state = found.violation, found.state
    return {
        "violation": told.id,
        "newest": found.newest,
        "rule": told.rule,
        "severity": told.severity,
        "checkpoint": told.checkpoint,
        "occurred_at": told.occurred_at,
        "subject": {"kind": told.subject_kind, "index": told.subject_position, "key": told.subject_key},
        "status": state.status,
        "outcome": state.outcome,
        "protocol": state.protocol,
    }
