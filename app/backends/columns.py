"""Columns of the predicate index: what the value of one field, compared with constants, decides by itself.

All values between two neighbouring constants of the rulebook answer every such condition alike. So a field has few
different answers, however many rules ask it, and finding the right one is a look-up.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, assert_never

from app.language.evaluate import truth
from app.language.ir import All, AnyOf, Condition, Leaf, Literal, Named, Not, Operator, Quantified
from app.language.operators import MISSING
from app.language.resolve import leaves
from app.language.truth import Truth
from app.vocabulary.fields import Field, FieldType
from app.vocabulary.values import Facts

_LISTS: Final = frozenset({FieldType.TEXTS, FieldType.RECORDS})
_REMEMBERED: Final = 1024


class Column(dict[Any, int]):
    """Value of one field -> bits of the terms it makes false and, `half` bits up, of those it leaves unknown.

    `conditions` are those on this field alone, each with the bits of the terms it is part of. Answers are worked out
    when first needed, and remembered for the value itself too where that can neither grow without bound nor keep what
    a client wrote in free text.
    """

    __slots__ = ("_bounds", "_cells", "_conditions", "_half", "_path", "_room")

    def __init__(self, field: Field, conditions: Mapping[Condition, int], half: int) -> None:
        super().__init__()
        self._path = field.path
        self._conditions = conditions
        self._half = half
        self._bounds = sorted(set(_constants(conditions)))
        self._cells: dict[int, int] = {}
        # Instants that are equal as keys need not be the same time (PEP 495).
        self._room = 0 if field.type in {FieldType.TEXT, FieldType.INSTANT} else _REMEMBERED
        self[MISSING] = self._answer({})
        self[None] = self._answer({field.path: None})

    def __missing__(self, value: Any) -> int:  # noqa: ANN401 (any value of the field's type)
        """The answer for a value that is not remembered."""
        # Odd on a constant, even between two.
        cell = bisect_left(self._bounds, value) + bisect_right(self._bounds, value)
        answer = self._cells.get(cell)
        if answer is None:
            answer = self._cells[cell] = self._answer({self._path: value})
        if len(self) < self._room:
            self[value] = answer
        return answer

    def _answer(self, facts: Facts) -> int:
        answer = 0
        for condition, slots in self._conditions.items():
            found = truth(condition, facts)
            if found is Truth.FALSE:
                answer |= slots
            elif found is Truth.UNKNOWN:
                answer |= slots << self._half
        return answer


def only_field(condition: Condition) -> Field | None:
    """The field a column of which can answer the condition; None if it needs more than that."""
    asked = set(_asked(condition))
    return asked.pop() if len(asked) == 1 else None


def _asked(condition: Condition) -> Iterator[Field | None]:
    match condition:
        case Leaf():
            yield condition.field if _fits(condition) else None
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from _asked(part)
        case Not(part) | Named(_, part):
            yield from _asked(part)
        case Quantified():
            yield None
        case _:
            assert_never(condition)


def _fits(leaf: Leaf) -> bool:
    """Whether all values between two neighbouring constants answer the leaf alike."""
    match leaf.operator:
        case Operator.MATCHES | Operator.STARTS_WITH:
            return False
        case Operator.IS | Operator.IS_NOT if leaf.field.type is FieldType.INSTANT:
            return False  # for the reason given above
    return leaf.field.type not in _LISTS and all(isinstance(operand, Literal) for operand in leaf.operands)


def _constants(conditions: Iterable[Condition]) -> Iterator[Any]:
    for leaf in leaves(*conditions):
        for operand in leaf.operands:
            if isinstance(operand, Literal) and leaf.operator is not Operator.PRESENT:
                yield from operand.value if isinstance(operand.value, frozenset) else (operand.value,)
