"""Shared conditions of `definitions.yaml`, compiled for each kind of subject that has the fields they ask about."""

from collections.abc import Iterator
from dataclasses import replace
from graphlib import TopologicalSorter

from app.language.diagnostics import Report
from app.language.from_surface.conditions import condition
from app.language.from_surface.data import entries, usable_name
from app.language.from_surface.findings import cycles, report_cycle
from app.language.from_surface.scope import Names, Scope
from app.language.from_surface.shapes import mapping, titles
from app.language.ir import Condition
from app.language.surface import Mapping, Node, Scalar, Sequence
from app.vocabulary.codes import SubjectKind


def definitions(node: Node, names: Names, report: Report) -> Names:
    """The names with all definitions added. One that fits no kind is reported, as seen from the kind it fits best."""
    bodies = dict(_bodies(node, report))
    uses = {name: frozenset(_names_in(when)) & bodies.keys() for name, (_, when) in bodies.items()}
    looping: set[str] = set()
    for cycle in cycles(uses):
        looping |= set(cycle)
        report_cycle(cycle, bodies[cycle[0]][0].at, "definitions use each other", report)
    compiled: dict[SubjectKind, dict[str, Condition]] = {kind: {} for kind in SubjectKind}
    broken = {f"definitions.{key.text}" for key, _ in entries(node, "definitions.yaml", report)}
    broken -= {f"definitions.{name}" for name in bodies.keys() - looping}
    for name in TopologicalSorter({name: uses[name] - looping for name in bodies.keys() - looping}).static_order():
        so_far = replace(names, definitions=compiled, broken=names.broken | broken)
        if not _compile(name, bodies[name][1], so_far, compiled, report):
            broken.add(f"definitions.{name}")
    return replace(names, definitions=compiled, broken=names.broken | broken)


def _bodies(node: Node, report: Report) -> Iterator[tuple[str, tuple[Scalar, Node]]]:
    for key, value in entries(node, "definitions.yaml", report):
        usable_name(key.text, key, "definition", report)
        entry = mapping(value, f"the definition {key.text}", report, ("title", "when"), ("note",))
        titles(entry.get("title") if entry else None, "title", report)
        when = entry.get("when") if entry else None
        if when:
            yield key.text, (key, when)


def _compile(
    name: str, when: Node, names: Names, into: dict[SubjectKind, dict[str, Condition]], report: Report
) -> bool:
    """Whether it fits at least one kind."""
    attempts = {kind: Report() for kind in SubjectKind}
    for kind, attempt in attempts.items():
        found = condition(when, Scope(kind, names, attempt))
        if found:
            into[kind][name] = found
    fits = any(name in each for each in into.values())
    if not fits:
        report.add(min((attempt.sorted() for attempt in attempts.values()), key=len))
    return fits


def _names_in(node: Node) -> Iterator[str]:
    match node:
        case Mapping(nodes):
            for key, value in nodes:
                if key.text == "definition" and isinstance(value, Scalar):
                    yield value.text
                yield from _names_in(value)
        case Sequence(parts):
            for part in parts:
                yield from _names_in(part)
        case Scalar():
            return
