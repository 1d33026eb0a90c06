"""Predicate index: the verdicts of a whole rulebook from a few operations on large integers.

rule   = when and not unless -> require and not forbid; each of the four a conjunction of conditions, a *term*
column = a field's value -> bits of the terms it makes false, or leaves unknown
event  = one look-up a column, or-ed together -> the truth of every term -> three masks of rules

An event costs about as much for a thousand rules as for fifty. What no column answers (two fields, patterns, lists,
quantifiers, mixed disjunctions but one a side) is evaluated as it stands: once an event, and only where a verdict still
hangs on it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import repeat
from operator import getitem, or_
from typing import TYPE_CHECKING

from app.backends.columns import Column, only_field
from app.language.evaluate import truth
from app.language.ir import All, AnyOf, Condition, Named, Not, Quantified
from app.language.operators import MISSING
from app.language.prepared import remembered
from app.language.resolve import Resolved
from app.language.truth import Truth
from app.vocabulary.values import Facts

if TYPE_CHECKING:
    from app.vocabulary.fields import Field


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
    """One conjunction of each rule; its bit is `shift` plus the rule's position.

    `unused` has the rules that exclude nothing: their exclusion is false, which a conjunction of nothing would not be.
    `slow` has the numbers of the conditions no column answers, by the rule's position; `slow_rules` those positions.
    """

    shift: int
    unused: int = 0
    slow: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    slow_rules: int = 0


@dataclass(slots=True)
class _State:
    """What is known so far of one event: bits of terms, and the numbers of the conditions evaluated."""

    facts: Facts
    false: int
    unknown: int
    asked: set[int] = field(default_factory=set)


class Index:
    """An index over resolved rules, all on one kind of subject; their order gives the positions."""

    def __init__(self, rules: Sequence[Resolved]) -> None:
        size = len(rules)
        self._everything = (1 << size) - 1
        # What most rules have comes first, for an integer is only as long as its highest bit.
        self._when, self._require, self._forbid, self._unless = (_Term(place * size) for place in range(4))
        self._by_field: defaultdict[Field, dict[Condition, int]] = defaultdict(dict)
        self._slow: dict[Condition, int] = {}
        self._slots: list[int] = []
        for position, rule in enumerate(rules):
            self._add(position, rule.applies, self._when, self._unless)
            self._add(position, rule.holds, self._require, self._forbid)
        self._half = 4 * size
        self._low = (1 << self._half) - 1
        self._conditions = tuple(map(remembered, self._slow))
        self._paths = tuple(by.path for by in self._by_field)
        self._columns = tuple(Column(by, conditions, self._half) for by, conditions in self._by_field.items())
        self._lists = tuple(self._empty_lists())

    def judge(self, facts: Facts) -> Judgement:
        """Exact verdicts of all rules on one subject's facts."""
        values = map(facts.get, self._paths, repeat(MISSING))
        found: int = reduce(or_, map(getitem, self._columns, values), 0)
        state = _State(facts, found & self._low, found >> self._half)
        for path, numbers, none_false, unknown in self._lists:
            records = facts.get(path, MISSING)
            if records is MISSING:
                state.unknown |= unknown
                state.asked |= numbers
            elif not records:
                state.false |= none_false
                state.asked |= numbers
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
                    self._evaluate(number, state)

    def _evaluate(self, number: int, state: _State) -> None:
        state.asked.add(number)
        found = self._conditions[number](state.facts)
        if found is Truth.FALSE:
            state.false |= self._slots[number]
        elif found is Truth.UNKNOWN:
            state.unknown |= self._slots[number]

    def _empty_lists(self) -> Iterator[tuple[str, frozenset[int], int, int]]:
        """By list of records: the numbers of the conditions on it alone, and their slots if it is empty, or not given.

        Most lists of most events are empty, and then no condition on them needs to be asked.
        """
        by_path: defaultdict[str, list[tuple[int, Condition]]] = defaultdict(list)
        for condition, number in self._slow.items():
            asked = condition.part if isinstance(condition, Not) else condition
            if isinstance(asked, Quantified):
                by_path[asked.field.path].append((number, condition))
        for path, conditions in by_path.items():
            empty: Facts = {path: ()}
            false = (self._slots[number] for number, each in conditions if truth(each, empty) is Truth.FALSE)
            unknown = (self._slots[number] for number, _ in conditions)
            yield path, frozenset(number for number, _ in conditions), reduce(or_, false, 0), reduce(or_, unknown, 0)

    def _add(self, position: int, condition: Condition, wanted: _Term, excluded: _Term) -> None:
        """Lay a rule's side out as `wanted and not excluded`."""
        parts = list(_conjuncts(condition))
        exclusion = next((part for part in parts if _excludes(part)), None)
        if exclusion is None:
            excluded.unused |= 1 << position
        else:
            parts.remove(exclusion)
            self._place(position, excluded, _conjuncts(Not(exclusion)))
        self._place(position, wanted, parts)

    def _place(self, position: int, term: _Term, parts: Iterable[Condition]) -> None:
        slot = 1 << (term.shift + position)
        for part in parts:
            by = only_field(part)
            if by is not None:
                self._by_field[by][part] = self._by_field[by].get(part, 0) | slot
                continue
            number = self._slow.setdefault(part, len(self._slow))
            if number == len(self._slots):
                self._slots.append(0)
            self._slots[number] |= slot
            term.slow[position].append(number)
            term.slow_rules |= 1 << position


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
    """Whether the condition is a negated conjunction, which a disjunction is too, that needs a term of its own."""
    match condition:
        case AnyOf() | Not(All()):
            return only_field(condition) is None
        case _:
            return False
