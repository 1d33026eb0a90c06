"""Rules: the head of a file; its versions are read in `versions`."""

import re
from pathlib import PurePosixPath

from app.language.diagnostics import Report
from app.language.from_surface.findings import rests_on
from app.language.from_surface.scope import Names, Scope
from app.language.from_surface.shapes import choice, day, items, mapping, text, texts, titles
from app.language.from_surface.versions import Basis, versions
from app.language.ir import Related, Rule, Status
from app.language.suggest import did_you_mean, one_of
from app.language.surface import Mapping, Node, Scalar
from app.vocabulary.codes import Advice, Regime, Severity, SubjectKind
from app.vocabulary.countries import STATE_CODES

_REQUIRED = (
    "id", "title", "regime", "jurisdiction", "applies_to", "status", "owner", "severity", "advice", "review_by",
    "versions",
)  # fmt: skip
_OPTIONAL = ("limits", "related", "gaps", "note")
_RELATIONS = ("supersedes", "replaced_by", "complements", "excludes")
_ID = re.compile(r"[A-Z][A-Z0-9-]{1,63}")
_PLACE = "rules are kept as <JURISDICTION>/<regime>/<RULE-ID>.yaml"


def status_of(node: Node | None) -> Status | None:
    """The status a rule's file gives, for others that rest on it; None if it gives none."""
    found = node.get("status") if isinstance(node, Mapping) else None
    return Status(found.text) if isinstance(found, Scalar) and found.text in set(Status) else None


def rule(file: str, node: Node, names: Names, basis: Basis, report: Report) -> Rule | None:
    """One rule; None if what it is cannot be told. Whatever is wrong is reported."""
    entry = mapping(node, "a rule", report, _REQUIRED, _OPTIONAL)
    if entry is None:
        return None
    _check_place(file, entry, report)
    kind = choice(entry.get("applies_to"), SubjectKind, "applies_to", report)
    status = choice(entry.get("status"), Status, "status", report)
    head = {
        "regime": choice(entry.get("regime"), Regime, "regime", report),
        "severity": choice(entry.get("severity"), Severity, "severity", report),
        "advice": choice(entry.get("advice"), Advice, "advice", report),
    }
    name, review = text(entry.get("id"), "id", report), day(entry.get("review_by"), "review_by", report)
    title, owner = titles(entry.get("title"), "title", report), text(entry.get("owner"), "owner", report)
    limits = texts(entry.get("limits"), "limits", report, optional=("over", "under"))
    text(entry.get("note"), "note", report)
    related = _related(entry.get("related"), name, names, report)
    found = versions(entry, Scope(kind or SubjectKind.INDIVIDUAL, names, report), status, basis) if kind else ()
    regime, severity, advice = head["regime"], head["severity"], head["advice"]
    if not (name and regime and kind and status and owner and severity and advice and review):
        return None
    return Rule(
        id=name,
        title=title,
        regime=Regime(regime),
        jurisdiction=text(entry.get("jurisdiction"), "jurisdiction", report) or "",
        applies_to=kind,
        status=status,
        owner=owner,
        severity=Severity(severity),
        advice=Advice(advice),
        review_by=review,
        versions=found,
        file=file,
        limits=limits,
        related=related,
        rests_on=rests_on(each for version in found for each in (version.applies, version.holds)),
    )


def _check_place(file: str, entry: Mapping, report: Report) -> None:
    """The path repeats what the file says of itself."""
    path = PurePosixPath(file)
    jurisdiction, regime = path.parts[:2]
    said = (
        ("id", path.stem, "file's name"),
        ("regime", regime, "directory"),
        ("jurisdiction", jurisdiction, "directory"),
    )
    for key, expected, what in said:
        node = entry.get(key)
        if isinstance(node, Scalar) and node.text != expected:
            message = f"{key} is {node.text}, and the {what} is {expected}"
            report.error(node.at, "wrong-place", message, f"Make the two the same: {_PLACE}")
    node = entry.get("id")
    if isinstance(node, Scalar) and isinstance(node.value, str) and not _ID.fullmatch(node.text):
        report.error(
            node.at, "bad-name", f"{node.text} cannot be the id of a rule", "Use capital letters, digits and -"
        )
    node = entry.get("jurisdiction")
    if isinstance(node, Scalar) and node.text not in STATE_CODES | {"INT"}:
        hint = did_you_mean(node.text, sorted(STATE_CODES), "Use an ISO 3166 alpha-3 or ICAO code, or INT")
        report.error(node.at, "unknown-code", f"{node.text} is no jurisdiction", hint)


def _related(node: Node | None, name: str | None, names: Names, report: Report) -> tuple[Related, ...]:
    found = []
    for item in items(node, "related", report):
        entry = mapping(item, "a related rule", report, ("kind", "rule"))
        if entry is None:
            continue
        kind, other = text(entry.get("kind"), "kind", report), text(entry.get("rule"), "rule", report)
        if kind and kind not in _RELATIONS:
            where = entry.get("kind") or item
            report.error(
                where.at, "unknown-choice", f"kind cannot be {kind}", did_you_mean(kind, _RELATIONS, one_of(_RELATIONS))
            )
        known = names.rules
        where = entry.get("rule") or item
        if other and other == name:
            report.error(where.at, "related-to-itself", f"{other} is this rule itself", "Name another rule")
        elif other and known is not None and other not in known:
            report.error(where.at, "unknown-rule", f"there is no rule {other}", did_you_mean(other, known))
        if kind and other:
            found.append(Related(kind, other))
    return tuple(found)
