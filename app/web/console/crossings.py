"""A crossing: who and what crossed, and what every rule says of each subject, with why and why not."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from typing import Annotated, Any, Final, TypeAlias
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field, ValidationError

from app.crossings import due, records, revisions
from app.crossings.records import Subject
from app.crossings.revisions import Revision
from app.errors import GeregeError
from app.evaluation.decision import Decision, Finding
from app.evaluation.explaining import explanation
from app.identity.roles import Permission
from app.identity.users import User
from app.storage.engine import reading
from app.storage.tables import violations as rows_of_violations
from app.violations import records as violations
from app.vocabulary.codes import Severity, SubjectKind, Verdict
from app.vocabulary.wire import Crossing, Organization, Person
from app.web.console.access import allowed
from app.web.console.forms import Filled
from app.web.console.labels import OUTCOMES
from app.web.console.pages import language_of, page
from app.web.console.showing import Sheet, sheet
from app.web.console.wording import Branch, Words
from app.web.security import looked
from app.web.services import Services, rulebook_of, services_of

router = APIRouter()
# Judging more anew would hold up the lanes.
_MOST_JUDGED: Final = 50
_SECONDS: Final = 10
_ORDER: Final = (Verdict.VIOLATED, Verdict.UNDETERMINED, Verdict.COMPLIANT, Verdict.NOT_APPLICABLE)
_MOST_VIOLATIONS: Final = 500
_PAGE: Final = 50
_TOLD_ABOVE: Final = frozenset(
    {"id", "source", "occurred_at", "checkpoint", "direction", "mode", "persons", "organizations"}
)
_OF_PERSON: Final = frozenset({"surname", "given_names", "role"})
_OF_COMPANY: Final = frozenset({"name", "role"})
_Told: TypeAlias = Mapping[tuple[SubjectKind, int], Sequence[records.Finding]]


@dataclass(frozen=True, slots=True)
class Ruled:
    """What a rule says of a subject. `anew`: told by the rules and the record of today, for it was not kept then."""

    rule: str
    version: str
    title: Mapping[str, str]
    verdict: Verdict
    severity: Severity
    missing: tuple[str, ...]
    violation: str | None
    basis: tuple[Mapping[str, Any], ...]
    applies: Branch | None
    holds: Branch | None
    anew: bool


@dataclass(frozen=True, slots=True)
class Who:
    """A subject, with its name as the event gives it, and how many rules say what of it."""

    kind: SubjectKind
    place: str
    name: str
    role: str | None
    key: str | None
    country: str | None
    counts: Mapping[Verdict, int]


@dataclass(frozen=True, slots=True)
class CrossingPage:
    """A crossing as it is now. `subjects` are a page of them, those accused first.

    `earlier` and `following` are addresses of other pages. `papers` and `rules` are of the
    subject `chosen`; `is_judged_anew` if all rules are there.
    """

    crossing: records.Crossing
    zone: tzinfo
    checkpoint_name: str
    outcome: str
    is_due: bool
    revisions: tuple[Revision, ...]
    whole: Sheet | None
    subjects: tuple[Who, ...]
    total: int
    number: int
    earlier: str | None
    following: str | None
    chosen: Who | None
    papers: Sheet | None
    verdicts: tuple[Verdict, ...]
    rules: tuple[Ruled, ...]
    is_judged_anew: bool


class Asked(Filled):
    """Which subject is shown, and which page of all."""

    subject: str = Field("", max_length=40)
    page: int = Field(1, ge=1, le=1_000)

    def address(self, page: int) -> str:
        chosen = {"subject": self.subject} if self.subject else {}
        return f"?{urlencode(chosen | {'page': page})}"


@router.get("/crossings/{identifier}")
def get_crossing(
    request: Request,
    identifier: str,
    user: Annotated[User, Depends(allowed(Permission.CROSSINGS_READ))],
    asked: Annotated[Asked, Query()],
) -> Response:
    services = services_of(request)
    with reading(services.database) as tx:
        records.check_within(tx, identifier, user.remit)
        crossing = records.get(tx, identifier, 1)
        known, is_due = revisions.all_of(tx, crossing), due.is_due(tx, identifier)
        of_it = rows_of_violations.c.crossing == identifier
        found = violations.newest(tx, of_it, user.remit, _MOST_VIOLATIONS)
    looked(user, "crossing", identifier)
    decision, event = crossing.decisions[0], _event(crossing)
    register = services.pipeline.in_force.reference.checkpoints.get(crossing.checkpoint)
    zone: tzinfo = register.time_zone if register else UTC
    words = Words(language_of(request, user), SubjectKind.INDIVIDUAL, None, zone)
    told = _by_subject(decision)
    active = services.active_in(decision.rulebook)
    who = [_who(each, place, event, decision, told, active) for place, each in enumerate(crossing.subjects)]
    ordered = _worst_first(who)
    chosen = next((each for each in who if each.place == asked.subject), None) or next(iter(ordered), None)
    begin, end = (asked.page - 1) * _PAGE, asked.page * _PAGE
    anew = _anew(services, event) if event and not crossing.withdrawn else None
    papers, rules = None, tuple[Ruled, ...]()
    if chosen:
        telling = _Telling(services, decision, anew, words, found)
        rules = tuple(telling.of(crossing.subjects, who.index(chosen)))
        papers = _papers(crossing.subjects[who.index(chosen)], event, words)
    context = CrossingPage(
        crossing,
        zone,
        register.name if register else crossing.checkpoint,
        OUTCOMES[decision.outcome],
        is_due,
        known,
        sheet("", event, words, _TOLD_ABOVE) if event else None,
        tuple(ordered[begin:end]),
        len(ordered),
        asked.page,
        asked.address(asked.page - 1) if asked.page > 1 else None,
        asked.address(asked.page + 1) if end < len(ordered) else None,
        chosen,
        papers,
        _ORDER[:3],
        rules,
        anew is not None,
    )
    return page(request, user, "crossing.html", context)


def _event(crossing: records.Crossing) -> Crossing | None:
    """The event; None if it cannot be read as it was any more."""
    try:
        return Crossing.model_validate_json(crossing.body)
    except ValidationError:
        return None


def _anew(services: Services, event: Crossing) -> Decision | None:
    """What every rule says of it today; None if that would take too long."""
    if len(event.persons or ()) > _MOST_JUDGED:
        return None
    try:
        return services.pipeline.evaluate(event, every=True, remember=True).result(_SECONDS)
    except (GeregeError, TooLate):
        return None


def _worst_first(who: Sequence[Who]) -> list[Who]:
    return sorted(who, key=lambda each: [-each.counts.get(verdict, 0) for verdict in _ORDER[:2]])


def _by_subject(decision: records.Decision) -> _Told:
    told = defaultdict[tuple[SubjectKind, int], list[records.Finding]](list)
    for each in decision.findings:
        if not each.shadow:
            told[each.subject_kind, each.subject_position].append(each)
    return told


def _of_event(subject: Subject, event: Crossing | None) -> Person | Organization | None:
    """What the event says of it; None if it cannot be read any more."""
    if event is None:
        return None
    among = event.persons if subject.kind is SubjectKind.INDIVIDUAL else event.organizations
    return among[subject.position] if among else None


def _papers(subject: Subject, event: Crossing | None, words: Words) -> Sheet | None:
    given = _of_event(subject, event)
    leave_out = _OF_PERSON if isinstance(given, Person) else _OF_COMPANY
    return sheet("", given, words, leave_out) if given else None


def _who(  # one argument for each thing that is told of it
    subject: Subject,
    place: int,
    event: Crossing | None,
    decision: records.Decision,
    told: _Told,
    active: Collection[str],
) -> Who:
    name, given = "", _of_event(subject, event)
    if isinstance(given, Person):
        name = " ".join(filter(None, (given.surname, given.given_names)))
    elif given:
        name = given.name or ""
    counts = dict.fromkeys(_ORDER[:3], 0)
    for each in told.get((subject.kind, subject.position), ()):
        counts[each.verdict] += 1
    # After a withdrawal there are none.
    complied = decision.compliant[place] if place < len(decision.compliant) else ()
    counts[Verdict.COMPLIANT] = sum(rule in active for rule in complied)
    named = f"{subject.kind.value}-{subject.position}"
    return Who(subject.kind, named, name, subject.role, subject.key, subject.country, counts)


class _Telling:
    """What rules say: as it was decided and kept, and of the others as it is told anew."""

    def __init__(
        self,
        services: Services,
        decision: records.Decision,
        anew: Decision | None,
        words: Words,
        found: Sequence[violations.Violation],
    ) -> None:
        self._decision, self._anew, self._words = decision, anew, words
        today = services.pipeline.in_force.rulebook
        self._active = services.active_in(decision.rulebook)
        self._then, self._today = rulebook_of(services, decision.rulebook) or today, today
        standing = (each for each in found if each.status.value != "superseded")
        self._violations = {(each.rule, each.subject_kind, each.subject_position): each.id for each in standing}

    def of(self, subjects: Sequence[Subject], place: int) -> Iterator[Ruled]:
        """All rules on a subject, those that accuse first."""
        subject = subjects[place]
        kept = {
            each.rule: each
            for each in self._decision.findings
            if (each.subject_kind, each.subject_position) == (subject.kind, subject.position) and not each.shadow
        }
        compliant = self._decision.compliant[place] if place < len(self._decision.compliant) else []
        judged = self._anew.judgements[place].findings if self._anew else ()
        again = {each.rule.id: each for each in judged if not each.shadow}
        rows = [
            *(self._kept(each, subject) for each in kept.values()),
            *(self._complied(rule, again.get(rule)) for rule in compliant if rule in self._active),
            *(self._told(each) for rule, each in again.items() if rule not in kept and rule not in compliant),
        ]
        yield from sorted(rows, key=lambda each: (_ORDER.index(each.verdict), each.rule))

    def _kept(self, each: records.Finding, subject: Subject) -> Ruled:
        words = replace(self._words, kind=subject.kind, rulebook=self._then)
        rule = self._then.rules.get(each.rule)
        return Ruled(
            each.rule,
            each.version,
            dict(rule.title) if rule else {"en": each.rule},
            each.verdict,
            each.severity,
            tuple(map(words.field, each.missing)),
            self._violations.get((each.rule, subject.kind, subject.position)),
            tuple(each.explanation["basis"]),
            words.tree(each.explanation["applies"]),
            words.tree(each.explanation["holds"]),
            anew=False,
        )

    def _complied(self, rule: str, again: Finding | None) -> Ruled:
        """That it complied is on record, why is not: it is told anew where it still comes out so."""
        if again and again.verdict is Verdict.COMPLIANT:
            return self._told(again, anew=False)
        known = self._then.rules.get(rule) or self._today.rules[rule]
        return Ruled(
            rule, "", dict(known.title), Verdict.COMPLIANT, known.severity, (), None, (), None, None, anew=False
        )

    def _told(self, again: Finding, *, anew: bool = True) -> Ruled:
        assert self._anew  # noqa: S101 (it comes from there)
        words = replace(self._words, kind=again.subject.kind, rulebook=self._today)
        told = explanation(again, self._today, self._anew.day)
        return Ruled(
            again.rule.id,
            again.resolved.version.id,
            dict(again.rule.title),
            again.verdict,
            again.rule.severity,
            tuple(map(words.field, again.judged.missing)),
            None,
            tuple(told["basis"]),
            words.tree(told["applies"]),
            words.tree(told["holds"]),
            anew=anew and again.verdict is not Verdict.NOT_APPLICABLE,
        )
