"""Conditions made ready to be asked often: the same truth as `evaluate.truth`, with all choices made beforehand.

What an operator does is chosen once a condition instead of once an event. A property test holds the two equal.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from operator import eq
from typing import Any, Final, TypeAlias, assert_never

from app.language.ir import (
    All,
    AnyOf,
    Condition,
    FieldOperand,
    Leaf,
    Literal,
    Named,
    Not,
    Operator,
    Quantified,
    Quantifier,
)
from app.language.operators import MISSING, NEGATED, holds, operand_value, ordered
from app.language.truth import Truth
from app.vocabulary.values import Facts, Record

Prepared: TypeAlias = Callable[[Facts, Record | None], Truth]
_FALSE: Final = Truth.FALSE
_UNKNOWN: Final = Truth.UNKNOWN
_TRUE: Final = Truth.TRUE
# Of these, what one constant answers for a known value is a plain Python operation.
_PLAIN: Final = frozenset({Operator.IS, Operator.IN})
_OF_LISTS: Final[Mapping[Operator, Callable[[Any, Any], bool]]] = {
    Operator.CONTAINS: lambda value, operand: operand in value,
    Operator.CONTAINS_ANY: lambda value, operand: not operand.isdisjoint(value),
    Operator.CONTAINS_ALL: lambda value, operand: operand.issubset(value),
}


@lru_cache(maxsize=1 << 16)
def remembered(condition: Condition) -> Callable[[Facts], Truth]:
    """As `prepare` for whole facts; asked again about the same facts, by whichever rule or backend, it remembers.

    Facts must not be changed in place. Most lists of most events are empty: what follows from that is known beforehand.
    """
    ask = prepare(condition)
    path = _list_of(condition)
    of_none = ask({path: ()}, None) if path else _UNKNOWN
    nobody: Facts = {}
    # One pair, replaced in one step, so that two threads cannot mix their answers.
    last = (nobody, _UNKNOWN)

    def asked(facts: Facts) -> Truth:
        nonlocal last
        if path and not facts.get(path, MISSING):
            return of_none
        about, answer = last
        if about is not facts:
            answer = ask(facts, None)
            last = (facts, answer)
        return answer

    return asked


def _list_of(condition: Condition) -> str:
    """The list of records that a condition is on and on nothing else at the top, or an empty text."""
    asked = condition.part if isinstance(condition, Not) else condition
    return asked.field.path if isinstance(asked, Quantified) else ""


def prepare(condition: Condition) -> Prepared:
    """A function of facts (and the record a quantifier looks at) that gives the condition's truth."""
    match condition:
        case Leaf():
            return _leaf(condition)
        case All(parts):
            return _combined([prepare(part) for part in parts], _FALSE, _TRUE)
        case AnyOf(parts):
            return _combined([prepare(part) for part in parts], _TRUE, _FALSE)
        case Not(part):
            return _negated(prepare(part))
        case Named(_, part):
            return prepare(part)
        case Quantified(field, quantifier, part):
            return _quantified(field.path, quantifier, prepare(part))
        case _:
            assert_never(condition)


def _combined(parts: list[Prepared], decisive: Truth, otherwise: Truth) -> Prepared:
    def combined(facts: Facts, record: Record | None) -> Truth:
        found = otherwise
        for part in parts:
            truth = part(facts, record)
            if truth is decisive:
                return decisive
            if truth is _UNKNOWN:
                found = _UNKNOWN
        return found

    return combined


def _negated(part: Prepared) -> Prepared:
    return lambda facts, record: part(facts, record).negated()


def _quantified(path: str, quantifier: Quantifier, part: Prepared) -> Prepared:
    decisive = _FALSE if quantifier is Quantifier.EVERY else _TRUE

    def quantified(facts: Facts, _: Record | None) -> Truth:
        records: Any = facts.get(path, MISSING)
        if records is MISSING:
            return _UNKNOWN
        found = decisive.negated()
        for record in records or ():
            truth = part(facts, record)
            if truth is decisive:
                return decisive
            if truth is _UNKNOWN:
                found = _UNKNOWN
        return found

    return _negated(quantified) if quantifier is Quantifier.NONE else quantified


def _leaf(leaf: Leaf) -> Prepared:
    negated, operator = leaf.operator in NEGATED, NEGATED.get(leaf.operator, leaf.operator)
    match leaf.operands:
        case (Literal(bool(wanted)),) if operator is Operator.PRESENT:
            return _present(leaf, wanted=wanted is not negated)
        case (Literal(constant),) if operator in _PLAIN:
            return _constant(leaf, operator, constant, negated=negated)
        case (Literal() | FieldOperand() as operand,) if ordered(operator) or operator is Operator.IS:
            return _compared(leaf, ordered(operator) or eq, operand, negated=negated)
        case (Literal() | FieldOperand() as operand,) if operator in _OF_LISTS:
            return _compared(leaf, _OF_LISTS[operator], operand, negated=negated)
        case _:
            return partial(holds, leaf)


def _constant(leaf: Leaf, operator: Operator, constant: Any, *, negated: bool) -> Prepared:  # noqa: ANN401 (any constant)
    path, of_record = leaf.field.path, leaf.field.record is not None
    yes, no = (_FALSE, _TRUE) if negated else (_TRUE, _FALSE)
    accepted = constant if operator is Operator.IN else (constant,)

    def asked(facts: Facts, record: Record | None) -> Truth:
        value: Any = (record if of_record and record is not None else facts).get(path, MISSING)
        if value is MISSING:
            return _UNKNOWN
        return yes if value is not None and value in accepted else no

    return asked


def _present(leaf: Leaf, *, wanted: bool) -> Prepared:
    path, of_record = leaf.field.path, leaf.field.record is not None
    yes, no = (_TRUE, _FALSE) if wanted else (_FALSE, _TRUE)

    def asked(facts: Facts, record: Record | None) -> Truth:
        value: Any = (record if of_record and record is not None else facts).get(path, MISSING)
        if value is MISSING:
            return _UNKNOWN
        return no if value is None or value == () else yes

    return asked


def _compared(
    leaf: Leaf, known: Callable[[Any, Any], bool], operand: Literal | FieldOperand, *, negated: bool
) -> Prepared:
    path, of_record = leaf.field.path, leaf.field.record is not None
    other = _operand(operand)
    yes, no = (_FALSE, _TRUE) if negated else (_TRUE, _FALSE)

    def asked(facts: Facts, record: Record | None) -> Truth:
        value: Any = (record if of_record and record is not None else facts).get(path, MISSING)
        against = other(facts, record)
        if value is None or against is None or value == ():
            return no
        if value is MISSING or against is MISSING:
            return _UNKNOWN
        return yes if known(value, against) else no

    return asked


def _operand(operand: Literal | FieldOperand) -> Callable[[Facts, Record | None], Any]:
    match operand:
        case Literal(constant):
            return lambda _, __: constant
        case FieldOperand(field, None, own_record):
            path = field.path
            if own_record:
                return lambda facts, record: (facts if record is None else record).get(path, MISSING)
            return lambda facts, _: facts.get(path, MISSING)
        case _:
            return lambda facts, record: operand_value(operand, facts, record)
