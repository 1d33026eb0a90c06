"""Walking a condition."""

from collections.abc import Iterator
from typing import assert_never

from app.language.ir import All, AnyOf, Condition, FieldOperand, Leaf, Named, Not, Quantified
from app.vocabulary.fields import Field


def parts_of(*conditions: Condition) -> Iterator[Condition]:
    """The conditions and all below them, in the order written."""
    for condition in conditions:
        yield condition
        match condition:
            case Leaf():
                pass
            case All(parts) | AnyOf(parts):
                yield from parts_of(*parts)
            case Not(part) | Named(_, part) | Quantified(_, _, part):
                yield from parts_of(part)
            case _:
                assert_never(condition)


def fields_asked(*conditions: Condition) -> Iterator[Field]:
    """Fields the conditions read: those of leaves, of their operands and of quantifiers."""
    for part in parts_of(*conditions):
        match part:
            case Leaf(field, _, operands):
                yield field
                yield from (operand.field for operand in operands if isinstance(operand, FieldOperand))
            case Quantified(field):
                yield field
            case _:
                pass
