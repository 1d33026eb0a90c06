"""`GET /v1/violations` and `GET /v1/violations/{id}`."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime
from starlette.concurrency import run_in_threadpool

from app.crossings import records as crossings
from app.evaluation.explaining import law
from app.evaluation.reload import stored
from app.identity.keys import Credential
from app.identity.roles import Permission
from app.language.ir import Rulebook
from app.storage.engine import reading
from app.violations import records
from app.violations.paging import Sort
from app.vocabulary.codes import Regime, Severity, SubjectKind
from app.web.api import schemas
from app.web.security import looked, permitted
from app.web.services import Services, services_of

router = APIRouter(prefix="/v1/violations", tags=["violations"])
_Text = Annotated[str, Query(min_length=1, max_length=200)]
_Officer = Annotated[Credential, Depends(permitted(Permission.VIOLATIONS_READ))]


def _filters(  # noqa: PLR0913, PLR0917 (the filters of the contract)
    status: Annotated[list[_Text] | None, Query(description="Any of these.")] = None,
    rule: Annotated[list[_Text] | None, Query(description="Any of these.")] = None,
    regime: Annotated[list[Regime] | None, Query(description="Any of these.")] = None,
    jurisdiction: Annotated[list[_Text] | None, Query(description="Any of these.")] = None,
    severity: Annotated[list[Severity] | None, Query(description="Any of these.")] = None,
    checkpoint: Annotated[list[_Text] | None, Query(description="Any of these.")] = None,
    subject_kind: Annotated[list[SubjectKind] | None, Query(description="Any of these.")] = None,
    subject: Annotated[
        list[_Text] | None, Query(description="Key of a subject, as `CHN:E12345678`; any of these.")
    ] = None,
    occurred_from: Annotated[AwareDatetime | None, Query(description="Included.")] = None,
    occurred_until: Annotated[AwareDatetime | None, Query(description="Not included.")] = None,
    updated_since: Annotated[AwareDatetime | None, Query(description="Included.")] = None,
    q: Annotated[
        _Text | None, Query(description="Part of a rule, checkpoint, subject key or event id, in any case.")
    ] = None,
) -> records.Filters:
    return records.Filters(
        status=tuple(status or ()),
        rule=tuple(rule or ()),
        regime=tuple(regime or ()),
        jurisdiction=tuple(jurisdiction or ()),
        severity=tuple(severity or ()),
        checkpoint=tuple(checkpoint or ()),
        subject_kind=tuple(subject_kind or ()),
        subject=tuple(subject or ()),
        occurred_from=occurred_from,
        occurred_until=occurred_until,
        updated_since=updated_since,
        q=q,
    )


@router.get(
    "",
    summary="Violations, page by page",
    response_model=schemas.ViolationPage,
    responses=schemas.problems(401, 403, 422, 503),
)
async def list_violations(
    request: Request,
    response: Response,
    credential: _Officer,
    filters: Annotated[records.Filters, Depends(_filters)],
    sort: Annotated[Sort, Query(description="A leading minus: latest, or gravest, first.")] = Sort.NEWEST,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[str | None, Query(max_length=500, description="From `next` of the page before.")] = None,
) -> Any:  # noqa: ANN401 (checked by the response model; the parameters of the contract)
    """All given filters must be met, each by any of its values. What is stored meanwhile shifts no page."""
    services = services_of(request)

    def search() -> records.Page:
        with reading(services.database) as tx:
            return records.search(tx, filters, sort, limit, cursor)

    page = await run_in_threadpool(search)
    looked(credential, "violations", request.url.query)
    following = None
    if page.next_cursor:
        kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
        following = f"{request.url.path}?{urlencode([*kept, ('cursor', page.next_cursor)])}"
        response.headers["Link"] = f'<{following}>; rel="next"'
    rulebook = services.pipeline.in_force.rulebook
    return {"items": [_violation(item, rulebook) for item in page.items], "next": following}


@router.get(
    "/{identifier}",
    summary="One violation, with why",
    response_model=schemas.ViolationDetail,
    responses=schemas.problems(401, 403, 404, 503),
)
async def get_violation(request: Request, identifier: str, credential: _Officer) -> Any:  # noqa: ANN401 (checked by the response model)
    """The explanation: version and why, article with source, the tree of conditions; and the subject's facts."""
    services = services_of(request)

    def load() -> tuple[records.Detail, crossings.Crossing]:
        with reading(services.database) as tx:
            detail = records.get(tx, identifier)
            return detail, crossings.get(tx, detail.listed.violation.crossing)

    detail, crossing = await run_in_threadpool(load)
    looked(credential, "violation", identifier)
    violation = detail.listed.violation
    decision = next(each for each in crossing.decisions if each.id == detail.decision)
    words = await run_in_threadpool(_law, services, decision.rulebook, violation)
    # Facts are kept in the order of the subjects: persons, then organisations.
    ordered = sorted(crossing.subjects, key=lambda each: (each.kind, each.position))
    place = [(each.kind, each.position) for each in ordered].index((violation.subject_kind, violation.subject_position))
    return {
        **_violation(detail.listed, services.pipeline.in_force.rulebook),
        "decision": decision.id,
        "rulebook": decision.rulebook,
        "explanation": detail.explanation,
        "law": words,
        "facts": decision.facts[place],
    }


def _law(services: Services, digest: str, violation: records.Violation) -> Any:  # noqa: ANN401 (JSON)
    """The law in words, from the rulebook the decision was made by."""
    in_force = services.pipeline.in_force
    book = in_force if in_force.rulebook.digest == digest else stored(services.database, digest)
    if book is None or (version := book.rulebook.rules[violation.rule].version_on(violation.local_date)) is None:
        return None
    return law(version, book.rulebook)


def _violation(listed: records.Listed, rulebook: Rulebook) -> dict[str, Any]:
    violation = listed.violation
    rule = rulebook.rules.get(violation.rule)
    return {
        "violation": violation.id,
        "crossing": violation.crossing,
        "id": listed.event_id,
        "source": listed.source,
        "status": violation.status,
        "rule": violation.rule,
        "version": violation.version,
        # A rule may have left the rulebook since; its identifier is then all there is.
        "title": dict(rule.title) if rule else {},
        "regime": violation.regime,
        "jurisdiction": violation.jurisdiction,
        "severity": violation.severity,
        "advice": violation.advice,
        "checkpoint": violation.checkpoint,
        "direction": violation.direction,
        "mode": violation.mode,
        "subject": {
            "kind": violation.subject_kind,
            "index": violation.subject_position,
            "key": violation.subject_key,
            "country": None,
        },
        "occurred_at": violation.occurred_at,
        "date": violation.local_date,
        "created_at": violation.created_at,
        "updated_at": violation.updated_at,
    }
