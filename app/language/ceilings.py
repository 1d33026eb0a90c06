"""What a condition allows a number to be at most, as far as the other facts are known.

A number that a condition asks about binds somebody only if nothing else meets the condition: thirty days are no limit
for whoever shows a residence permit instead. So the condition is tried with every number at which its truth can change.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from math import ceil, floor
from typing import assert_never

from app.language.evaluate import truth
from app.language.ir import All, AnyOf, Condition, FieldOperand, Leaf, Literal, Named, Not, Quantified
from app.language.resolve import leaves
from app.language.truth import Truth
from app.vocabulary.values import Facts


def ceilings(condition: Condition, path: str, facts: Facts, greatest: int) -> dict[int, bool]:
    """Whole numbers that the field may not exceed if the resolved condition is to hold, and whether that is certain.

    Of certain ones the condition, or one that it requires, is false beyond them and not false up to them. Beyond the
    others it is never true, but what is not known may yet make it so; none of them lies above a certain one. The field
    counts from 0 to `greatest`; what `facts` say of it is not looked at. Where a part is false whatever the number, or
    asks for more of it too, nothing is told of that part.
    """
    found: dict[int, bool] = {}
    for most, certain in sorted(_Number(path, facts, greatest).ceilings(_plain(condition))):
        found[most] = certain or found.get(most, False)
        if certain:
            break
    return found


def _plain(condition: Condition, *, negated: bool = False) -> Condition:
    """The same, or its negation, without names, and with negations only of leaves and quantifiers."""
    match condition:
        case Named(_, part):
            return _plain(part, negated=negated)
        case Not(part):
            return _plain(part, negated=not negated)
        case All(parts) | AnyOf(parts):
            made = tuple(_plain(part, negated=negated) for part in parts)
            return AnyOf(made) if isinstance(condition, AnyOf) is not negated else All(made)
        case Leaf() | Quantified():
            return Not(condition) if negated else condition
        case _:
            assert_never(condition)


@dataclass(frozen=True, slots=True)
class _Number:
    """The field that is tried, and what is known beside it."""

    path: str
    facts: Facts
    greatest: int

    def ceilings(self, condition: Condition) -> Iterator[tuple[int, bool]]:
        if isinstance(condition, All):
            for part in condition.parts:
                yield from self.ceilings(part)
            return
        known = {path: value for path, value in self.facts.items() if path != self.path}
        parts = condition.parts if isinstance(condition, AnyOf) else ()
        open_ = [part for part in parts if truth(part, known) is not Truth.FALSE]
        if len(open_) == 1:
            yield from self.ceilings(open_[0])
            return
        steps = self._steps(condition)
        yield from _falls(steps)
        # One of several alternatives binds if the others turn out false; what is lawful for certain it does not forbid.
        lawful = [last for _, last, value in steps if value is Truth.TRUE]
        for part in open_:
            yield from ((most, False) for most, _ in self.ceilings(part) if not lawful or most >= lawful[-1])

    def _steps(self, condition: Condition) -> list[tuple[int, int, Truth]]:
        """First and last number of each span in which the condition's truth is the same."""
        starts = {0}
        for value in self._compared(condition):
            starts |= {ceil(value), floor(value) + 1}
        firsts = [*sorted(each for each in starts if 0 <= each <= self.greatest), self.greatest + 1]
        return [
            (first, after - 1, truth(condition, {**self.facts, self.path: first})) for first, after in pairwise(firsts)
        ]

    def _compared(self, condition: Condition) -> Iterator[int | Decimal]:
        """All numbers that leaves compare the field with."""
        for leaf in leaves(condition):
            others = [operand.field.path for operand in leaf.operands if isinstance(operand, FieldOperand)]
            if self.path in others:
                others.append(leaf.field.path)
            elif leaf.field.path != self.path:
                continue
            values = [value for other in others for value in _values(other, self.facts)]
            for operand in leaf.operands:
                if isinstance(operand, Literal):
                    values += operand.value if isinstance(operand.value, frozenset) else [operand.value]
            yield from (value for value in values if isinstance(value, int | Decimal))


def _values(path: str, facts: Facts) -> Iterator[object]:
    """What the facts and the records among them say of a field."""
    yield facts.get(path)
    for value in facts.values():
        if isinstance(value, tuple):
            yield from (each.get(path) for each in value if isinstance(each, Mapping))


def _falls(steps: list[tuple[int, int, Truth]]) -> Iterator[tuple[int, bool]]:
    """Where the truth falls; nothing if it rises anywhere, for then more is not always worse."""
    if any(one[2] < other[2] for one, other in pairwise(steps)):
        return
    for (_, most, before), (_, _, after) in pairwise(steps):
        if before is not after and (after is Truth.FALSE or before is Truth.TRUE):
            yield most, after is Truth.FALSE
