"""Runs the cases beside the rules through the whole engine: the authors' tests, and law 8 (no silent rule)."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import ValidationError

from app.errors import Invalid
from app.evaluation.decision import Decision
from app.evaluation.engine import Engine
from app.facts.reference_data import parse
from app.facts.subjects import Subject
from app.language.ir import Position, Status
from app.language.load import Case, Loaded
from app.vocabulary.codes import Verdict
from app.vocabulary.past import Offence, Past
from app.vocabulary.wire import Crossing

TESTED = frozenset({Status.DRAFT, Status.SHADOW, Status.ACTIVE})


@dataclass(frozen=True, slots=True)
class Failure:
    """A case that did not come out as its author says, or a verdict no case shows."""

    rule: str
    at: Position
    message: str

    def __str__(self) -> str:
        return f"{self.at.file}:{self.at.line}:{self.at.column}: {self.rule}: {self.message}"


def run(loaded: Loaded) -> Iterator[Failure | None]:
    """Run every case in turn, giving None for one that passes; afterwards the rules that law 8 finds silent."""
    if loaded.rulebook is None:
        msg = "a rulebook with errors has no cases to run"
        raise ValueError(msg)
    reference, _ = parse(loaded.rulebook.sources)
    engine = Engine(loaded.rulebook, reference, statuses=TESTED)
    shown: dict[str, set[Verdict]] = defaultdict(set)
    try:
        for tested, cases in loaded.cases.items():
            for case in cases:
                shown[tested].add(case.expect)
                message = _run(engine, tested, case)
                yield Failure(tested, case.at, f"{case.name}: {message}") if message else None
    finally:
        engine.close()
    for rule_id, rule in loaded.rulebook.rules.items():
        absent = [verdict.value for verdict in Verdict if verdict not in shown[rule_id]]
        if absent and rule.status in {Status.ACTIVE, Status.SHADOW}:
            yield Failure(rule_id, Position(rule.file, 1, 1), f"no case shows it {', '.join(absent)}")


def _run(engine: Engine, rule: str, case: Case) -> str | None:
    """What is wrong, or None."""
    try:
        event = engine.prepare(_read(case.event))
        decision = engine.judge(event, [_past(engine, case, subject) for subject, _ in event.subjects])
    except ValidationError as error:
        first = error.errors()[0]
        return f"the event is not valid at /{'/'.join(map(str, first['loc']))}: {first['msg']}"
    except Invalid as error:
        return str(error)
    if decision.differences:
        return f"backends differ: {decision.differences}"
    return _compare(decision, rule, case)


def _read(event: Mapping[str, Any]) -> Crossing:
    return Crossing.model_validate_json(orjson.dumps({"id": "case", "source": "case", **event}))


def _past(engine: Engine, case: Case, subject: Subject) -> Past:
    """What the case says is on record of a subject of its event."""
    legs, offences = [], []
    for number, each in enumerate(case.before, 1):
        event = engine.prepare(_read(each.event))
        for other, facts in event.subjects:
            if subject.key and (other.kind, other.key) == (subject.kind, subject.key):
                leg = other.leg(facts, event.checkpoint.state, f"before-{number}")
                legs.append(leg)
                rules = (engine.rulebook.rules[rule] for rule in each.confirmed)
                offences += [Offence(leg.at, rule.id, leg.day, rule.regime, True, leg.crossing) for rule in rules]
    return Past(tuple(sorted(legs)), tuple(sorted(offences)), case.manifests)


def _compare(decision: Decision, rule: str, case: Case) -> str | None:
    subjects = [
        judgement
        for judgement in decision.judgements
        if (judgement.subject.kind, judgement.subject.index) == (case.subject_kind, case.subject_index)
    ]
    if not subjects:
        return f"the event has no {case.subject_kind} {case.subject_index}"
    (judgement,) = subjects
    found = next((each for each in judgement.findings if each.rule.id == rule), None)
    verdict = found.verdict if found else _closed(rule, judgement.compliant)
    if verdict is not case.expect:
        missing = f" (missing {', '.join(found.judged.missing)})" if found and found.judged.missing else ""
        return f"expected {case.expect}, got {verdict}{missing}"
    if case.missing is not None and found and frozenset(found.judged.missing) != case.missing:
        return f"expected missing {sorted(case.missing)}, got {sorted(found.judged.missing)}"
    return None


def _closed(rule: str, compliant: tuple[str, ...]) -> Verdict:
    return Verdict.COMPLIANT if rule in compliant else Verdict.NOT_APPLICABLE
