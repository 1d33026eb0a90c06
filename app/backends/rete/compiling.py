"""From rules to rulesets: each rule as an expression that holds exactly if its verdict is violated or undetermined.

    nominated = applies may be true, and (holds may be false, or applies is unknown)

In Kleene's logic "may be true" passes through `all`, `any` and `not` down to the leaves, so the expression is exact.
A rule that would need more of the C code than `bounds` allows is left to Python, as two truths; that is exact too.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from app.backends.rete.bounds import OPERATORS, RULES, Bounds, BoundsExceeded, bounds, operators
from app.backends.rete.encoding import Encoding
from app.backends.rete.expressions import (
    FALSE,
    Both,
    Either,
    Expression,
    Seen,
    Test,
    both,
    conjuncts,
    disjuncts,
    either,
    questions,
)
from app.language.ir import All, AnyOf, Condition, Leaf, Named, Not, Quantified
from app.language.resolve import Resolved

TAG: Final = "t"  # on every fact; a rule that asked nothing of it could match what the C code keeps for itself
_OWN: Final = ("sid", "id", TAG)
_MOST_QUESTIONS: Final = 64
_MOST_BRANCHES: Final = 6
_GROUP: Final = 24


@dataclass(frozen=True, slots=True)
class Plan:
    """One ruleset: expressions by the position of their rule, what they ask of a fact, and the proof."""

    rules: tuple[tuple[int, Expression], ...]
    numbers: tuple[str, ...]
    seen: tuple[Seen, ...]
    bounds: Bounds


def plan(rules: Sequence[Resolved], encoding: Encoding) -> list[Plan]:
    """Rulesets for the rules; those no fact can violate or leave undetermined are in none."""
    nominated = ((position, _nominated(rule, encoding)) for position, rule in enumerate(rules))
    wanted = [(position, expression) for position, expression in nominated if expression != FALSE]
    chunks = [wanted[start : start + RULES] for start in range(0, len(wanted), RULES)]
    return [each for chunk in chunks for each in _cut(chunk, rules, encoding)]


def name_of_seen(place: int) -> str:
    """Name of the property for what is seen, by its place in `Plan.seen`."""
    return f"s{place}"


def _cut(chunk: list[tuple[int, Expression]], rules: Sequence[Resolved], encoding: Encoding) -> Iterator[Plan]:
    """The chunk as one ruleset if it is within the bounds, else in halves, a single rule at last in its short form."""
    planned = _planned(chunk)
    if not planned.bounds.exceeded:
        yield planned
    elif len(chunk) > 1:
        half = len(chunk) // 2
        yield from _cut(chunk[:half], rules, encoding)
        yield from _cut(chunk[half:], rules, encoding)
    else:
        ((position, expression),) = chunk
        shortened = _shortened(rules[position], encoding)
        if shortened == expression:
            raise BoundsExceeded(f"{rules[position].rule.id}: {planned.bounds.exceeded}")
        yield from _cut([(position, shortened)], rules, encoding)


def _planned(chunk: list[tuple[int, Expression]]) -> Plan:
    popular = Counter(each for _, expression in chunk for each in questions(expression))
    arranged = _grouped([(position, _arranged(expression, popular)) for position, expression in chunk])
    asked = dict.fromkeys(each for _, expression in arranged for each in questions(expression))
    seen = tuple(each for each in asked if isinstance(each, Seen))
    numbers = tuple(dict.fromkeys(each.name for each in asked if isinstance(each, Test) and each.name != TAG))
    names = (*_OWN, *numbers, *(name_of_seen(place) for place in range(len(seen))))
    return Plan(arranged, numbers, seen, bounds([expression for _, expression in arranged], names))


def _arranged(expression: Expression, popular: Counter[Test | Seen]) -> Expression:
    """In conjunctions what is seen first, then comparisons, those that many rules ask (and so share) before others."""

    def order(part: Expression) -> tuple[int, bool, int, str]:
        match part:
            case Seen():
                return 0, False, 0, ""
            case Test(_, operator, _):
                return 1, operator != "$eq", -popular[part], repr(part)
            case _:
                return 2, False, 0, ""

    match expression:
        case Both(parts):
            return Both(tuple(sorted((_arranged(part, popular) for part in parts), key=order)))
        case Either(parts):
            return Either(tuple(_arranged(part, popular) for part in parts))
        case _:
            return expression


def _grouped(rules: Sequence[tuple[int, Expression]]) -> tuple[tuple[int, Expression], ...]:
    """Each rule below a comparison of the tag that always holds, another one for every two dozen of first questions.

    The C code looks up a property among the questions below a node by five bits of its hash, then in line: it finds
    one of a few at once, but reads through most of a hundred.
    """
    grouped: list[tuple[int, Expression]] = []
    group, asked = 0, frozenset[Test | Seen]()
    for position, expression in sorted(rules, key=lambda rule: _compared_first(rule[1])):
        first = _first(expression)
        if asked and len(asked | first) > _GROUP:
            group, asked = group - 1, frozenset()
        asked |= first
        grouped.append((position, Both((Test(TAG, "$gt", group), *conjuncts(expression)))))
    return tuple(grouped)


def _compared_first(expression: Expression) -> list[tuple[str, str, int]]:
    """By what rules are put side by side, so that they share it."""
    return sorted((each.name, each.operator, each.value) for each in _first(expression) if isinstance(each, Test))


def _first(expression: Expression) -> frozenset[Test | Seen]:
    """What is asked first in it."""
    match expression:
        case Test() | Seen():
            return frozenset({expression})
        case Both(parts):
            return _first(parts[0]) if parts else frozenset()
        case Either(parts):
            return frozenset(first for part in parts for first in _first(part))
        case _:
            assert_never(expression)


def _nominated(rule: Resolved, encoding: Encoding) -> Expression:
    """The rule's expression, cut into branches if they are few: then what each wants to see is one property."""
    applies = _possible(rule.applies, encoding, wanted=True)
    why = either(_possible(rule.holds, encoding, wanted=False), _open(rule.applies, encoding, wanted=True))
    branches = disjuncts(why)
    expression = both(applies, why)
    if len(branches) <= _MOST_BRANCHES:
        expression = either(*(both(applies, branch) for branch in branches))
    too_large = operators(expression) > OPERATORS or len(list(questions(expression))) > _MOST_QUESTIONS
    return _shortened(rule, encoding) if too_large else expression


