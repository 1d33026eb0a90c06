"""`GET /v1/situation`."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from app.identity.roles import Permission
from app.violations.figures import Filters, Verdicts
from app.vocabulary.codes import Regime, Severity, SubjectKind
from app.vocabulary.members import Day, ShortText
from app.web.api import schemas
from app.web.security import Actor, permitted
from app.web.services import services_of
from app.web.situation import Situation, situation

router = APIRouter(prefix="/v1", tags=["situation"])


class Asked(BaseModel):
    """Of which days, and of what."""

    model_config = ConfigDict(extra="forbid")

    first: Day | None = Field(None, alias="from", description="First day, of UTC; by default 29 days before the last.")
    until: Day | None = Field(None, description="Last day, of UTC, included; by default today.")
    rule: list[ShortText] = Field([], description="Any of these.")
    regime: list[Regime] = Field([], description="Any of these.")
    jurisdiction: list[ShortText] = Field([], description="Any of these.")
    severity: list[Severity] = Field([], description="Any of these.")
    checkpoint: list[ShortText] = Field([], description="Any of these.")
    subject_kind: list[SubjectKind] = Field([], description="Any of these.")

    def filters(self) -> Filters:
        return Filters(**{name: tuple(getattr(self, name)) for name in Filters.__slots__})


@router.get(
    "/situation",
    summary="Figures of violations and compliance",
    response_model=schemas.SituationOut,
    responses=schemas.problems(401, 403, 422, 503),
)
def get_situation(
    request: Request,
    actor: Annotated[Actor, Depends(permitted(Permission.VIOLATIONS_READ))],
    asked: Annotated[Asked, Query()],
) -> Any:  # noqa: ANN401 (checked by the response model)
    """Each count of violations with the address that lists what it counts. Superseded ones are not counted.

    Compliance is the share of verdicts that are compliant among those of active rules on subjects to whom they apply,
    by the newest decision on each crossing; what cannot be told counts as applicable and not as compliant.
    """
    found = situation(services_of(request), actor, asked.first, asked.until, asked.filters())
    told, compliance = found.told, found.compliance
    return {
        "from": found.scope.span.first,
        "until": found.scope.span.last,
        "violations": _count(found, told.total),
        "by_day": [{"day": day, **_count(found, count, day=day.isoformat())} for day, count in told.by_day.items()],
        "by_rule": [{"rule": rule, **_count(found, count, rule=rule)} for rule, count in told.by_rule.items()],
        "by_regime": [{"regime": each, **_count(found, count, regime=each)} for each, count in told.by_regime.items()],
        "by_checkpoint": [
            {"checkpoint": each, **_count(found, count, checkpoint=each)} for each, count in told.by_checkpoint.items()
        ],
        "by_subject_kind": [
            {"subject_kind": each, **_count(found, count, subject_kind=each)} for each, count in told.by_kind.items()
        ],
        "compliance": {
            "definition": "compliant / (compliant + violated + undetermined), verdicts of active rules on subjects",
            "crossings": compliance.counted,
            "since": compliance.since,
            **_verdicts(compliance.total),
            "by_rule": [{"rule": rule, **_verdicts(each)} for rule, each in sorted(compliance.by_rule.items())],
            "by_checkpoint": [
                {"checkpoint": code, **_verdicts(each)} for code, each in sorted(compliance.by_checkpoint.items())
            ],
        },
        "precision": [
            {
                "rule": rule,
                "agreed": each.agreed,
                "rejected": each.rejected,
                "share": each.share,
                "interval": each.bounds,
            }
            for rule, each in told.precision.items()
        ],
        "together": [{"rules": [pair.one, pair.other], "count": pair.times} for pair in found.pairs],
        "together_complete": found.all_paired,
    }


def _count(found: Situation, count: int, **more: str) -> dict[str, Any]:
    return {"count": count, "listed_at": f"/v1/violations?{found.behind(**more)}"}


def _verdicts(each: Verdicts) -> dict[str, Any]:
    return {
        "compliant": each.compliant,
        "violated": each.violated,
        "undetermined": each.undetermined,
        "rate": each.rate,
    }
