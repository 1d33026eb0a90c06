"""Predicate index: the verdicts of a whole rulebook from a few operations on large integers.

    rule     = when and not unless -> require and not forbid, each a conjunction (a *term*) of conditions
    column   = the conditions on one field, as a table: value -> bits of the terms it makes false (or leaves unknown)
    event    = one look-up a column, or-ed together -> three truths of every term -> three masks of rules

An event costs about as much for a thousand rules as for fifty. What is no matter of one field and constants (two
fields, patterns, lists, quantifiers, disjunctions within disjunctions) is evaluated as it stands, once an event, and
only where a rule's verdict still hangs on it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import repeat
from operator import getitem, or_
from typing import Any, Final, assert_never

from app.language.evaluate import truth
from app.language.ir import All, AnyOf, Condition, Leaf, Literal, Named, Not, Operator, Quantified
from app.language.operators import MISSING
from app.language.resolve import Resolved, leaves
from app.language.truth import Truth
from app.vocabulary.fields import Field, FieldType
from app.vocabulary.values import Facts

_BY_VALUE: Final = frozenset(FieldType) - {FieldType.TEXTS, FieldType.RECORDS}
_NOT_BY_VALUE: Final = frozenset({Operator.MATCHES, Operator.STARTS_WITH})
_REMEMBERED: Final = 1024


@dataclass(frozen=True, slots=True)
class Judgement:
    """Verdicts as bit masks over the positions of the rules; a rule in none of them is not applicable."""

    violated: int
    undetermined: int
    compliant: int


def positions(mask: int) -> Iterator[int]:
    """Positions of the bits that are set, lowest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


@dataclass(slots=True)
class _Term:
    """One conjunction of each rule; the bit of a rule's term is `shift` plus the rule's position.

    `unused` are the rules that exclude nothing: an exclusion without content is false, not true as an empty
    conjunction would be. `slow` has the numbers of the conditions no column answers, by the rule's position.
    """

    shift: int
    unused: int = 0
    slow: dict[int, list[int]] = field(default_factory=dict)
    slow_rules: int = 0


@dataclass(slots=True)
class _State:
    """What is known so far of one event: bits of terms, and the numbers of the conditions evaluated."""

    facts: Facts
    false: int
    unknown: int
    asked: set[int] = field(default_factory=set)


class Index:
    """An index over resolved rules; their order gives the positions. Nothing but memoised look-ups changes in it."""

    def __init__(self, rules: Sequence[Resolved]) -> None:
        size = len(rules)
        self._everything = (1 << size) - 1
        # What most rules have comes first, for an integer is only as long as its highest bit.
        self._when, self._require, self._unless, self._forbid = (_Term(size * place) for place in range(4))
        self._half = size * 4
        self._numbers: dict[Condition, int] = {}
        self._slots: list[int] = []
        columns: dict[Field, dict[Condition, int]] = {}
        for position, rule in enumerate(rules):
            self._add(position, rule.applies, self._when, self._unless, columns)
            self._add(position, rule.holds, self._require, self._forbid, columns)
        self._conditions = tuple(self._numbers)
        self._paths = tuple(by.path for by in columns)
        self._columns = tuple(_Column(by, conditions, self._half) for by, conditions in columns.items())

    def judge(self, facts: Facts) -> Judgement:
        """Exact verdicts of all rules on one subject's facts."""
        values = map(facts.get, self._paths, repeat(MISSING))
        found: int = reduce(or_, map(getitem, self._columns, values), 0)
        state = _State(facts, found & ((1 << self._half) - 1), found >> self._half)
        when_false, when_true = self._truths(self._when, self._everything, state)
        unless_false, unless_true = self._truths(self._unless, self._everything ^ when_false, state)
        applies = when_true & unless_false
        require_false, require_true = self._truths(self._require, applies, state)
        forbid_false, forbid_true = self._truths(self._forbid, applies & ~require_false, state)
        violated = applies & (require_false | forbid_true)
        compliant = applies & require_true & forbid_false
        decided = when_false | unless_true | violated | compliant
        return Judgement(violated, self._everything ^ decided, compliant)

    def _truths(self, term: _Term, relevant: int, state: _State) -> tuple[int, int]:
        """Masks of the rules whose term is false, and of those where it is true; right for the relevant ones."""
        if pending := relevant & term.slow_rules & ~(state.false >> term.shift):
            self._ask(term, pending, state)
        false = (state.false >> term.shift) & self._everything | term.unused
        unknown = (state.unknown >> term.shift) & self._everything
        return false, self._everything ^ (false | unknown)

    def _ask(self, term: _Term, pending: int, state: _State) -> None:
        for position in positions(pending):
            for number in term.slow[position]:
                # A condition shared with an earlier rule has perhaps settled this one.
                if state.false >> (term.shift + position) & 1:
                    break
                if number not in state.asked:
                    state.asked.add(number)
                    found = truth(self._conditions[number], state.facts)
                    if found is Truth.FALSE:
                        state.false |= self._slots[number]
                    elif found is Truth.UNKNOWN:
                        state.unknown |= self._slots[number]

    def _add(
        self,
        position: int,
        condition: Condition,
        wanted: _Term,
        excluded: _Term,
        columns: dict[Field, dict[Condition, int]],
    ) -> None:
        """Lay a side of a rule out as `wanted and not excluded`."""
        parts = list(_conjuncts(condition))
        exclusion = next((part for part in parts if _excludes(part)), None)
        if exclusion is None:
            excluded.unused |= 1 << position
        else:
            parts.remove(exclusion)
            self._place(position, excluded, _conjuncts(Not(exclusion)), columns)
        self._place(position, wanted, parts, columns)

    def _place(
        self, position: int, term: _Term, parts: Iterable[Condition], columns: dict[Field, dict[Condition, int]]
    ) -> None:
        slot = 1 << (term.shift + position)
        for part in parts:
            by = _only_field(part)
            if by is not None:
                conditions = columns.setdefault(by, {})
                conditions[part] = conditions.get(part, 0) | slot
                continue
            number = self._numbers.setdefault(part, len(self._numbers))
            if number == len(self._slots):
                self._slots.append(0)
            self._slots[number] |= slot
            term.slow.setdefault(position, []).append(number)
            term.slow_rules |= 1 << position


