"""`GET /v1/violations` and `GET /v1/violations/{id}`."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app.crossings import links
from app.evaluation.explaining import law
from app.evaluation.mitior import milder
from app.facts.codec import typed
from app.facts.subjects import as_stored
from app.identity.keys import Credential
from app.identity.roles import Permission
from app.language.ir import Rulebook, Version
from app.storage.engine import reading
from app.storage.types import is_storable
from app.violations import records
from app.violations.paging import Sort
from app.vocabulary.codes import Regime, Severity, SubjectKind
from app.vocabulary.members import Instant
from app.web.api import schemas
from app.web.paging import next_page
from app.web.security import looked, permitted
from app.web.services import Services, rulebook_of, services_of

router = APIRouter(prefix="/v1/violations", tags=["violations"])
_Text = Annotated[str, Field(min_length=1, max_length=200)]
_Officer = Annotated[Credential, Depends(permitted(Permission.VIOLATIONS_READ))]


class Asked(BaseModel):
    """What a page is asked for; a filter of another name is a mistake that would show too much, so it is refused."""

    model_config = ConfigDict(extra="forbid")

    status: list[_Text] = Field([], description="Any of these.")
    rule: list[_Text] = Field([], description="Any of these.")
    regime: list[Regime] = Field([], description="Any of these.")
    jurisdiction: list[_Text] = Field([], description="Any of these.")
    severity: list[Severity] = Field([], description="Any of these.")
    checkpoint: list[_Text] = Field([], description="Any of these.")
    subject_kind: list[SubjectKind] = Field([], description="Any of these.")
    subject: list[_Text] = Field([], description="Key of a subject, as `CHN:E12345678`; any of these.")
    occurred_from: Instant | None = Field(None, description="Included.")
    occurred_until: Instant | None = Field(None, description="Not included.")
    updated_since: Instant | None = Field(None, description="Included.")
    as_of: Instant | None = Field(None, description="As they were known at this instant.")
    q: _Text | None = Field(None, description="Part of a rule, checkpoint, subject key or event id, in any case.")
    sort: Sort = Field(Sort.NEWEST, description="A leading minus: latest, or gravest, first.")
    limit: int = Field(50, ge=1, le=500)
    cursor: Annotated[str, Field(max_length=500)] | None = Field(None, description="From `next` of the page before.")

    def filters(self) -> records.Filters:
        """The filters alone."""
        given: dict[str, Any] = self.model_dump(exclude={"sort", "limit", "cursor"})
        return records.Filters(**{name: _tuple(value) for name, value in given.items()})


def _tuple(value: Any) -> Any:  # noqa: ANN401 (any filter)
    return tuple(value) if isinstance(value, list) else value


@router.get(
    "",
    summary="Violations, page by page",
    response_model=schemas.ViolationPage,
    responses=schemas.problems(401, 403, 422, 503),
)
def list_violations(
    request: Request, response: Response, credential: _Officer, asked: Annotated[Asked, Query()]
) -> Any:  # noqa: ANN401 (checked by the response model)
    """All given filters must be met, each by any of its values. What is stored meanwhile shifts no page."""
    services = services_of(request)
    filters = asked.filters()
    with reading(services.database) as tx:
        if filters.subject:
            # Under whichever of its keys the subject crossed.
            every = links.all_keys(tx, [as_stored(key) for key in filters.subject if is_storable(key)])
            every |= {*filters.subject}
            filters = replace(filters, subject=tuple(sorted(every)))
        page = records.search(tx, filters, asked.sort, asked.limit, asked.cursor)
    shown = [each.violation.id for each in page.items]
    looked(credential, "violations", *shown, by=sorted({*request.query_params} - {"cursor"}))
    following = next_page(request, response, page.next_cursor) if page.next_cursor else None
    rulebook = services.pipeline.in_force.rulebook
    return {"items": [_violation(item, rulebook) for item in page.items], "next": following}


@router.get(
    "/{identifier}",
    summary="One violation, with why",
    response_model=schemas.ViolationDetail,
    responses=schemas.problems(401, 403, 404, 503),
)
def get_violation(
    request: Request,
    identifier: str,
    credential: _Officer,
    as_of: Annotated[Instant | None, Query(description="As it was known at this instant.")] = None,
) -> Any:  # noqa: ANN401 (checked by the response model)
    """The explanation: version and why, article with source, the tree of conditions; and the subject's facts.

    They are those of the newest decision that finds it.
    """
    services = services_of(request)
    with reading(services.database) as tx:
        detail = records.get(tx, identifier, as_of)
        changes = [each for each in records.changes_of(tx, identifier) if as_of is None or each.at <= as_of]
    looked(credential, "violation", identifier)
    violation = detail.listed.violation
    rulebook = rulebook_of(services, detail.rulebook)
    version = rulebook.rules[violation.rule].version_on(violation.local_date) if rulebook else None
    return {
        **_violation(detail.listed, rulebook or services.pipeline.in_force.rulebook),
        "decision": detail.decision,
        "rulebook": detail.rulebook,
        "explanation": detail.explanation,
        "law": law(version, rulebook) if rulebook and version else None,
        "milder_law": _milder(services, rulebook, version, violation, detail.facts),
        "facts": detail.facts,
        "changes": [_change(each) for each in changes],
    }


def _milder(
    services: Services,
    rulebook: Rulebook | None,
    version: Version | None,
    violation: records.Violation,
    facts: dict[str, Any],
) -> dict[str, Any] | None:
    if rulebook is None or version is None:
        return None
    known = typed(facts, rulebook.fields(violation.subject_kind))
    today = services.clock.now().date()
    return milder(version, rulebook, services.pipeline.in_force.rulebook, violation.rule, known, today)


def _change(change: records.Change) -> dict[str, Any]:
    return {
        "at": change.at,
        "actor": change.actor,
        "status": change.status,
        "needs_review": change.needs_review,
        "reason": change.reason,
        "decision": change.decision,
        "superseded_by": change.successor,
    }


def _violation(listed: records.Listed, rulebook: Rulebook) -> dict[str, Any]:
    violation = listed.violation
    rule = rulebook.rules.get(violation.rule)
    return {
        "violation": violation.id,
        "crossing": violation.crossing,
        "id": violation.event_id,
        "source": listed.source,
        "status": violation.status,
        "needs_review": violation.needs_review,
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
        },
        "occurred_at": violation.occurred_at,
        "date": violation.local_date,
        "created_at": violation.created_at,
        "updated_at": violation.updated_at,
    }
