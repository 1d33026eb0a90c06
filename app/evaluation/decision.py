"""What the engine concludes of an event."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from app.backends.reference import Judged
from app.facts.reference_data import Checkpoint
from app.facts.subjects import Subject
from app.language.ir import Rule, Status
from app.language.resolve import Resolved
from app.vocabulary.codes import Advice, Verdict
from app.vocabulary.past import Unknown
from app.vocabulary.values import Facts
from app.vocabulary.wire import Crossing

OPEN = frozenset({Verdict.VIOLATED, Verdict.UNDETERMINED})


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict on one subject, with its explanation; `reasons` say why facts of its past cannot be known, by path."""

    resolved: Resolved
    subject: Subject
    judged: Judged
    reasons: Mapping[str, Unknown] = field(default_factory=dict)

    @property
    def rule(self) -> Rule:
        return self.resolved.rule

    @property
    def verdict(self) -> Verdict:
        return self.judged.verdict

    @property
    def advice(self) -> Advice:
        """What is undetermined is worth a question, never more."""
        if self.verdict is Verdict.UNDETERMINED:
            return min(self.rule.advice, Advice.REFER, key=list(Advice).index)
        return self.rule.advice

    @property
    def shadow(self) -> bool:
        """Evaluated and kept apart, never shown as a violation."""
        return self.rule.status is not Status.ACTIVE


@dataclass(frozen=True, slots=True)
class Difference:
    """A nominating backend and the reference did not agree; the reference's verdict counts."""

    backend: str
    rule: str
    subject: Subject
    nominated: bool
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Judgement:
    """All that was concluded of one subject: what is violated or undetermined, and which rules it complied with.

    Where every rule was asked for, `findings` has the verdicts of all of them.
    """

    subject: Subject
    facts: Facts
    findings: tuple[Finding, ...]
    compliant: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """All that was concluded of an event, under one rulebook."""

    event: Crossing
    checkpoint: Checkpoint
    day: date
    rulebook: str
    judgements: tuple[Judgement, ...]
    differences: tuple[Difference, ...]
    remembered: tuple[str, ...] = ()
    """Crossings on record that it rests on: of each subject the newest."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings that are shown: what active rules found violated or undetermined."""
        return tuple(found for found in self.open if not found.shadow)

    @property
    def open(self) -> tuple[Finding, ...]:
        """What active and shadow rules found violated or undetermined."""
        return tuple(found for judgement in self.judgements for found in judgement.findings if found.verdict in OPEN)

    @property
    def outcome(self) -> str:
        """`violation` if any verdict is violated, else `undetermined` if any is, else `compliant`."""
        verdicts = {found.verdict for found in self.findings}
        if Verdict.VIOLATED in verdicts:
            return "violation"
        return "undetermined" if verdicts else "compliant"

    @property
    def advice(self) -> Advice | None:
        """The strictest of what is found; None if nothing is."""
        return max((found.advice for found in self.findings), key=list(Advice).index, default=None)
