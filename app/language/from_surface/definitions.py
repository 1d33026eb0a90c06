"""Shared conditions of `definitions.yaml`, compiled for each kind of subject that has the fields they ask about."""

from collections.abc import Iterator
from collections.abc import Mapping as MappingOf
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

ByKind = MappingOf[SubjectKind, MappingOf[str, Condition]]


def definitions(node: Node, names: Names, report: Report) -> ByKind:
    """All definitions by kind of subject. One that fits no kind is reported, as seen from the kind it fits best."""
    bodies: dict[str, tuple[Scalar, Node]] = {}
    for key, value in entries(node, "definitions.yaml", report):
        usable_name(key.text, key, "definition", report)
        entry = mapping(value, f"the definition {key.text}", report, ("title", "when"), ("note",))
        if entry:
            titles(entry.get("title"), "title", report)
            if when := entry.get("when"):
                bodies[key.text] = (key, when)
    uses = {name: frozenset(_names_in(when)) & bodies.keys() for name, (_, when) in bodies.items()}
    looping = set()
    for cycle in cycles(uses):
        looping |= set(cycle)
        report_cycle(cycle, bodies[cycle[0]][0].at, "definitions use each other", report)
    compiled: dict[SubjectKind, dict[str, Condition]] = {kind: {} for kind in SubjectKind}
    order = TopologicalSorter({name: uses[name] - looping for name in bodies if name not in looping})
    for name in order.static_order():
        _compile(name, bodies[name][1], replace(names, definitions=compiled), compiled, report)
    return compiled


def _compile(
    name: str, when: Node, names: Names, into: dict[SubjectKind, dict[str, Condition]], report: Report
) -> None:
    attempts = {kind: Report() for kind in SubjectKind}
    for kind, attempt in attempts.items():
        found = condition(when, Scope(kind, names, attempt))
        if found:
            into[kind][name] = found
    if not any(name in compiled for compiled in into.values()):
        report.add(min((attempt.sorted() for attempt in attempts.values()), key=len))


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
