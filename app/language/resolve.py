"""Conditions as of one day: dated parameters and lists become constants, so backends know nothing of time.

A day's resolution is the same for all days between two changes of what the rules use; `changes` lists those days.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import assert_never

from app.language.ir import (
    All,
    AnyOf,
    Condition,
    FieldOperand,
    Leaf,
    ListOperand,
    Literal,
    Named,
    Not,
    Operand,
    ParameterOperand,
    Period,
    Quantified,
    Rule,
    Rulebook,
    Version,
)
from app.language.walk import parts_of


@dataclass(frozen=True, slots=True)
class Resolved:
    """A rule's version with constants in place of dated names: what the backends evaluate.

    Operands of `applies` and `holds` are only `Literal` and `FieldOperand`.
    """

    rule: Rule
    version: Version
    applies: Condition
    holds: Condition


def resolve(rulebook: Rulebook, rule: Rule, day: date) -> Resolved | None:
    """The rule as of that day; None if no version is in force."""
    version = rule.version_on(day)
    if version is None:
        return None
    return Resolved(rule, version, _condition(version.applies, rulebook, day), _condition(version.holds, rulebook, day))


def changes(rulebook: Rulebook, rules: Iterable[Rule]) -> tuple[date, ...]:
    """First days on which any of the rules, or a list or parameter they use, is other than the day before; sorted."""
    periods: set[Period] = set()
    for rule in rules:
        for version in rule.versions:
            periods.add(version.in_force)
            for operand in _operands(version.applies, version.holds):
                periods |= set(_periods(operand, rulebook))
    firsts = {p.first for p in periods if p.first}
    return tuple(sorted(firsts | {p.last + timedelta(days=1) for p in periods if p.last and p.last < date.max}))


def leaves(*conditions: Condition) -> Iterator[Leaf]:
    """All leaves below the conditions, those inside quantifiers too, from left to right."""
    return (part for part in parts_of(*conditions) if isinstance(part, Leaf))


def _operands(*conditions: Condition) -> Iterator[Operand]:
    for leaf in leaves(*conditions):
        yield from leaf.operands


def _periods(operand: Operand, rulebook: Rulebook) -> Iterator[Period]:
    match operand:
        case ListOperand(name):
            for periods in rulebook.lists[name].members.values():
                yield from periods
        case ParameterOperand(name):
            for dated in rulebook.parameters[name].values:
                yield dated.period
        case Literal() | FieldOperand():
            return
        case _:
            assert_never(operand)


def _condition(condition: Condition, rulebook: Rulebook, day: date) -> Condition:
    match condition:
        case Leaf():
            operands = tuple(_operand(operand, rulebook, day) for operand in condition.operands)
            return condition if operands == condition.operands else replace(condition, operands=operands)
        case All(parts):
            return All(tuple(_condition(part, rulebook, day) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(_condition(part, rulebook, day) for part in parts))
        case Not(part):
            return Not(_condition(part, rulebook, day))
        case Named(name, part):
            return Named(name, _condition(part, rulebook, day))
        case Quantified(_, _, part):
            return replace(condition, part=_condition(part, rulebook, day))
        case _:
            assert_never(condition)


def _operand(operand: Operand, rulebook: Rulebook, day: date) -> Operand:
    match operand:
        case ListOperand(name):
            return Literal(frozenset(rulebook.lists[name].on(day)), f"lists.{name}")
        case ParameterOperand(name):
            values = rulebook.parameters[name].values
            return Literal(next(dated.value for dated in values if day in dated.period), f"parameters.{name}")
        case Literal() | FieldOperand():
            return operand
        case _:
            assert_never(operand)
