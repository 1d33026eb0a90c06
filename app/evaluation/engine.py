"""The engine: facts, nominations, the reference's decision, cross-check. Pure: it stores nothing.

Belongs to one thread, because the C engine below it does (ENGINE.md).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

from app.backends import reference as judge_of
from app.backends.index import positions
from app.errors import Invalid, Problem
from app.evaluation.compiled import EVALUATED, Asked, Compiled, Jurisdictions, Passage, Shards
from app.evaluation.decision import OPEN, Decision, Difference, Finding, Judgement
from app.facts.derive import derive, local_day
from app.facts.history import Here, history_facts
from app.facts.manifests import Announced, announced
from app.facts.measures import NO_KEY, TOO_MUCH, Place, measured
from app.facts.reference_data import Checkpoint, ReferenceData
from app.facts.subjects import Subject
from app.language.ir import Rule, Rulebook, Status
from app.vocabulary.codes import SubjectKind, Verdict
from app.vocabulary.countries import SCHENGEN, SCHENGEN_STATES
from app.vocabulary.past import NO_TRAFFIC, NOTHING, Past, Traffic, Unknown
from app.vocabulary.values import Facts, Record, Value
from app.vocabulary.voyages import normalised
from app.vocabulary.wire import Crossing

EVERYWHERE = "INT"


@dataclass(frozen=True, slots=True)
class Prepared:
    """An event with what it says itself; `crossing` is its identifier, "" while it has none.

    `territory` are the states whose common border is crossed.
    """

    event: Crossing
    checkpoint: Checkpoint
    day: date
    territory: frozenset[str]
    jurisdictions: Jurisdictions
    subjects: tuple[tuple[Subject, Facts], ...]
    crossing: str = ""

    @property
    def voyage(self) -> str | None:
        """Number of the voyage as it is compared; None if the event gives none."""
        vehicle = self.event.vehicle
        return normalised(vehicle.voyage) if vehicle and vehicle.voyage else None


class Engine:
    """A rulebook, ready to judge events."""

    def __init__(
        self,
        rulebook: Rulebook,
        reference: ReferenceData,
        *,
        statuses: frozenset[Status] = EVALUATED,
        cross_check: bool = True,
    ) -> None:
        self.rulebook = rulebook
        self._reference = reference
        self._shards = Shards(rulebook, statuses, cross_check=cross_check)
        self._asked = {kind: self._shards.all_asked_of_the_past(kind) for kind in SubjectKind}
        self._has_schengen = SCHENGEN_STATES in rulebook.lists
        # Of the day asked about last: events come in the order of their days, nearly.
        self._schengen: dict[date, frozenset[str]] = {}
        self._joined: dict[date, Mapping[str, date]] = {}

    def prepare(self, event: Crossing, crossing: str = "") -> Prepared:
        """Facts the event itself gives of each subject; raises Invalid if the checkpoint is not in the register.

        `crossing` is the identifier under which it is stored, or about to be.
        """
        checkpoint = self._checkpoint(event.checkpoint)
        day = local_day(event.occurred_at, checkpoint)
        schengen = self._schengen_on(day)
        territory = schengen if checkpoint.state in schengen else frozenset({checkpoint.state})
        hours = self.rulebook.opening.get(checkpoint.code)
        within = hours.open_at(event.occurred_at, checkpoint.time_zone) if hours else None
        subjects = derive(event, checkpoint, territory, self._reference, within_hours=within)
        jurisdictions = self._jurisdictions(checkpoint, day)
        return Prepared(event, checkpoint, day, territory, jurisdictions, tuple(subjects), crossing)

    def asked_of_the_past(self, prepared: Prepared, kind: SubjectKind) -> Asked:
        """What rules ask of the past of a subject of the event."""
        return self._shards.asked_of_the_past(prepared.jurisdictions, kind)

    def all_asked_of_the_past(self, kind: SubjectKind) -> Asked:
        """What rules ask of the past of subjects of a kind, wherever they cross."""
        return self._asked[kind]

    def asks_for_traffic(self, prepared: Prepared) -> bool:
        """Whether a rule there asks what crossed at the checkpoint before."""
        return any(self.asked_of_the_past(prepared, kind).traffic for kind in SubjectKind)

    def asks_for_lists(self, prepared: Prepared) -> bool:
        """Whether a rule there asks for the lists of the voyage."""
        return any(self.asked_of_the_past(prepared, kind).lists for kind in SubjectKind)

    def judge(
        self, prepared: Prepared, pasts: Sequence[Past] = (), traffic: Traffic = NO_TRAFFIC, *, every: bool = False
    ) -> Decision:
        """Judge every subject of the event by it and by what is on record before it.

        `pasts` are in the order of the subjects; none at all: nothing is on record. With `every`, the verdicts of all
        rules that govern the place and the subject are explained, not only open ones.
        """
        known, reasons = [], []
        told = self._announced(prepared, pasts)
        for place, (subject, facts) in enumerate(prepared.subjects):
            past = pasts[place] if pasts else NOTHING
            found, unknown = self._with_past(prepared, subject, facts, past, traffic, told)
            known.append((subject, found))
            reasons.append(unknown)
        return self.decide(prepared.event, prepared.checkpoint, prepared.day, known, reasons, every=every)

    def evaluate(self, event: Crossing, *, every: bool = False) -> Decision:
        """Judge an event before which nothing is on record."""
        return self.judge(self.prepare(event), every=every)

    def _announced(self, prepared: Prepared, pasts: Sequence[Past]) -> Announced | None:
        """What was announced of its voyage; None if no rule asks."""
        if not (prepared.subjects and self.asks_for_lists(prepared)):
            return None
        # What is asked of the facts here is the same for all subjects.
        facts, lists = prepared.subjects[0][1], pasts[0].lists if pasts else ()
        return announced(facts, prepared.checkpoint.time_zone, prepared.territory, lists)

    def _with_past(  # one argument for each thing on record
        self,
        prepared: Prepared,
        subject: Subject,
        facts: Facts,
        past: Past,
        traffic: Traffic,
        told: Announced | None,
    ) -> tuple[Facts, Mapping[str, Unknown]]:
        """The facts with those of the past that rules ask for, and why the others cannot be known."""
        asked = self.asked_of_the_past(prepared, subject.kind)
        if not (asked.measures or asked.facts or asked.lists):
            return facts, {}
        found: dict[str, Value | Unknown] = {}
        if told:
            found |= {path: value for path, value in told.of(subject.key).items() if path in asked.lists}
        here: Here | Unknown = NO_KEY
        if past.too_much:
            here = TOO_MUCH
        elif subject.key:
            leg = subject.leg(facts, prepared.checkpoint.state, prepared.crossing)
            since = self._joined_on(prepared.day) if SCHENGEN in prepared.jurisdictions else {}
            here = Here(leg, past, prepared.territory, self._reference.checkpoints, since)
        if asked.facts:
            of_the_past = dict.fromkeys(asked.facts, here) if isinstance(here, Unknown) else history_facts(here)
            found |= {path: of_the_past[path] for path in asked.facts}
        place = Place(prepared.checkpoint, self.rulebook.calendars.get(prepared.checkpoint.state), traffic)
        found |= measured(asked.measures, here, {**facts, **_known(found)}, place)
        return {**facts, **_known(found)}, {path: each for path, each in found.items() if isinstance(each, Unknown)}

    def decide(
        self,
        event: Crossing,
        checkpoint: Checkpoint,
        day: date,
        subjects: Sequence[tuple[Subject, Facts]],
        reasons: Sequence[Mapping[str, Unknown]] = (),
        *,
        every: bool = False,
    ) -> Decision:
        """Judge facts derived before, now or when the event was stored (law 3)."""
        # Who asks for every rule's verdict is told of those for other directions and modes too.
        passage = None if every else (event.direction, event.mode)
        judging = _Judging(self._shards, self._jurisdictions(checkpoint, day), day, subjects, passage)
        judging.reasons = reasons
        judging.suppose(_unsaid(event))
        for stratum in self._shards.strata:
            judging.run(stratum)
        return Decision(
            event, checkpoint, day, self.rulebook.digest, tuple(judging.judgements()), tuple(judging.differences)
        )

    @property
    def lost(self) -> tuple[str, ...]:
        """Why the Rete gives no second opinion on some rules; empty if it does on all."""
        return tuple(self._shards.lost)

    def close(self) -> None:
        """Give back what the C engine holds."""
        self._shards.close()

    def _checkpoint(self, code: str) -> Checkpoint:
        if code in self._reference.checkpoints:
            return self._reference.checkpoints[code]
        near = get_close_matches(code, self._reference.checkpoints, n=1)
        hint = f"did you mean {near[0]}?" if near else "use a code of rules/checkpoints.csv"
        problem = Problem("/checkpoint", f"{code} is not in the register of checkpoints", hint)
        raise Invalid("The event cannot be judged: no law is known for an unregistered checkpoint.", [problem])

    def _jurisdictions(self, checkpoint: Checkpoint, day: date) -> Jurisdictions:
        within = checkpoint.state in self._schengen_on(day)
        return (EVERYWHERE, checkpoint.state, SCHENGEN) if within else (EVERYWHERE, checkpoint.state)

    def _schengen_on(self, day: date) -> frozenset[str]:
        if day not in self._schengen:
            self._schengen = {day: self.rulebook.lists[SCHENGEN_STATES].on(day) if self._has_schengen else frozenset()}
        return self._schengen[day]

    def _joined_on(self, day: date) -> Mapping[str, date]:
        """Since when the Schengen states of that day are such."""
        if day not in self._joined:
            self._joined = {day: self.rulebook.lists[SCHENGEN_STATES].since(day)}
        return self._joined[day]


def _known(found: Mapping[str, Value | Unknown]) -> dict[str, Value]:
    return {path: value for path, value in found.items() if not isinstance(value, Unknown)}


class _Judging:
    """One event on its way through the strata."""

    def __init__(
        self,
        shards: Shards,
        jurisdictions: Jurisdictions,
        day: date,
        subjects: Sequence[tuple[Subject, Facts]],
        passage: Passage | None,
    ) -> None:
        self._shards, self._jurisdictions, self._day = shards, jurisdictions, day
        self._subjects, self._passage, self._every = subjects, passage, passage is None
        self._findings: list[list[Finding]] = [[] for _ in subjects]
        self._compliant: list[list[str]] = [[] for _ in subjects]
        self._verdicts: list[tuple[Subject, Record]] = []
        self.reasons: Sequence[Mapping[str, Unknown]] = ()
        self.differences: list[Difference] = []

    def run(self, stratum: int) -> None:
        """Judge all subjects by the rules of one stratum, which see the verdicts of those below."""
        seen = tuple(self._verdicts)
        for place, (subject, facts) in enumerate(self._subjects):
            compiled = self._shards.asked(self._jurisdictions, subject.kind, stratum, self._day, self._passage)
            # Asked first: each of a thousand persons would be given what was found of all the others.
            if compiled.rules:
                known = {**facts, "findings": _as_seen_by(subject, seen)} if stratum else facts
                self._ask(compiled, place, subject, known)

    def suppose(self, kinds: Iterable[SubjectKind]) -> None:
        """Let rules of higher strata know of others there may be, of kinds the event does not speak of (law 4)."""
        for kind in kinds:
            somebody = Subject(kind, -1, None, None, None)
            for stratum in self._shards.strata:
                compiled = self._shards.asked(self._jurisdictions, kind, stratum, self._day)
                for position in compiled.watched:
                    rule = compiled.rules[position].rule
                    self._verdicts.append((somebody, _record(rule, somebody, Verdict.UNDETERMINED)))

    def judgements(self) -> Iterator[Judgement]:
        """What was concluded of each subject."""
        for (subject, facts), findings, compliant in zip(self._subjects, self._findings, self._compliant, strict=True):
            yield Judgement(subject, facts, tuple(findings), tuple(compliant))

    def _ask(self, compiled: Compiled, place: int, subject: Subject, facts: Facts) -> None:
        masks = compiled.index.judge(facts)
        by_index = masks.violated | masks.undetermined
        second = compiled.second.nominate(facts)
        by_rete = by_index if second is None else sum(1 << position for position in second)
        reasons = self.reasons[place] if self.reasons else {}
        judged: dict[int, Finding] = {}
        compliant, is_open = masks.compliant, 0
        for position in range(len(compiled.rules)) if self._every else positions(by_index | by_rete):
            resolved = compiled.rules[position]
            found = judged[position] = Finding(resolved, subject, judge_of.judge(resolved, facts), reasons)
            if found.verdict in OPEN:
                is_open |= 1 << position
            if self._every or found.verdict in OPEN:
                self._findings[place].append(found)
            if found.verdict is not Verdict.COMPLIANT:
                compliant &= ~(1 << position)
        if not by_index == by_rete == is_open:
            self._tell_differences(judged, is_open, index=by_index, rete=by_rete)
        self._compliant[place] += compiled.names[compliant]
        self._watch(compiled, subject, judged, compliant)

    def _tell_differences(self, judged: Mapping[int, Finding], is_open: int, *, index: int, rete: int) -> None:
        """Keep where a backend was wrong: it missed what is open, or nominated what is not."""
        for position, found in judged.items():
            for backend, nominated in (("index", index), ("rete", rete)):
                if (nominated ^ is_open) >> position & 1:
                    is_nominated = bool(nominated >> position & 1)
                    self.differences.append(
                        Difference(backend, found.rule.id, found.subject, is_nominated, found.verdict)
                    )

    def _watch(self, compiled: Compiled, subject: Subject, judged: Mapping[int, Finding], compliant: int) -> None:
        """Keep the verdicts that rules of higher strata rest on; an undetermined one is an unknown (law 4)."""
        for position in compiled.watched:
            found = judged.get(position)
            verdict = Verdict.COMPLIANT if compliant >> position & 1 else Verdict.NOT_APPLICABLE
            rule = compiled.rules[position].rule
            self._verdicts.append((subject, _record(rule, subject, found.verdict if found else verdict)))


def _record(rule: Rule, subject: Subject, verdict: Verdict) -> Record:
    record: dict[str, str | bool] = {
        "findings.rule": rule.id,
        "findings.severity": rule.severity.value,
        "findings.subject_kind": subject.kind.value,
    }
    if verdict is not Verdict.UNDETERMINED:
        record["findings.verdict"] = verdict.value
    if subject.role:
        record["findings.role"] = subject.role
    return record


def _unsaid(event: Crossing) -> list[SubjectKind]:
    """Kinds of which the event does not say whether there is a subject: it leaves the member out."""
    members = {"persons": SubjectKind.INDIVIDUAL, "organizations": SubjectKind.LEGAL_ENTITY}
    return [kind for name, kind in members.items() if name not in event.model_fields_set]


def _as_seen_by(subject: Subject, verdicts: Iterable[tuple[Subject, Record]]) -> tuple[Record, ...]:
    return tuple({**record, "findings.same_subject": other == subject} for other, record in verdicts)
