"""Truth of a condition on facts: the recursion every backend shares where it has nothing faster."""

from collections.abc import Iterable
from typing import assert_never

from app.language.ir import All, AnyOf, Condition, Leaf, Named, Not, Quantified, Quantifier
from app.language.operators import MISSING, holds, lookup
from app.language.truth import Truth, all_of, any_of
from app.vocabulary.values import Facts, Record


def truth(condition: Condition, facts: Facts, record: Record | None = None) -> Truth:
    """Truth of a resolved condition; `record` is the one a quantifier looks at."""
    match condition:
        case Leaf():
            return holds(condition, facts, record)
        case All(parts):
            return all_of(truth(part, facts, record) for part in parts)
        case AnyOf(parts):
            return any_of(truth(part, facts, record) for part in parts)
        case Not(part):
            return truth(part, facts, record).negated()
        case Named(_, part):
            return truth(part, facts, record)
        case Quantified(field, quantifier, part):
            records = lookup(field.path, facts, None)
            if records is MISSING:
                return Truth.UNKNOWN
            return quantify(quantifier, (truth(part, facts, each) for each in records or ()))
        case _:
            assert_never(condition)


def quantify(quantifier: Quantifier, truths: Iterable[Truth]) -> Truth:
    """Truth of a quantified condition, given that of its part on each record."""
    match quantifier:
        case Quantifier.SOME:
            return any_of(truths)
        case Quantifier.EVERY:
            return all_of(truths)
        case Quantifier.NONE:
            return any_of(truths).negated()
        case _:
            assert_never(quantifier)
