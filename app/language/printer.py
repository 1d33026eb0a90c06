"""IR back to text: canonical YAML of a condition, which parses to the same condition, and one line for a leaf."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
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
    Offset,
    Operand,
    Operator,
    ParameterOperand,
    Quantified,
)
from app.vocabulary.values import Scalar

_STEP = "  "


def condition_text(condition: Condition) -> str:
    """Canonical YAML; every `all` and `any` in it must have parts."""
    return "".join(f"{line}\n" for line in _lines(condition))


def _lines(condition: Condition) -> Iterator[str]:
    match condition:
        case Leaf(field, operator, operands):
            yield f"{field.path}: {{{operator}: {_operands(operator, operands)}}}"
        case All(parts) | AnyOf(parts):
            yield "all:" if isinstance(condition, All) else "any:"
            for part in parts:
                yield from _indented(_lines(part), "- ")
        case Not(part):
            yield "not:"
            yield from _indented(_lines(part), _STEP)
        case Named(name, _):
            yield f"definition: {name}"
        case Quantified(field, quantifier, part):
            yield f"{field.path}:"
            yield f"{_STEP}{quantifier}:"
            yield from _indented(_lines(part), _STEP * 2)
        case _:
            assert_never(condition)


def _indented(lines: Iterator[str], first: str) -> Iterator[str]:
    for place, line in enumerate(lines):
        yield f"{_STEP}{line}" if place and first == "- " else f"{first}{line}"


def _operands(operator: Operator, operands: tuple[Operand, ...]) -> str:
    texts = [_operand(operand) for operand in operands]
    return f"[{', '.join(texts)}]" if operator is Operator.BETWEEN else texts[0]


def _operand(operand: Operand) -> str:
    match operand:
        case Literal(value):
            return _listed(value, _constant)
        case FieldOperand(field, offset):
            if offset is None:
                return field.path
            sign, amount = signed(offset)
            return f"{{field: {field.path}, {'plus' if sign == '+' else 'minus'}: {amount}}}"
        case ParameterOperand(name):
            return f"parameters.{name}"
        case ListOperand(name):
            return f"lists.{name}"
        case _:
            assert_never(operand)


def _listed(value: Scalar | frozenset[Scalar], shown: Callable[[Scalar], str]) -> str:
    return f"[{', '.join(sorted(map(shown, value)))}]" if isinstance(value, frozenset) else shown(value)


def _constant(value: Scalar) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case datetime() | date():
            return value.isoformat()
        case str():
            return json.dumps(value, ensure_ascii=not value.isprintable())
        case _:
            return format(value, "f") if isinstance(value, Decimal) else str(value)


_WORD = re.compile(r"[\w.-]+")
_UNITS = (
    (timedelta(weeks=1), "week"),
    (timedelta(days=1), "day"),
    (timedelta(hours=1), "hour"),
    (timedelta(minutes=1), "minute"),
)


def leaf_text(leaf: Leaf) -> str:
    """One line for a person: `document.expires_on on_or_after crossing.date + 3 months`."""
    texts = [_in_words(operand) for operand in leaf.operands]
    return f"{leaf.field.path} {leaf.operator} {' and '.join(texts)}"


def _in_words(operand: Operand) -> str:
    match operand:
        case Literal(value, name):
            return name or _listed(value, _word)
        case FieldOperand(field, Offset() as offset):
            return f"{field.path} {' '.join(signed(offset))}"
        case _:
            return _operand(operand)


def _word(value: Scalar) -> str:
    return value if isinstance(value, str) and _WORD.fullmatch(value) else _constant(value)


def signed(offset: Offset) -> tuple[str, str]:
    """Sign and amount, `('+', '3 months')`; as written, if it was written."""
    if offset.text:
        return offset.text[0], offset.text[2:]
    sign = "-" if (offset.months, offset.duration) < (0, timedelta()) else "+"
    years, months = divmod(abs(offset.months), 12)
    counts = [(years, "year"), (months, "month")]
    left = abs(offset.duration)
    for length, unit in _UNITS:
        count, left = divmod(left, length)
        counts.append((count, unit))
    return sign, " ".join(f"{n} {unit}{'s' * (n != 1)}" for n, unit in counts if n) or "0 days"
