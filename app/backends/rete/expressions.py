"""What a rule asks of an event's numbers: comparisons left to the C code, and answers found by looking them up."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, assert_never


@dataclass(frozen=True, slots=True)
class Test:
    """The property is there and compares so with the value; `operator` is durable-rules' ($eq $neq $lt ...)."""

    name: str
    operator: str
    value: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The number in that column is one of the codes (or none of them)."""

    column: int
    codes: frozenset[int]
    among: bool = True

    def accepts(self, code: int) -> bool:
        return (code in self.codes) is self.among


@dataclass(frozen=True, slots=True)
class Seen:
    """All of some answers are yes, and of some others, if there are any, one; a property that is there only then."""

    every: frozenset[Answer]
    some: frozenset[Answer] = frozenset()

    @property
    def is_single(self) -> bool:
        """Whether it is one answer and nothing else."""
        return len(self.every) == 1 and not self.some


@dataclass(frozen=True, slots=True)
class Both:
    """Conjunction; of nothing it is true."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """Disjunction; of nothing it is false."""

    parts: tuple["Expression", ...]


Expression: TypeAlias = Test | Seen | Both | Either
TRUE: Final = Both(())
FALSE: Final = Either(())


def both(*parts: Expression) -> Expression:
    """Conjunction in its shortest form; what is to be seen is seen at once, as far as it can, and comes first."""
    flat = dict.fromkeys(each for part in parts for each in conjuncts(part))
    if FALSE in flat:
        return FALSE
    seen = [part for part in flat if isinstance(part, Seen)]
    every = frozenset(answer for part in seen for answer in part.every)
    some = list(dict.fromkeys(part.some for part in seen if part.some)) or [frozenset[Answer]()]
    at_once = [Seen(every, some[0]), *(Seen(frozenset(), each) for each in some[1:])] if seen else []
    shortest = (*at_once, *(part for part in flat if not isinstance(part, Seen)))
    return shortest[0] if len(shortest) == 1 else Both(shortest)


def either(*parts: Expression) -> Expression:
    """Disjunction in its shortest form; single answers become one."""
    flat = dict.fromkeys(each for part in parts for each in disjuncts(part))
    if TRUE in flat:
        return TRUE
    single = [part for part in flat if isinstance(part, Seen) and (not part.every or part.is_single)]
    some = frozenset(answer for part in single for answer in part.every | part.some)
    at_once = [Seen(some) if len(some) == 1 else Seen(frozenset(), some)] if some else []
    shortest = (*at_once, *(part for part in flat if part not in single))
    return shortest[0] if len(shortest) == 1 else Either(shortest)


def conjuncts(expression: Expression) -> tuple[Expression, ...]:
    """The parts of a conjunction; anything else is its only part."""
    return expression.parts if isinstance(expression, Both) else (expression,)


def disjuncts(expression: Expression) -> tuple[Expression, ...]:
    """The parts of a disjunction; anything else is its only part."""
    return expression.parts if isinstance(expression, Either) else (expression,)


def questions(expression: Expression) -> Iterator[Test | Seen]:
    """All comparisons and answers in it."""
    match expression:
        case Test() | Seen():
            yield expression
        case Both(parts) | Either(parts):
            for part in parts:
                yield from questions(part)
        case _:
            assert_never(expression)


def definition(expression: Expression, names: Mapping[Seen, str]) -> dict[str, Any]:
    """The expression in the JSON form of durable-rules."""
    match expression:
        case Test(name, "$eq", value):
            return {name: value}
        case Test(name, operator, value):
            return {operator: {name: value}}
        case Seen():
            return {names[expression]: 1}
        case Both(parts):
            return {"$and": [definition(part, names) for part in parts]}
        case Either(parts):
            return {"$or": [definition(part, names) for part in parts]}
        case _:
            assert_never(expression)
