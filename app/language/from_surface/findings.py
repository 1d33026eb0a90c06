"""Findings of other rules as facts: which rules a condition rests on, and the order that follows from it."""

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from app.language.diagnostics import Report
from app.language.from_surface.scope import Scope
from app.language.ir import All, Condition, Leaf, Literal, Not, Operator, Position, Quantified, Status
from app.language.suggest import did_you_mean
from app.language.walk import parts_of
from app.vocabulary.codes import Verdict

_WRITE = "Write findings: {some: {rule: ID, verdict: violated}}"


def check_findings(part: Condition, at: Position, scope: Scope) -> bool:
    """Whether the condition on a finding names its rules, which must exist and be in use."""
    verdicts = [leaf for leaf in parts_of(part) if isinstance(leaf, Leaf) and leaf.field.path == "findings.verdict"]
    undetermined = [leaf for leaf in verdicts if Verdict.UNDETERMINED in _constants(leaf)]
    for leaf in undetermined:
        scope.report.error(
            leaf.at,
            "undetermined-finding",
            "no condition may ask whether a finding is undetermined: filling in what is missing would turn it round",
            "Ask for violated, compliant or not_applicable",
        )
    named = [leaf for leaf in _conjuncts(part) if _names_rules(leaf)]
    if not named:
        scope.report.error(at, "findings-without-rule", "findings must name the rule they are of", _WRITE)
    usable = [_usable(rule, leaf.at, scope) for leaf in named for rule in sorted(_constants(leaf))]
    return bool(named) and not undetermined and all(usable)


def otherwise(part: Condition) -> Condition:
    """What none may be where every finding must be `part`: of the rules it names, and not as it says.

    Findings of other rules do not count: which of them there are depends on what other rules rest on.
    """
    parts = part.parts if isinstance(part, All) else (part,)
    named = tuple(each for each in parts if isinstance(each, Leaf) and _names_rules(each))
    return All((*named, Not(All(tuple(each for each in parts if each not in named)))))


def _names_rules(leaf: Leaf) -> bool:
    return leaf.field.path == "findings.rule" and leaf.operator in {Operator.IS, Operator.IN} and bool(_constants(leaf))


def _conjuncts(part: Condition) -> Iterator[Leaf]:
    for each in part.parts if isinstance(part, All) else (part,):
        if isinstance(each, Leaf):
            yield each


def _constants(leaf: Leaf) -> frozenset[str]:
    values = [operand.value for operand in leaf.operands if isinstance(operand, Literal)]
    flat = (each for value in values for each in (value if isinstance(value, frozenset) else (value,)))
    return frozenset(each for each in flat if isinstance(each, str))


def _usable(rule: str, at: Position, scope: Scope) -> bool:
    known = scope.names.rules
    if known is None:
        return True
    if rule not in known:
        scope.report.error(at, "unknown-rule", f"there is no rule {rule}", did_you_mean(rule, known))
        return False
    if known[rule] in {Status.DRAFT, Status.RETIRED}:
        scope.report.error(
            at,
            "finding-of-unused-rule",
            f"the rule {rule} is {known[rule]}, so it makes no findings",
            f"Put {rule} in force (active or shadow), or rest on another rule",
        )
        return False
    return True


def rests_on(conditions: Iterable[Condition]) -> frozenset[str]:
    """Rules whose findings the conditions ask for."""
    asked = (
        part.part for part in parts_of(*conditions) if isinstance(part, Quantified) and part.field.path == "findings"
    )
    return frozenset(
        rule for part in asked for leaf in _conjuncts(part) if _names_rules(leaf) for rule in _constants(leaf)
    )


def strata(rests: Mapping[str, frozenset[str]]) -> dict[str, int]:
    """0 for a rule that rests on none, else one more than the highest it rests on; those of a cycle are left out."""
    levels: dict[str, int] = {}
    looping = {name for cycle in cycles(rests) for name in cycle}
    order = TopologicalSorter({rule: on - looping for rule, on in rests.items() if rule not in looping})
    for rule in order.static_order():
        levels[rule] = 1 + max((levels.get(on, 0) for on in rests.get(rule, ())), default=-1)
    return levels


def cycles(rests: Mapping[str, frozenset[str]]) -> Iterator[tuple[str, ...]]:
    """Cycles that share nothing with each other, each from its first name in order and without repeating it."""
    left = dict(rests)
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            _, names = error.args
            cycle = tuple(reversed(names))[1:]  # the library walks from what is needed to who needs it
            start = cycle.index(min(cycle))
            yield cycle[start:] + cycle[:start]
            left = {name: on - set(cycle) for name, on in left.items() if name not in cycle}
        else:
            return


def report_cycle(cycle: tuple[str, ...], at: Position, what: str, report: Report) -> None:
    """Name the whole cycle."""
    path = " -> ".join((*cycle, cycle[0]))
    report.error(at, "cycle", f"{what} in a circle: {path}", "Break it in one place")