class _Column(dict[Any, int]):
    """Value of one field -> bits of the terms it makes false and, in the upper half, of those it leaves unknown.

    All values between two neighbouring constants of the rulebook answer every condition alike, so there are few
    different masks. They are made when first met, and kept for the value itself too where that can neither grow
    without bound nor hold what a client wrote in free text.
    """

    __slots__ = ("_bounds", "_conditions", "_half", "_masks", "_path", "_room")

    def __init__(self, by: Field, conditions: Mapping[Condition, int], half: int) -> None:
        super().__init__()
        self._path = by.path
        self._conditions = conditions
        self._half = half
        self._bounds = sorted(set(_constants(conditions)))
        self._masks: dict[int, int] = {}
        # Two instants can be equal and yet not the same time (PEP 495), so an instant is no key.
        self._room = 0 if by.type in {FieldType.TEXT, FieldType.INSTANT} else _REMEMBERED
        self[MISSING] = self._mask({})
        self[None] = self._mask({by.path: None})

    def __missing__(self, value: Any) -> int:  # noqa: ANN401 (any value of the field's type)
        """Mask of a value met for the first time, or not remembered."""
        cell = bisect_left(self._bounds, value) + bisect_right(self._bounds, value)
        mask = self._masks.get(cell)
        if mask is None:
            mask = self._masks[cell] = self._mask({self._path: value})
        if len(self) < self._room:
            self[value] = mask
        return mask

    def _mask(self, facts: Facts) -> int:
        mask = 0
        for condition, slots in self._conditions.items():
            found = truth(condition, facts)
            if found is Truth.FALSE:
                mask |= slots
            elif found is Truth.UNKNOWN:
                mask |= slots << self._half
        return mask


def _conjuncts(condition: Condition) -> Iterator[Condition]:
    """The parts all of which must be true, negations driven inwards (de Morgan holds for three values too)."""
    match condition:
        case All(parts):
            for part in parts:
                yield from _conjuncts(part)
        case Not(AnyOf(parts)):
            for part in parts:
                yield from _conjuncts(Not(part))
        case Named(_, part) | Not(Not(part)):
            yield from _conjuncts(part)
        case Not(Named(_, part)):
            yield from _conjuncts(Not(part))
        case _:
            yield condition


def _excludes(condition: Condition) -> bool:
    """Whether the condition is the negation of a conjunction that no single column answers."""
    return isinstance(condition, AnyOf | Not) and not _is_negated_atom(condition) and _only_field(condition) is None


def _is_negated_atom(condition: Condition) -> bool:
    return isinstance(condition, Not) and isinstance(condition.part, Leaf | Quantified)


def _only_field(condition: Condition) -> Field | None:
    """The field on whose value alone, compared with constants, the condition rests; None if there is no such."""
    if _quantifies(condition):
        return None
    found = {leaf.field for leaf in leaves(condition)}
    if len(found) != 1 or not all(_by_value(leaf) for leaf in leaves(condition)):
        return None
    return found.pop()


def _quantifies(condition: Condition) -> bool:
    match condition:
        case All(parts) | AnyOf(parts):
            return any(_quantifies(part) for part in parts)
        case Not(part) | Named(_, part):
            return _quantifies(part)
        case Quantified():
            return True
        case Leaf():
            return False
        case _:
            assert_never(condition)


def _by_value(leaf: Leaf) -> bool:
    """Whether all values between two neighbouring constants answer the leaf alike."""
    if leaf.field.type not in _BY_VALUE or leaf.operator in _NOT_BY_VALUE:
        return False
    if leaf.field.type is FieldType.INSTANT and leaf.operator in {Operator.IS, Operator.IS_NOT}:
        return False
    return all(isinstance(operand, Literal) for operand in leaf.operands)


def _constants(conditions: Iterable[Condition]) -> Iterator[Any]:
    for leaf in leaves(*conditions):
        for operand in leaf.operands:
            if isinstance(operand, Literal) and leaf.operator is not Operator.PRESENT:
                value = operand.value
                yield from value if isinstance(value, frozenset) else (value,)
