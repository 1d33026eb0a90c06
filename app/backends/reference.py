"""The meaning of the language: small, three-valued, and it decides.

applies | holds | verdict
F       | any   | not_applicable
U       | any   | undetermined
T       | T     | compliant
T       | F     | violated
T       | U     | undetermined
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, assert_never

from app.language.evaluate import quantify, truth
from app.language.ir import All, AnyOf, Condition, FieldOperand, Leaf, Named, Not, Quantified, Quantifier
from app.language.operators import MISSING, compare, lookup, operand_value
from app.language.resolve import Resolved
from app.language.truth import Truth, all_of, any_of
from app.vocabulary.codes import Verdict
from app.vocabulary.values import Facts, Record

# Records of one list that are explained: a thousand persons, each with hundreds of observations to be told of by each
# rule, would make an answer of gigabytes.
_EXPLAINED = 20


class Explained(NamedTuple):
    """One node of an explained condition tree.

    `node` is the condition. A leaf has `value` (the fact, None for none, MISSING where the event does not say) and
    `operands` (what it was compared with). A quantified node has one part for each record (of many, for those nearest
    to deciding it), and their number as its value.
    """

    node: Condition
    truth: Truth
    parts: tuple["Explained", ...] = ()
    value: Any = None
    operands: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict with the two trees it rests on, and the fields whose absence leaves it open."""

    verdict: Verdict
    applies: Explained
    holds: Explained
    missing: tuple[str, ...]


def judge(resolved: Resolved, facts: Facts) -> Judged:
    """Verdict and explanation of one rule on one subject's facts."""
    applies, holds = explain(resolved.applies, facts), explain(resolved.holds, facts)
    verdict = verdict_of(applies.truth, holds.truth)
    undecided = (applies, holds) if verdict is Verdict.UNDETERMINED else ()
    return Judged(verdict, applies, holds, tuple(dict.fromkeys(path for tree in undecided for path in _missing(tree))))


def verdict(resolved: Resolved, facts: Facts) -> Verdict:
    """Verdict alone, without building an explanation."""
    applies = truth(resolved.applies, facts)
    if applies is not Truth.TRUE:
        return verdict_of(applies, Truth.UNKNOWN)
    return verdict_of(applies, truth(resolved.holds, facts))


def verdict_of(applies: Truth, holds: Truth) -> Verdict:
    """The table above."""
    if applies is Truth.FALSE:
        return Verdict.NOT_APPLICABLE
    if applies is Truth.UNKNOWN or holds is Truth.UNKNOWN:
        return Verdict.UNDETERMINED
    return Verdict.COMPLIANT if holds is Truth.TRUE else Verdict.VIOLATED


def explain(condition: Condition, facts: Facts, record: Record | None = None) -> Explained:
    """The condition with the truth, value and operand of each of its nodes."""
    match condition:
        case Leaf():
            return _leaf(condition, facts, record)
        case All(parts) | AnyOf(parts):
            trees = tuple(explain(part, facts, record) for part in parts)
            combine = all_of if isinstance(condition, All) else any_of
            return Explained(condition, combine(tree.truth for tree in trees), trees)
        case Not(part) | Named(_, part):
            tree = explain(part, facts, record)
            return Explained(condition, tree.truth.negated() if isinstance(condition, Not) else tree.truth, (tree,))
        case Quantified(field, quantifier, part):
            records = lookup(field.path, facts, None)
            if records is MISSING:
                return Explained(condition, Truth.UNKNOWN, value=MISSING)
            truths = [truth(part, facts, each) for each in records or ()]
            # `some` and `none` hang on the records nearest to true, `every` on those nearest to false.
            nearest = sorted(range(len(truths)), key=truths.__getitem__, reverse=quantifier is not Quantifier.EVERY)
            told = range(len(truths)) if len(truths) <= _EXPLAINED else nearest[:_EXPLAINED]
            trees = tuple(explain(part, facts, records[position]) for position in told)
            return Explained(condition, quantify(quantifier, truths), trees, len(truths))
        case _:
            assert_never(condition)


def _leaf(leaf: Leaf, facts: Facts, record: Record | None) -> Explained:
    value = lookup(leaf.field.path, facts, record if leaf.field.record else None)
    operands = tuple(operand_value(operand, facts, record) for operand in leaf.operands)
    return Explained(leaf, compare(leaf.operator, value, operands), (), value, operands)


def _missing(tree: Explained) -> Iterator[str]:
    """Fields that leave an unknown tree unknown."""
    if tree.truth is not Truth.UNKNOWN:
        return
    match tree.node:
        case Leaf(field, _, operands):
            if tree.value is MISSING:
                yield field.path
            for operand, value in zip(operands, tree.operands, strict=True):
                if value is MISSING and isinstance(operand, FieldOperand):
                    yield operand.field.path
        case Quantified(field) if tree.value is MISSING:
            yield field.path
        case _:
            for part in tree.parts:
                yield from _missing(part)
