"""The compiler's proof that no fact can make a ruleset exceed what the C code holds.

The network the C code builds is built here too, in the same way: a node for each question below what was asked before
it, shared by rules that begin alike; each disjunction ends in a node of its own, to which its branches lead. The C code
walks it with a stack of 64 entries: it takes a node off and puts on all that follow and hold. So what one node can
leave pending is what it can put on, or one less and what the worst of those leaves pending in turn.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import eq, ge, gt, le, lt, ne
from typing import Final, assert_never

from app.backends.rete.expressions import Both, Either, Expression, Seen, Test, conjuncts, questions

PATHS: Final = 60  # of 64 stack entries, beyond which nothing fires (error 303)
BRANCHES: Final = 499  # of 512 places a node has; when they are full, create_ruleset never returns
FORWARDS: Final = 120  # of 128 places a node has for the ends of disjunctions; written past unchecked
IDENTICAL: Final = 250  # of 256 places a node has for rules that ask the same; written past unchecked
PROPERTIES: Final = 249  # of 255
OPERATORS: Final = 15  # of 16 and/or a rule; 32 entries, two each
RULES: Final = 100  # each costs some 13 kB; larger rulesets gained no speed
NUMBERS: Final = 2**31 - 1
_COMPARE: Final[Mapping[str, Callable[[int, int], bool]]] = {
    "$eq": eq,
    "$neq": ne,
    "$lt": lt,
    "$lte": le,
    "$gt": gt,
    "$gte": ge,
}
_OFFSET_BASIS: Final = 0x811C9DC5
_PRIME: Final = 16777619


class BoundsExceeded(Exception):  # noqa: N818 (says what happened)
    """No way was found to cut a rule so that the C code is sure to hold it."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Worst case of one ruleset over all facts."""

    rules: int
    paths: int
    branches: int
    forwards: int
    identical: int
    operators: int
    properties: int
    largest: int
    same_hash: bool

    @property
    def exceeded(self) -> str | None:
        """What is too large, if anything is."""
        limits = {
            "rules": RULES,
            "paths": PATHS,
            "branches": BRANCHES,
            "forwards": FORWARDS,
            "identical": IDENTICAL,
            "operators": OPERATORS,
            "properties": PROPERTIES,
            "largest": NUMBERS,
            "same_hash": False,
        }
        return next(
            (f"{what} {getattr(self, what)}" for what, most in limits.items() if getattr(self, what) > most), None
        )


@dataclass(eq=False, slots=True)
class _Node:
    below: dict[Test | Seen, "_Node"] = field(default_factory=dict)
    forwards: list["_Node"] = field(default_factory=list)
    rules: int = 0
    pending: int | None = None


def bounds(rules: Sequence[Expression], names: Iterable[str]) -> Bounds:
    """Worst case of a ruleset of these rules, each in the order asked; `names` are all properties a fact can have."""
    root = _Node()
    for rule in rules:
        _grow(root, rule).rules += 1
    nodes = list(_nodes(root))
    hashes = [_hash(name) for name in names]
    return Bounds(
        rules=len(rules),
        paths=_pending(root),
        branches=max(len(node.below) for node in nodes),
        forwards=max(len(node.forwards) for node in nodes),
        identical=max(node.rules for node in nodes),
        operators=max(map(operators, rules), default=0),
        properties=len(hashes),
        largest=max(
            (abs(each.value) for rule in rules for each in questions(rule) if isinstance(each, Test)), default=0
        ),
        same_hash=len(set(hashes)) < len(hashes),
    )


def _grow(node: _Node, expression: Expression) -> _Node:
    match expression:
        case Test() | Seen():
            return node.below.setdefault(expression, _Node())
        case Both(parts):
            for part in parts:
                node = _grow(node, part)
            return node
        case Either(parts):
            end = _Node()
            for part in parts:
                _grow(node, part).forwards.append(end)
            return end
        case _:
            assert_never(expression)


def _nodes(root: _Node) -> Iterable[_Node]:
    found, waiting = {root: None}, [root]
    while waiting:
        node = waiting.pop()
        new = [each for each in (*node.below.values(), *node.forwards) if each not in found]
        found |= dict.fromkeys(new)
        waiting += new
    return found


def _pending(node: _Node) -> int:
    if node.pending is None:
        follow = (*node.below.values(), *node.forwards)
        put_on = len(node.forwards) + _most_at_once(node.below)
        worst = max(map(_pending, follow), default=0)
        node.pending = max(put_on, put_on - 1 + worst)
    return node.pending


def _most_at_once(asked: Iterable[Test | Seen]) -> int:
    """How many of them one fact can pass: what is seen, and for each number the most comparisons that one value can."""
    by_name: dict[str, list[Test]] = defaultdict(list)
    seen = 0
    for each in asked:
        if isinstance(each, Seen):
            seen += 1
        else:
            by_name[each.name].append(each)
    return seen + sum(map(_most_by_one_value, by_name.values()))


def _most_by_one_value(asked: list[Test]) -> int:
    """All operators compare with a constant, so values beside the constants stand for all between them."""
    values = {test.value + step for test in asked for step in (-1, 0, 1)}
    return max(sum(_COMPARE[test.operator](value, test.value) for test in asked) for value in values)


def operators(rule: Expression) -> int:
    """Conjunctions and disjunctions written for a rule; the outermost conjunction always is."""
    return 1 + sum(map(_nested, conjuncts(rule)))


def _nested(expression: Expression) -> int:
    return 0 if isinstance(expression, Test | Seen) else 1 + sum(map(_nested, expression.parts))


def _hash(name: str) -> int:
    """FNV-1a of 32 bits, by which the C code tells properties apart."""
    value = _OFFSET_BASIS
    for byte in name.encode():
        value = (value ^ byte) * _PRIME & 0xFFFFFFFF
    return value
