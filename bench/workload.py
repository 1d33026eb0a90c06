"""The workload all engines are measured on: 32 flat fields, 5 leaves a rule, about 3 rules nominated by an event.

It is the one of ENGINE.md. Rules grow more selective as they grow in number, so that an event nominates as many of a
thousand as of fifty; what is measured is the cost of finding them.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from app.language.ir import All, Leaf, Literal, Not, Operator, Period, Position, Rule, Status, Version
from app.language.resolve import Resolved
from app.vocabulary.codes import Advice, Regime, Severity, SubjectKind
from app.vocabulary.fields import Field, FieldType
from app.vocabulary.values import Facts

CODES, NUMBERS, DATES, FLAGS = 16, 8, 5, 3
LEAVES, NOMINATED = 5, 3
_VALUES, _HIGHEST = 40, 10_000
_FIRST_DAY, _DAYS = date(2020, 1, 1), 3650
_HERE = Position("bench.yaml", 1, 1)


def _field(name: str, kind: FieldType) -> Field:
    return Field(name, kind, name, {"en": name}, frozenset({SubjectKind.INDIVIDUAL}))


FIELDS = (
    *(_field(f"code{n}", FieldType.CODE) for n in range(CODES)),
    *(_field(f"number{n}", FieldType.NUMBER) for n in range(NUMBERS)),
    *(_field(f"date{n}", FieldType.DATE) for n in range(DATES)),
    *(_field(f"flag{n}", FieldType.BOOLEAN) for n in range(FLAGS)),
)


@dataclass(frozen=True, slots=True)
class Workload:
    """Rules and events of one size."""

    rules: tuple[Resolved, ...]
    events: tuple[Facts, ...]


def workload(rules: int, events: int, seed: int = 20261123) -> Workload:
    """A workload that is the same for the same arguments."""
    chance = random.Random(seed + rules)
    share = (NOMINATED / rules) ** (1 / LEAVES)
    return Workload(
        tuple(_rule(number, share, chance) for number in range(rules)), tuple(_event(chance) for _ in range(events))
    )


def violated_when(rule: Resolved) -> Iterator[Leaf]:
    """The leaves that hold together exactly when the rule is violated; `holds` has theirs in the negative."""
    for part in (*_parts(rule.applies), *_parts(rule.holds)):
        if isinstance(part, Leaf):
            yield part


def _parts(condition: object) -> Iterator[object]:
    if isinstance(condition, All):
        for part in condition.parts:
            yield from _parts(part)
    elif isinstance(condition, Leaf):
        yield condition
    else:
        yield from _parts(condition.part)  # type: ignore[attr-defined]  # rules here nest Not only


def _rule(number: int, share: float, chance: random.Random) -> Resolved:
    leaves = tuple(_leaf(field, share, chance) for field in chance.sample(FIELDS[:-FLAGS], LEAVES))
    applies, holds = All(leaves[:3]), All((Not(All(leaves[3:])),))
    version = Version(Period(), ("BENCH",), applies, holds)
    name = f"BENCH-{number:04}"
    rule = Rule(
        id=name,
        title={"en": name},
        regime=Regime.CHECKPOINT,
        jurisdiction="INT",
        applies_to=SubjectKind.INDIVIDUAL,
        status=Status.ACTIVE,
        owner="bench",
        severity=Severity.MINOR,
        advice=Advice.NOTE,
        review_by=date(2027, 1, 1),
        versions=(version,),
        file="bench.yaml",
    )
    return Resolved(rule, version, applies, holds)


def _leaf(field: Field, share: float, chance: random.Random) -> Leaf:
    """A leaf that holds for about `share` of the events."""
    match field.type:
        case FieldType.CODE:
            chosen = chance.sample(range(_VALUES), max(1, round(share * _VALUES)))
            return Leaf(field, Operator.IN, (Literal(frozenset(map(_code, chosen))),), _HERE)
        case FieldType.NUMBER:
            width = round(share * _HIGHEST)
            if chance.random() < 0.5:
                return Leaf(field, Operator.BELOW, (Literal(width),), _HERE)
            return Leaf(field, Operator.AT_LEAST, (Literal(_HIGHEST - width),), _HERE)
        case _:
            width = round(share * _DAYS)
            if chance.random() < 0.5:
                return Leaf(field, Operator.BEFORE, (Literal(_FIRST_DAY + timedelta(width)),), _HERE)
            return Leaf(field, Operator.ON_OR_AFTER, (Literal(_FIRST_DAY + timedelta(_DAYS - width)),), _HERE)


def _event(chance: random.Random) -> Facts:
    facts: dict[str, object] = {}
    for field in FIELDS:
        match field.type:
            case FieldType.CODE:
                facts[field.path] = _code(chance.randrange(_VALUES))
            case FieldType.NUMBER:
                facts[field.path] = chance.randrange(_HIGHEST)
            case FieldType.DATE:
                facts[field.path] = _FIRST_DAY + timedelta(chance.randrange(_DAYS))
            case _:
                facts[field.path] = chance.random() < 0.5
    return facts  # type: ignore[return-value]  # values are of the fields' types


def _code(number: int) -> str:
    return f"C{number:02}"
