"""From facts to integers, and from conditions to questions about those integers.

A *column* is one number an event has. Of a field it is the place of its value among all constants the rules compare it
with: constant number `i` is `2i + 1`, what lies between two constants is even, so that any value, however large or fine
(instants to the microsecond, weights to any decimal), becomes a small integer that compares exactly as the value does.
A text no rule names is 0. Of any other condition (two fields, patterns, lists, quantifiers) the column is its truth,
evaluated in Python.

The C code sees the number itself where it is to compare it. What it cannot compare at once (sets, truths) it sees as a
property that is there only if the answer may be yes; those a rule wants together are one property. No property is named
after, or made from, what a client sent.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import repeat
from operator import getitem, itemgetter
from typing import Any, Final

from app.backends.rete.expressions import FALSE, TRUE, Answer, Expression, Seen, Test, both, either
from app.language.ir import Condition, Leaf, Literal, Operator, Quantified
from app.language.operators import MISSING, NEGATED
from app.language.prepared import remembered
from app.language.resolve import Resolved, leaves
from app.language.truth import Truth
from app.vocabulary.fields import FieldType
from app.vocabulary.values import Facts, Scalar

UNKNOWN: Final = -1
NONE: Final = -2
_ORDERED: Final = frozenset({FieldType.NUMBER, FieldType.DATE, FieldType.INSTANT})
_SCALAR: Final = _ORDERED | {FieldType.TEXT, FieldType.CODE, FieldType.BOOLEAN}
_EVALUATED: Final = frozenset({Operator.MATCHES, Operator.STARTS_WITH})
# The comparison, and the one that holds where it does not.
_BELOW: Final[Mapping[Operator, tuple[str, str]]] = {
    Operator.BELOW: ("$lt", "$gte"),
    Operator.BEFORE: ("$lt", "$gte"),
    Operator.AT_MOST: ("$lte", "$gt"),
    Operator.ON_OR_BEFORE: ("$lte", "$gt"),
}
_ABOVE: Final[Mapping[Operator, tuple[str, str]]] = {
    Operator.ABOVE: ("$gt", "$lte"),
    Operator.AFTER: ("$gt", "$lte"),
    Operator.AT_LEAST: ("$gte", "$lt"),
    Operator.ON_OR_AFTER: ("$gte", "$lt"),
}
_REMEMBERED: Final = 1024


class UnexpectedFactError(Exception):
    """A field that is always known is not, or is none, or a value is of another type; no question is made for that."""


class _Codes(dict[Any, int]):
    """A field's values and their numbers; values between the constants are learnt, up to a bound."""

    def __init__(self, constants: Iterable[Scalar], *, is_ordered: bool, optional: bool, nullable: bool) -> None:
        self._constants: list[Any] = sorted(set(constants)) if is_ordered else list(dict.fromkeys(constants))
        super().__init__((constant, 2 * place + 1) for place, constant in enumerate(self._constants))
        self._is_ordered, self.optional, self.nullable = is_ordered, optional, nullable
        if optional:
            self[MISSING] = UNKNOWN
        if nullable:
            self[None] = NONE
        self._most = len(self) + _REMEMBERED

    def __missing__(self, value: Any) -> int:  # noqa: ANN401 (any fact)
        if value is MISSING or value is None:
            raise UnexpectedFactError
        if not self._is_ordered:
            return 0
        try:
            code = 2 * bisect_left(self._constants, value)
        except TypeError:
            raise UnexpectedFactError from None
        if len(self) < self._most:
            self[value] = code
        return code


def _none_picked(facts: Facts) -> tuple[Any, ...]:
    raise KeyError(*facts)


