"""What officers look at, for the API and the console alike: read in one transaction, within the remit of who asks."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from app.crossings import links
from app.evaluation.explaining import Json, law
from app.evaluation.mitior import milder
from app.facts.codec import typed
from app.facts.subjects import as_stored
from app.identity import users
from app.language.ir import Rulebook, Version
from app.storage.engine import Transaction, reading
from app.storage.types import is_storable
from app.violations import records
from app.violations.work import check_within
from app.web.security import Actor
from app.web.services import Services, rulebook_of


@dataclass(frozen=True, slots=True)
class Seen:
    """A violation with all that is told of it.

    `rulebook` is the one it was found by, None if its files no longer compile; `names` are those of whoever did
    something with it, and of who has it in hand, by identifier.
    """

    detail: records.Detail
    changes: tuple[records.Change, ...]
    names: Mapping[str, str]
    rulebook: Rulebook | None
    law: Json | None
    milder: Json | None


def violation(services: Services, actor: Actor, identifier: str, as_of: datetime | None = None) -> Seen:
    """One violation, now or as it was known at an instant; raises NotFound for one that is not in the remit."""
    with reading(services.database) as tx:
        check_within(tx, actor.remit, identifier)
        detail = records.get(tx, identifier, as_of)
        changes = [each for each in records.changes_of(tx, identifier) if as_of is None or each.at <= as_of]
        held = {detail.listed.violation.assignee, *(each.assignee for each in changes)} - {None}
        names = users.names(tx, {each.actor for each in changes} | {each for each in held if each})
    found = detail.listed.violation
    rulebook = rulebook_of(services, detail.rulebook)
    version = rulebook.rules[found.rule].version_on(found.local_date) if rulebook else None
    told = law(version, rulebook) if rulebook and version else None
    return Seen(
        detail, tuple(changes), names, rulebook, told, _milder(services, rulebook, version, found, detail.facts)
    )


def with_all_keys(tx: Transaction, filters: records.Filters) -> records.Filters:
    """Under whichever of its keys a subject crossed."""
    if not filters.subject:
        return filters
    every = links.all_keys(tx, [as_stored(key) for key in filters.subject if is_storable(key)])
    return replace(filters, subject=tuple(sorted(every | {*filters.subject})))


def titles_of_definitions(rulebook: Rulebook) -> Mapping[str, Mapping[str, str]]:
    """What shared conditions are called, by name."""
    return _titles(rulebook.sources.get("definitions.yaml", ""))


def subject_named(event: Mapping[str, Any], kind: str, position: int) -> str:
    """The name of a subject as the event gives it; empty where it gives none."""
    members: Collection[Any] = event.get("persons" if kind == "individual" else "organizations") or ()
    found = [*members][position] if position < len(members) else {}
    if kind == "individual":
        return " ".join(filter(None, (found.get("surname"), found.get("given_names"))))
    return str(found.get("name") or "")


@lru_cache(maxsize=8)
def _titles(source: str) -> Mapping[str, Mapping[str, str]]:
    try:
        read = YAML(typ="safe").load(source) or {}
    except YAMLError:
        return {}
    return {str(name): each.get("title") or {} for name, each in read.items() if isinstance(each, dict)}


def _milder(
    services: Services,
    rulebook: Rulebook | None,
    version: Version | None,
    found: records.Violation,
    facts: dict[str, Any],
) -> Json | None:
    if rulebook is None or version is None:
        return None
    known = typed(facts, rulebook.fields(found.subject_kind))
    today = services.clock.now().date()
    return milder(version, rulebook, services.pipeline.in_force.rulebook, found.rule, known, today)
