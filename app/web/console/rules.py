"""The catalogue of rules: what each says, on which law it rests, its cases, and since when it is in force."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field
from ruamel.yaml import YAML

from app.errors import NotFound
from app.evaluation.explaining import law
from app.identity import users
from app.identity.roles import Permission
from app.identity.users import User
from app.language.ir import Rule, Status, Version
from app.storage import rulebooks
from app.storage.engine import Transaction, reading
from app.storage.rulebooks import Logged
from app.vocabulary.codes import Regime, SubjectKind, Verdict
from app.web.console.access import allowed
from app.web.console.forms import Filled
from app.web.console.languages import marked
from app.web.console.pages import page
from app.web.services import services_of

router = APIRouter()
_Reader = Annotated[User, Depends(allowed(Permission.RULES_READ))]
# Of so many rulebooks it is looked up whether the rule's text changed with them.
_MOST_COMPARED: Final = 20
_PAGE: Final = 100
STATUSES: Final[Mapping[Status, str]] = {
    Status.DRAFT: marked("draft"),
    Status.SHADOW: marked("shadow: evaluated, accuses nobody"),
    Status.ACTIVE: marked("active"),
    Status.RETIRED: marked("retired"),
}


class Asked(Filled):
    """Which rules the catalogue is asked for."""

    q: str = Field("", max_length=200)
    jurisdiction: str = Field("", max_length=8)
    regime: Regime | None = None
    status: Status | None = None
    applies_to: SubjectKind | None = None
    page: int = Field(1, ge=1, le=1_000)

    def met_by(self, rule: Rule) -> bool:
        wanted = self.model_dump(include={"jurisdiction", "regime", "status", "applies_to"})
        return all(not value or getattr(rule, name) == value for name, value in wanted.items()) and any(
            self.q.casefold() in text.casefold() for text in (rule.id, *rule.title.values())
        )

    def address(self, page: int) -> str:
        """Where another page of the same is."""
        given = self.model_dump(mode="json", exclude_defaults=True) | {"page": page}
        return f"/console/rules?{urlencode(given)}"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A page, from the `first`, of the `found` rules of `total` in force; `earlier` and `following` are other pages."""

    asked: Asked
    rules: tuple[Rule, ...]
    first: int
    found: int
    total: int
    digest: str
    earlier: str | None
    following: str | None
    jurisdictions: tuple[str, ...]
    regimes: tuple[Regime, ...]
    statuses: Mapping[Status, str]
    kinds: tuple[SubjectKind, ...]


@dataclass(frozen=True, slots=True)
class Period:
    """A version with its law in words."""

    version: Version
    law: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RulePage:
    """A rule with its files. `history` are the activations that changed it, the newest first."""

    rule: Rule
    status: str
    versions: tuple[Period, ...]
    source: str
    cases: tuple[tuple[str, Verdict], ...]
    cases_source: str
    history: tuple[Logged, ...]
    names: Mapping[str, str]


@router.get("/rules")
def get_rules(request: Request, user: _Reader, asked: Annotated[Asked, Query()]) -> Response:
    rulebook = services_of(request).pipeline.in_force.rulebook
    found = [rule for rule in rulebook.rules.values() if asked.met_by(rule)]
    begin, end = (asked.page - 1) * _PAGE, asked.page * _PAGE
    context = Catalogue(
        asked,
        tuple(found[begin:end]),
        begin + 1,
        len(found),
        len(rulebook.rules),
        rulebook.digest,
        asked.address(asked.page - 1) if asked.page > 1 else None,
        asked.address(asked.page + 1) if end < len(found) else None,
        tuple(sorted({rule.jurisdiction for rule in rulebook.rules.values()})),
        tuple(Regime),
        STATUSES,
        tuple(SubjectKind),
    )
    return page(request, user, "rules.html", context)


@router.get("/rules/{identifier}")
def get_rule(request: Request, identifier: str, user: _Reader) -> Response:
    services = services_of(request)
    rulebook = services.pipeline.in_force.rulebook
    rule = rulebook.rules.get(identifier)
    if rule is None:
        near = get_close_matches(identifier, rulebook.rules, n=1)
        raise NotFound(f"There is no rule {identifier}" + (f"; did you mean {near[0]}?" if near else "."))
    beside = rule.file.removesuffix(".yaml") + ".cases.yaml"
    with reading(services.database) as tx:
        history = _history(tx, (rule.file, beside))
        names = users.names(tx, {each.actor for each in history})
    cases = rulebook.sources.get(beside, "")
    context = RulePage(
        rule,
        STATUSES[rule.status],
        tuple(Period(version, law(version, rulebook)) for version in sorted(rule.versions, key=_begins, reverse=True)),
        rulebook.sources[rule.file],
        tuple(_cases(cases)),
        cases,
        history,
        names,
    )
    return page(request, user, "rule.html", context)


def _begins(version: Version) -> date:
    return version.in_force.first or date.min


def _cases(source: str) -> list[tuple[str, Verdict]]:
    """The name of each case and what its author expects; the rules in force met all of them when they were checked."""
    read = YAML(typ="safe", pure=True).load(source) if source else None
    return [(str(case["name"]), Verdict(case["expect"])) for case in (read or {}).get("cases", ())]


def _history(tx: Transaction, files: Sequence[str]) -> tuple[Logged, ...]:
    """Activations with which one of these files changed, or came to be; the newest first."""
    found: list[Logged] = []
    known = rulebooks.activations_of(tx, _MOST_COMPARED + 1)
    texts = [tuple((rulebooks.sources(tx, each.rulebook) or {}).get(file) for file in files) for each in known]
    for place, each in enumerate(known[:_MOST_COMPARED]):
        before = texts[place + 1] if place + 1 < len(texts) else None
        if texts[place] != before:
            found.append(each)
    return tuple(found)