class Encoding:
    """The columns of some rules, the questions about them, and the numbers an event has in them."""

    def __init__(self, rules: Sequence[Resolved]) -> None:
        asked = [leaf for rule in rules for leaf in leaves(rule.applies, rule.holds) if _by_value(leaf)]
        constants: dict[str, list[Scalar]] = defaultdict(list)
        for leaf in asked:
            constants[leaf.field.path] += _constants(leaf)
        known = {leaf.field.path: leaf.field.always_known for leaf in asked}
        some = {leaf.field.path: leaf.field.nullable or leaf.field.parent is not None for leaf in asked}
        ordered = {leaf.field.path: leaf.field.type in _ORDERED for leaf in asked}
        self._paths = tuple(constants)
        self._codes = tuple(
            _Codes(constants[path], is_ordered=ordered[path], optional=not known[path], nullable=some[path])
            for path in self._paths
        )
        # The fastest way to pick all values; it fails where one is missing, and gives no tuple for fewer than two.
        self._all = itemgetter(*self._paths) if len(self._paths) > 1 else _none_picked
        self._places = {path: place for place, path in enumerate(self._paths)}
        self._conditions: dict[Condition, int] = {}
        self._asks: list[Callable[[Facts], Truth]] = []

    def codes(self, facts: Facts) -> list[int]:
        """The event's number in each column."""
        try:
            values: Iterable[Any] = self._all(facts)
        except KeyError:
            values = map(facts.get, self._paths, repeat(MISSING))
        codes = list(map(getitem, self._codes, values))
        codes += [ask(facts) for ask in self._asks]
        return codes

    def may_be(self, condition: Condition, *, wanted: bool) -> Expression:
        """Whether the condition, taken whole, may be true (or may be false)."""
        if isinstance(condition, Leaf) and _by_value(condition):
            return self._compared(condition, wanted=wanted)
        if condition not in self._conditions:
            self._conditions[condition] = len(self._asks)
            self._asks.append(remembered(condition))
        column = len(self._paths) + self._conditions[condition]
        codes = {Truth.UNKNOWN, Truth.TRUE} if wanted else {Truth.TRUE}
        return _seen(Answer(column, frozenset(map(int, codes)), wanted))

    def is_open(self, condition: Leaf | Quantified, *, wanted: bool) -> Expression:
        """Whether the condition is unknown, given that it may be true (or may be false)."""
        if not isinstance(condition, Leaf) or not _by_value(condition):
            return self.may_be(condition, wanted=not wanted)
        place = self._places[condition.field.path]
        return _seen(unknown(place)) if self._codes[place].optional else FALSE

    def _compared(self, leaf: Leaf, *, wanted: bool) -> Expression:
        if leaf.operator in NEGATED:
            wanted = not wanted
        operator = NEGATED.get(leaf.operator, leaf.operator)
        place = self._places[leaf.field.path]
        codes, name = self._codes[place], number_name(place)
        is_open = Test(name, "$eq", UNKNOWN) if codes.optional else FALSE
        # Of numbers, unknown and none are the least: what is compared from above has to leave out none.
        not_none = Test(name, "$gt", NONE) if codes.nullable else TRUE
        no_value = Test(name, "$lt", 0) if codes.nullable or codes.optional else FALSE
        if operator is Operator.PRESENT:
            is_there = leaf.operands == (Literal(value=True),)
            return not_none if wanted is is_there else no_value
        places = [codes[constant] for constant in _constants(leaf)]
        if operator is Operator.IN or (operator is Operator.IS and wanted and codes.optional):
            return _seen(Answer(place, frozenset((*places, UNKNOWN)) if wanted else frozenset(places), wanted))
        first, last = places[0], places[-1]
        if operator in _BELOW:
            yes, no = _BELOW[operator]
            return both(Test(name, yes, first), not_none) if wanted else either(Test(name, no, first), no_value)
        if operator in _ABOVE:
            yes, no = _ABOVE[operator]
            return either(Test(name, yes, first), is_open) if wanted else Test(name, no, first)
        if operator is Operator.BETWEEN and wanted:
            return either(both(Test(name, "$gte", first), Test(name, "$lte", last)), is_open)
        if operator is Operator.BETWEEN:
            return either(Test(name, "$lt", first), Test(name, "$gt", last))
        return Test(name, "$eq" if wanted else "$neq", first)


def number_name(column: int) -> str:
    """Name of the property that is the column's number."""
    return f"n{column}"


def column_of(name: str) -> int:
    """The column whose number it is."""
    return int(name[1:])


def unknown(column: int) -> Answer:
    """Whether the column's field is unknown."""
    return Answer(column, frozenset({UNKNOWN}))


def _seen(answer: Answer) -> Seen:
    return Seen(frozenset({answer}))


def _by_value(leaf: Leaf) -> bool:
    """Whether the leaf is settled by the place of one field's value among constants."""
    return (
        leaf.field.type in _SCALAR
        and leaf.field.record is None
        and leaf.operator not in _EVALUATED
        and all(isinstance(operand, Literal) for operand in leaf.operands)
    )


def _constants(leaf: Leaf) -> list[Scalar]:
    if leaf.operator is Operator.PRESENT:
        return []
    values = [operand.value for operand in leaf.operands if isinstance(operand, Literal)]
    return [each for value in values for each in (value if isinstance(value, frozenset) else (value,))]
