"""`GET /v1/rules` and `GET /v1/rules/{id}`: the rulebook in force, for those who read and write law."""

from difflib import get_close_matches
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from app.errors import NotFound
from app.evaluation.explaining import law
from app.identity.roles import Permission
from app.language.ir import Rule, Rulebook, Status, Version
from app.vocabulary.codes import Regime, SubjectKind
from app.web.api import schemas
from app.web.security import permitted
from app.web.services import services_of

router = APIRouter(prefix="/v1/rules", tags=["rules"], dependencies=[Depends(permitted(Permission.RULES_READ))])


@router.get("", summary="Rules in force", response_model=schemas.RulePage, responses=schemas.problems(401, 403, 422))
async def list_rules(
    request: Request,
    jurisdiction: Annotated[list[str] | None, Query()] = None,
    regime: Annotated[list[Regime] | None, Query()] = None,
    status: Annotated[list[Status] | None, Query()] = None,
    applies_to: Annotated[list[SubjectKind] | None, Query()] = None,
    q: Annotated[str | None, Query(description="Part of an id or of a title in any language.")] = None,
) -> Any:  # noqa: ANN401 (checked by the response model)
    """All given filters must be met, each by any of its values."""
    rulebook = services_of(request).pipeline.in_force.rulebook
    wanted = [
        rule
        for rule in rulebook.rules.values()
        if _any(rule.jurisdiction, jurisdiction)
        and _any(rule.regime, regime)
        and _any(rule.status, status)
        and _any(rule.applies_to, applies_to)
        and _matches(rule, q)
    ]
    return {"rulebook": rulebook.digest, "items": [_rule(rule) for rule in wanted]}


@router.get(
    "/{identifier}",
    summary="One rule, with its law, file and cases",
    response_model=schemas.RuleDetail,
    responses=schemas.problems(401, 403, 404),
)
async def get_rule(request: Request, identifier: str) -> Any:  # noqa: ANN401 (checked by the response model)
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


def _any(value: str, wanted: list[Any] | None) -> bool:
    return not wanted or value in wanted


def _matches(rule: Rule, q: str | None) -> bool:
    texts = (rule.id, *rule.title.values())
    return q is None or any(q.casefold() in text.casefold() for text in texts)


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
