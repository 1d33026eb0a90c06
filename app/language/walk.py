"""Walking a condition."""

from collections.abc import Iterator
from typing import assert_never

from app.language.ir import All, AnyOf, Condition, Leaf, Named, Not, Quantified


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
