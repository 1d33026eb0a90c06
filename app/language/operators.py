"""What a leaf means: one function, `holds`, used by every backend where it cannot precompute the answer.

A value that is missing makes a leaf unknown. A value that is none (`None`, an empty list) makes every comparison
false and every negated comparison true, whatever the other side is (DESIGN.md §2).
"""

import operator as op
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

import re2

from app.language.dates import moved
from app.language.ir import FieldOperand, Leaf, ListOperand, Literal, Operand, Operator, ParameterOperand
from app.language.truth import Truth
from app.vocabulary.fields import FieldType
from app.vocabulary.values import Facts, Record

# Negated operators and the operator they negate.
NEGATED: Final[Mapping[Operator, Operator]] = {
    Operator.IS_NOT: Operator.IS,
    Operator.NOT_IN: Operator.IN,
    Operator.EMPTY: Operator.PRESENT,
}
_ORDERED = {
    Operator.BELOW: op.lt,
    Operator.AT_MOST: op.le,
    Operator.ABOVE: op.gt,
    Operator.AT_LEAST: op.ge,
    Operator.BEFORE: op.lt,
    Operator.ON_OR_BEFORE: op.le,
    Operator.AFTER: op.gt,
    Operator.ON_OR_AFTER: op.ge,
}
_ANY = (Operator.IS, Operator.IS_NOT, Operator.IN, Operator.NOT_IN, Operator.PRESENT)
_NUMBERS = (Operator.BELOW, Operator.AT_MOST, Operator.ABOVE, Operator.AT_LEAST, Operator.BETWEEN)
_TIMES = (Operator.BEFORE, Operator.ON_OR_BEFORE, Operator.AFTER, Operator.ON_OR_AFTER, Operator.BETWEEN)
_LISTS = (Operator.CONTAINS, Operator.CONTAINS_ANY, Operator.CONTAINS_ALL, Operator.EMPTY, Operator.PRESENT)
FITTING: Final[Mapping[FieldType, tuple[Operator, ...]]] = {
    FieldType.TEXT: (*_ANY, Operator.MATCHES, Operator.STARTS_WITH),
    FieldType.CODE: _ANY,
    FieldType.BOOLEAN: (Operator.IS, Operator.IS_NOT, Operator.PRESENT),
    FieldType.NUMBER: (*_ANY, *_NUMBERS),
    FieldType.DATE: (*_ANY, *_TIMES),
    FieldType.INSTANT: (Operator.IS, Operator.IS_NOT, Operator.PRESENT, *_TIMES),
    FieldType.TEXTS: _LISTS,
    FieldType.OBJECT: (Operator.PRESENT,),
    FieldType.RECORDS: (Operator.PRESENT, Operator.EMPTY),
}


class _Missing:
    """The value of a fact that is not there."""


MISSING: Final = _Missing()


def holds(leaf: Leaf, facts: Facts, record: Record | None = None) -> Truth:
    """Truth of a resolved leaf on facts; `record` is the one a quantifier looks at."""
    value = lookup(leaf.field.path, facts, record if leaf.field.record else None)
    operands = tuple(operand_value(operand, facts, record) for operand in leaf.operands)
    return compare(leaf.operator, value, operands)


def lookup(path: str, facts: Facts, record: Record | None) -> Any:  # noqa: ANN401 (any fact, or MISSING)
    """The fact, or MISSING."""
    return (facts if record is None else record).get(path, MISSING)


def operand_value(operand: Operand, facts: Facts, record: Record | None) -> Any:  # noqa: ANN401 (any fact, or MISSING)
    """The constant or the other field's fact, moved by its offset."""
    match operand:
        case Literal(value):
            return value
        case FieldOperand(field, offset, own_record):
            other = lookup(field.path, facts, record if own_record else None)
            return other if offset is None or other is None or other is MISSING else moved(other, offset)
        case ParameterOperand(name) | ListOperand(name):
            msg = f"`{name}` is not resolved to a day"
            raise TypeError(msg)


def compare(operator: Operator, value: Any, operands: tuple[Any, ...]) -> Truth:  # noqa: ANN401 (any fact, or MISSING)
    """Truth of `value operator operands`."""
    if operator in NEGATED:
        return compare(NEGATED[operator], value, operands).negated()
    if operator is Operator.PRESENT:
        return _present(value, operands)
    if value is None or value == () or None in operands:
        return Truth.FALSE
    if value is MISSING or MISSING in operands:
        return Truth.UNKNOWN
    return Truth.of(_known(operator, value, operands))


def _present(value: Any, operands: tuple[Any, ...]) -> Truth:  # noqa: ANN401 (any fact, or MISSING)
    if value is MISSING:
        return Truth.UNKNOWN
    return Truth.of((value is not None and value != ()) is operands[0])


def _known(operator: Operator, value: Any, operands: tuple[Any, ...]) -> bool:  # noqa: ANN401 (any fact)
    operand = operands[0]
    match operator:
        case Operator.IS:
            return bool(value == operand)
        case Operator.IN:
            return value in operand
        case Operator.BETWEEN:
            return bool(operand <= value <= operands[1])
        case Operator.CONTAINS:
            return operand in value
        case Operator.CONTAINS_ANY:
            return not operand.isdisjoint(value)
        case Operator.CONTAINS_ALL:
            return bool(operand.issubset(value))
        case Operator.MATCHES:
            return pattern(operand).fullmatch(value) is not None
        case Operator.STARTS_WITH:
            return bool(value.startswith(operand))
        case _:
            return bool(_ORDERED[operator](value, operand))


_QUIET = re2.Options()
_QUIET.log_errors = False


@lru_cache(maxsize=4096)
def pattern(text: str) -> Any:  # noqa: ANN401 (re2 has no stubs)
    """A compiled RE2 pattern; raises re2.error for one that is not."""
    return re2.compile(text, _QUIET)


def ordered(operator: Operator) -> Callable[[Any, Any], bool] | None:
    """Python's comparison for an ordering operator, else None."""
    return _ORDERED.get(operator)
