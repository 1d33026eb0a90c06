"""`make soak`, the long runs: agreement with the reference, and memory of many events, many reloads and a service.

Random facts are drawn for the rules shipped in `rules/`, with values left out, said to be none, and at the rules' own
constants and beside them.
"""

import argparse
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
from rich.progress import track

from app.backends import reference
from app.backends.index import Index, positions
from app.backends.rete import Rete
from app.evaluation.reload import compile_sources
from app.language.ir import Literal, Operator
from app.language.load import read_sources
from app.language.resolve import Resolved, leaves, resolve
from app.vocabulary.codes import SubjectKind, Verdict
from app.vocabulary.fields import Field, FieldType, catalogue
from bench import memory
from bench.rete_memory import Run

_OPEN = {Verdict.VIOLATED, Verdict.UNDETERMINED}
_OF_PRESENCE = {Operator.PRESENT, Operator.EMPTY}
_DAY = date(2026, 3, 1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--memory-events", type=int, default=200_000)
    parser.add_argument("--reloads", type=int, default=1_000)
    parser.add_argument("--requests", type=int, default=1_000_000, help="events sent to a service over HTTP")
    parser.add_argument("--only", choices=("engines", "service"))
    given = parser.parse_args()
    failed = [
        soak(given) for name, soak in (("engines", _engines), ("service", _service)) if given.only in {None, name}
    ]
    return int(any(failed))


def _service(given: argparse.Namespace) -> bool:
    run = memory.run(given.requests)
    print(f"{run.count:,} events sent to a service: memory {run.warm:,} kB, then {run.end:,} ({run.growth:+.1%})")
    return run.growth >= 0.1


def _engines(given: argparse.Namespace) -> bool:
    runs = {what: _memory(what, count) for what, count in (("events", given.memory_events), ("reloads", given.reloads))}
    differences = sum(_differences(kind, given.events // 2) for kind in SubjectKind)
    for what, run in runs.items():
        print(f"{run.count:,} {what}: memory {run.warm:,} kB, then {run.end:,} ({run.growth:+.1%}); {run.wrong} wrong")
    print(f"{given.events:,} random events: {differences} differences from the reference")
    return differences > 0 or any(run.wrong or run.growth > 0.05 for run in runs.values())


def _differences(kind: SubjectKind, events: int) -> int:
    rules = _rules(kind)
    index, rete, draw = Index(rules), Rete(rules), _Facts(kind, rules)
    wrong = 0
    for _ in track(range(events), description=f"{kind.value}: {len(rules)} rules"):
        facts = draw.facts()
        masks = index.judge(facts)
        verdicts = [reference.verdict(rule, facts) for rule in rules]
        is_open = frozenset(n for n, verdict in enumerate(verdicts) if verdict in _OPEN)
        compliant = frozenset(n for n, verdict in enumerate(verdicts) if verdict is Verdict.COMPLIANT)
        violated = frozenset(n for n, verdict in enumerate(verdicts) if verdict is Verdict.VIOLATED)
        agrees = (
            rete.nominate(facts) == is_open
            and frozenset(positions(masks.compliant)) == compliant
            and frozenset(positions(masks.violated)) == violated
            and frozenset(positions(masks.undetermined)) == is_open - violated
        )
        wrong += not agrees
    rete.close()
    return wrong


def _memory(what: str, count: int) -> Run:
    """In a process of its own: memory is the process's, and the C engine dies with it when it fails."""
    command = [sys.executable, "-m", "bench.rete_memory", what, str(count)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)  # noqa: S603 (our own module)
    return Run(**orjson.loads(done.stdout))


def _rules(kind: SubjectKind) -> tuple[Resolved, ...]:
    compiled, diagnostics = compile_sources(read_sources(Path(__file__).parent.parent / "rules"))
    if compiled is None:
        raise SystemExit("\n".join(map(str, diagnostics)))
    book = compiled.rulebook
    resolved = (resolve(book, rule, _DAY) for rule in book.rules.values() if rule.applies_to is kind)
    return tuple(rule for rule in resolved if rule)


class _Facts:
    """Draws facts that rules care about."""

    def __init__(self, kind: SubjectKind, rules: Sequence[Resolved]) -> None:
        self._chance = random.Random(20261123)
        self._fields = catalogue(kind)
        self._pools: dict[str, list[Any]] = {path: list(_pool(field)) for path, field in self._fields.items()}
        for leaf in leaves(*(side for rule in rules for side in (rule.applies, rule.holds))):
            if leaf.operator not in _OF_PRESENCE:
                constants = (operand.value for operand in leaf.operands if isinstance(operand, Literal))
                self._pools[leaf.field.path] += [near for constant in constants for near in _near(constant)]

    def facts(self) -> dict[str, Any]:
        none = {name for name in ("document", "visa", "vehicle") if self._chance.random() < 0.1}
        drawn: dict[str, Any] = {}
        for path, field in self._fields.items():
            if field.record:
                continue
            if field.type is FieldType.RECORDS:
                if field.always_known or self._chance.random() < 0.85:
                    drawn[path] = tuple(self._record(path) for _ in range(self._chance.choice((0, 0, 1, 1, 2))))
            elif path in none or field.parent in none:
                drawn[path] = None
            elif field.always_known or self._chance.random() < 0.85:
                drawn[path] = self._value(field)
        return drawn

    def _record(self, path: str) -> dict[str, Any]:
        own = [field for field in self._fields.values() if field.record == path]
        return {each.path: self._value(each) for each in own if each.always_known or self._chance.random() < 0.85}

    def _value(self, field: Field) -> Any:  # noqa: ANN401 (any fact)
        if field.type is FieldType.OBJECT:
            return True
        if field.nullable and self._chance.random() < 0.1:
            return None
        pool = self._pools[field.path]
        if field.type is FieldType.TEXTS:
            return tuple(self._chance.sample(pool, min(len(pool), self._chance.randint(0, 2))))
        return self._chance.choice(pool)


def _pool(field: Field) -> Iterator[Any]:
    match field.type:
        case FieldType.BOOLEAN:
            yield from (True, False)
        case FieldType.DATE:
            yield from (_DAY + timedelta(days) for days in (-3650, -1, 0, 1, 30, 92, 3650))
        case FieldType.INSTANT:
            yield from (datetime.fromisoformat(f"2026-03-0{n}T09:15:00+09:00") for n in (1, 2))
        case FieldType.NUMBER:
            yield from (0, 1, Decimal("12.5"), 1000, 40000)
        case _:
            yield from field.codes[:3] if field.codes else ("A", "RUS-ZABAYKALSK")


def _near(value: Any) -> Iterator[Any]:  # noqa: ANN401 (any constant)
    match value:
        case frozenset():
            yield from sorted(value, key=str)[:4]
        case bool() | str():
            yield value
        case date():
            yield from (value - timedelta(days=1), value, value + timedelta(days=1))
        case int() | Decimal():
            yield from (value - 1, value, value + 1)
        case _:
            raise TypeError(f"{value!r} is no constant of a rule")


if __name__ == "__main__":
    began = time.perf_counter()
    outcome = main()
    print(f"{time.perf_counter() - began:,.0f} s")
    sys.exit(outcome)
