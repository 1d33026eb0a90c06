"""The peer of the `rete` backend: the same rules in the form durable-rules documents, through its `Host`.

Only for comparison. Rules are written with `durable.lang`, facts are the plain values as JSON; each is asserted, its
actions run, and it is retracted. What `Host` does not survive is avoided as a user would have to: its background
threads, which steal actions, are not started; rulesets are cut so that fewer than 64 rules begin to match one fact
(error 303); a set of codes is a pattern, because 512 different values of one property hang it.
"""

from collections.abc import Callable, Sequence
from datetime import date
from functools import reduce
from itertools import count
from operator import and_, eq, ge, gt, le, lt
from typing import Any, Final

from durable import engine, lang

from app.language.ir import Leaf, Literal, Operator
from app.language.resolve import Resolved
from app.vocabulary.values import Facts
from bench.workload import violated_when

RULES: Final = 50
_COMPARE: Final = {
    Operator.IS: eq,
    Operator.BELOW: lt,
    Operator.BEFORE: lt,
    Operator.AT_MOST: le,
    Operator.ON_OR_BEFORE: le,
    Operator.ABOVE: gt,
    Operator.AFTER: gt,
    Operator.AT_LEAST: ge,
    Operator.ON_OR_AFTER: ge,
}
_NUMBERS: Final = count()


class _Host(engine.Host):  # type: ignore[misc]  # durable ships no types
    def _run(self) -> None:
        """Start no threads."""


class HostPeer:
    """The bench's rules in a `Host`; answers which of them an event violates."""

    def __init__(self, rules: Sequence[Resolved]) -> None:
        self._fired: set[int] = set()
        self._host = _Host()
        numbered = list(enumerate(rules))
        self._names = [self._register(numbered[start : start + RULES]) for start in range(0, len(rules), RULES)]

    def nominate(self, facts: Facts) -> frozenset[int]:
        """Positions of the violated rules."""
        self._fired.clear()
        for name in self._names:
            fact = {path: _plain(value) for path, value in facts.items()}
            try:
                self._host.assert_fact(name, fact)
            except engine.MessageNotHandledException:
                continue
            self._host.retract_fact(name, fact)
        return frozenset(self._fired)

    def _register(self, rules: Sequence[tuple[int, Resolved]]) -> str:
        ruleset = lang.ruleset(f"host-{next(_NUMBERS)}")
        with ruleset:
            for position, rule in rules:
                lang.when_all(reduce(and_, map(_expression, violated_when(rule))))(self._action(position))
        name, definition = ruleset.define()
        self._host.register_rulesets({name: definition})
        return str(name)

    def _action(self, position: int) -> Callable[[Any], None]:
        return lambda _: self._fired.add(position)


def _expression(leaf: Leaf) -> Any:  # noqa: ANN401 (durable ships no types)
    prop = getattr(lang.m, leaf.field.path)
    match leaf.operands:
        case (Literal(frozenset() as members),):
            return prop.matches("|".join(sorted(map(str, members))))
        case (Literal(value),):
            return _COMPARE[leaf.operator](prop, _plain(value))
        case _:
            raise TypeError(f"{leaf} is not of the bench's workload")


def _plain(value: object) -> Any:  # noqa: ANN401 (whatever JSON takes)
    return value.isoformat() if isinstance(value, date) else value
