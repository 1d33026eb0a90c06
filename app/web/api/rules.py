"""`GET /v1/rules` and `GET /v1/rules/{id}`: the rulebook in force, for those who read and write law."""

from difflib import get_close_matches
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from app.errors import NotFound
from app.evaluation.explaining import law
from app.identity.roles import Permission
from app.language.ir import Rule, Rulebook, Status, Version
from app.vocabulary.codes import Regime, SubjectKind
from app.web.api import schemas
from app.web.security import permitted
from app.web.services import services_of

router = APIRouter(prefix="/v1/rules", tags=["rules"], dependencies=[Depends(permitted(Permission.RULES_READ))])


class Asked(BaseModel):
    """Which rules are asked for."""

    model_config = ConfigDict(extra="forbid")

    jurisdiction: list[str] = Field([], description="Any of these.")
    regime: list[Regime] = Field([], description="Any of these.")
    status: list[Status] = Field([], description="Any of these.")
    applies_to: list[SubjectKind] = Field([], description="Any of these.")
    q: str = Field("", description="Part of an id or of a title in any language.")

    def wants(self, rule: Rule) -> bool:
        """Whether all given filters are met."""
        named = (
            (rule.jurisdiction, self.jurisdiction),
            (rule.regime, self.regime),
            (rule.status, self.status),
            (rule.applies_to, self.applies_to),
        )
        texts = (rule.id, *rule.title.values())
        return all(not wanted or value in wanted for value, wanted in named) and any(
            self.q.casefold() in text.casefold() for text in texts
        )


@router.get("", summary="Rules in force", response_model=schemas.RulePage, responses=schemas.problems(401, 403, 422))
def list_rules(request: Request, asked: Annotated[Asked, Query()]) -> Any:  # noqa: ANN401 (checked by the response model)
    """All given filters must be met, each by any of its values."""
    rulebook = services_of(request).pipeline.in_force.rulebook
    return {
        "rulebook": rulebook.digest,
        "items": [_rule(rule) for rule in rulebook.rules.values() if asked.wants(rule)],
    }


@router.get(
    "/{identifier}",
    summary="One rule, with its law, file and cases",
    response_model=schemas.RuleDetail,
    responses=schemas.problems(401, 403, 404),
)
def get_rule(request: Request, identifier: str) -> Any:  # noqa: ANN401 (checked by the response model)
    """Versions over time with the articles they rest on."""
    rulebook = services_of(request).pipeline.in_force.rulebook
    rule = rulebook.rules.get(identifier)
    if rule is None:
        near = get_close_matches(identifier, rulebook.rules, n=1)
        raise NotFound(f"There is no rule {identifier}" + (f"; did you mean {near[0]}?" if near else "."))
    return _rule(rule) | {
        "limits": dict(rule.limits),
        "related": [{"kind": each.kind, "rule": each.rule} for each in rule.related],
        "rests_on": sorted(rule.rests_on),
        "versions": [_version(version, rulebook) for version in rule.versions],
        "file": rule.file,
        "source": rulebook.sources[rule.file],
        "cases": rulebook.sources.get(rule.file.removesuffix(".yaml") + ".cases.yaml"),
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "rule": rule.id,
        "title": dict(rule.title),
        "regime": rule.regime,
        "jurisdiction": rule.jurisdiction,
        "applies_to": rule.applies_to,
        "status": rule.status,
        "owner": rule.owner,
        "severity": rule.severity,
        "advice": rule.advice,
        "review_by": rule.review_by,
        "basis": list(dict.fromkeys(name for version in rule.versions for name in version.basis)),
    }


def _version(version: Version, rulebook: Rulebook) -> dict[str, Any]:
    return {
        "version": version.id,
        "in_force_from": version.in_force.first,
        "in_force_until": version.in_force.last,
        **law(version, rulebook),
    }