def _possible(condition: Condition, encoding: Encoding, *, wanted: bool) -> Expression:
    """Whether the condition may be true (or, if that is not wanted, may be false)."""
    match condition:
        case All(parts) | AnyOf(parts):
            join = both if isinstance(condition, All) is wanted else either
            return join(*(_possible(part, encoding, wanted=wanted) for part in parts))
        case Not(part):
            return _possible(part, encoding, wanted=not wanted)
        case Named(_, part):
            return _possible(part, encoding, wanted=wanted)
        case Leaf() | Quantified():
            return encoding.may_be(condition, wanted=wanted)
        case _:
            assert_never(condition)


def _open(condition: Condition, encoding: Encoding, *, wanted: bool) -> Expression:
    """Whether the condition is unknown, given that it may be true (or may be false)."""
    match condition:
        case All(parts) | AnyOf(parts) if isinstance(condition, All) is wanted:
            # Each part may be so, hence it is enough that one is unknown.
            return either(*(_open(part, encoding, wanted=wanted) for part in parts))
        case All() | AnyOf():
            return _possible(condition, encoding, wanted=not wanted)
        case Not(part):
            return _open(part, encoding, wanted=not wanted)
        case Named(_, part):
            return _open(part, encoding, wanted=wanted)
        case Leaf() | Quantified():
            return encoding.is_open(condition, wanted=wanted)
        case _:
            assert_never(condition)


def _shortened(rule: Resolved, encoding: Encoding) -> Expression:
    """Applies may be true, and it may be false that the rule applies and holds: the same in two truths."""
    return both(
        encoding.may_be(rule.applies, wanted=True), encoding.may_be(All((rule.applies, rule.holds)), wanted=False)
    )
