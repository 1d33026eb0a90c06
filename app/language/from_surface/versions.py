"""Versions of a rule: the law as it stood in a period, its basis, and that together they cover time."""

from collections.abc import Iterator
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from datetime import date

from app.language.diagnostics import Report
from app.language.from_surface.conditions import condition
from app.language.from_surface.data import known_provision
from app.language.from_surface.periods import gaps, in_words, overlaps, uncovered
from app.language.from_surface.provisions import Verification
from app.language.from_surface.scope import Scope
from app.language.from_surface.shapes import items, mapping, period, text
from app.language.ir import All, Condition, Not, ParameterOperand, Period, Provision, Status, Version
from app.language.resolve import leaves
from app.language.surface import Mapping, Node, Sequence

_OPTIONAL = ("when", "unless", "require", "forbid", "sanction", "note", "in_force")
_CONFIRM = "Confirm the provision and its source, or keep the rule a draft"


@dataclass(frozen=True, slots=True)
class Basis:
    """The provisions rules may rest on; None if not all of them could be read, so that no name is called unknown."""

    provisions: MappingOf[str, Provision] | None


def versions(entry: Mapping, scope: Scope, status: Status | None, basis: Basis) -> tuple[Version, ...]:
    """The versions that could be read."""
    node = entry.get("versions")
    found = [
        (item, each) for item in items(node, "versions", scope.report) if (each := _version(item, scope, status, basis))
    ]
    if isinstance(node, Sequence) and not node.items:
        scope.report.error(
            node.at, "empty-list", "the rule has no version", "Add one, `- in_force: {from: YYYY-MM-DD}`"
        )
    _check_time([(item, version.in_force) for item, version in found], entry, scope.report)
    return tuple(version for _, version in found)


def _version(node: Node, scope: Scope, status: Status | None, basis: Basis) -> Version | None:
    report = scope.report
    entry = mapping(node, "a version", report, ("basis",), _OPTIONAL)
    if entry is None:
        return None
    in_force = _in_force(entry.get("in_force"), report)
    rests = tuple(_basis(entry, status, basis, report))
    sanction = _provision(entry.get("sanction"), "sanction", status, basis, report)
    parts = {key: condition(part, scope) for key in _OPTIONAL[:4] if (part := entry.get(key))}
    if not entry.get("require") and not entry.get("forbid"):
        report.error(
            node.at, "nothing-required", "the version neither requires nor forbids anything", "Add require: or forbid:"
        )
    note = text(entry.get("note"), "note", report) or ""
    if in_force is None:
        return None
    applies, holds = _both(parts, "when", "unless"), _both(parts, "require", "forbid")
    _check_basis(in_force, rests, basis, node, report)
    _check_parameters(in_force, (applies, holds), scope)
    return Version(in_force, rests, applies, holds, sanction, note)


def _both(parts: MappingOf[str, Condition | None], positive: str, negative: str) -> Condition:
    """One and not the other, as plain as it can be."""
    one, other = parts.get(positive), parts.get(negative)
    if one and other:
        return All((one, Not(other)))
    return one or (Not(other) if other else All(()))


def _in_force(node: Node | None, report: Report) -> Period | None:
    """Its days; without in_force, always: where no source gives a first day, none is invented."""
    if node is None:
        return Period()
    return period(mapping(node, "in_force", report, (), ("from", "until")), "in_force", report)


def _basis(entry: Mapping, status: Status | None, basis: Basis, report: Report) -> Iterator[str]:
    node = entry.get("basis")
    found = items(node, "basis", report)
    if isinstance(node, Sequence) and not found:
        report.error(node.at, "empty-basis", "the version has no legal basis", "Name an article, `- {provision: ID}`")
    for item in found:
        part = mapping(item, "a basis", report, ("provision",), ("note",))
        if part is None:
            continue
        text(part.get("note"), "note", report)
        name = _provision(part.get("provision"), "provision", status, basis, report)
        if name:
            yield name


def _provision(node: Node | None, what: str, status: Status | None, basis: Basis, report: Report) -> str | None:
    """The id of a provision that exists and, unless the rule is a draft, was verified."""
    name = text(node, what, report)
    if name is None or node is None:
        return None
    provision = known_provision(name, node, basis.provisions, report)
    unverified = provision and provision.verification == Verification.MEMORY_UNVERIFIED
    if unverified and status not in {Status.DRAFT, None}:
        message = f"the provision {name} is from memory and not verified, and the rule is {status}"
        report.error(node.at, "unverified-basis", message, _CONFIRM)
    return name


def _check_basis(in_force: Period, rests: tuple[str, ...], basis: Basis, node: Node, report: Report) -> None:
    """On every day of the version, one of its provisions must have been in force."""
    known = basis.provisions or {}
    periods = [known[name].in_force for name in rests if name in known]
    missing = uncovered(in_force, periods) if periods else None
    if missing:
        message = f"none of the provisions of the basis was in force on {_day(missing)}, and this version is"
        report.error(node.at, "basis-not-in-force", message, "Bound the version, or name the article that was in force")


def _check_parameters(in_force: Period, conditions: tuple[Condition, ...], scope: Scope) -> None:
    """A parameter must have a value on every day of the version."""
    known = scope.names.parameters or {}
    for leaf in leaves(*conditions):
        for operand in leaf.operands:
            if not isinstance(operand, ParameterOperand) or operand.name not in known:
                continue
            missing = uncovered(in_force, (dated.period for dated in known[operand.name].values))
            if missing:
                scope.report.error(
                    leaf.at,
                    "parameter-not-covered",
                    f"the parameter {operand.name} has no value on {_day(missing)}, when this version is in force",
                    "Give it one in parameters.yaml, or bound the version",
                )


def _day(missing: date) -> str:
    return "its earliest days" if missing == date.min else missing.isoformat()


def _check_time(found: list[tuple[Node, Period]], entry: Mapping, report: Report) -> None:
    """Versions may neither overlap nor leave a gap the file does not declare."""
    at = {when: node.at for node, when in found}
    for one, other in overlaps(when for _, when in found):
        message = f"versions overlap: {in_words(one)} and {in_words(other)}"
        report.error(at[other], "overlap", message, "End the earlier one the day before the later begins")
    declared = dict(_gaps(entry.get("gaps"), report))
    open_ = list(gaps(when for _, when in found))
    for gap in open_:
        if gap not in declared:
            after = next(when for _, when in found if when.first and gap.last and when.first > gap.last)
            hint = f"Close it, or declare gaps: [{{from: {gap.first}, until: {gap.last}, why: …}}]"
            report.error(at[after], "gap", f"no version is in force from {in_words(gap)}", hint)
    for gap, node in declared.items():
        if found and gap not in open_:
            report.error(
                node.at, "no-such-gap", f"there is no gap from {in_words(gap)}", "Delete it, or correct its days"
            )


def _gaps(node: Node | None, report: Report) -> Iterator[tuple[Period, Node]]:
    for item in items(node, "gaps", report):
        entry = mapping(item, "a gap", report, ("from", "until", "why"))
        if entry is None:
            continue
        text(entry.get("why"), "why", report)
        found = period(entry, "the gap", report)
        if found and found.first and found.last:
            yield found, item
