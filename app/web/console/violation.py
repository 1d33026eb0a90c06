"""One violation: what happened, why the law says so, what can be done, and doing it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from app.clock import uuid7
from app.crossings import links
from app.crossings import records as crossing_records
from app.crossings.records import named, said_of
from app.errors import Conflict, Forbidden, Invalid
from app.evaluation.explaining import Json
from app.evaluation.sanctions import concerning
from app.identity import users
from app.identity.roles import Permission
from app.identity.users import User
from app.storage.engine import Transaction, reading
from app.storage.tables import violations as rows_of_violations
from app.violations import attachments, records, search_terms, snoozes, work
from app.violations.attachments import MOST_BYTES
from app.violations.records import Change, Violation
from app.violations.snoozes import Snooze
from app.violations.work import by, state
from app.violations.workflow import STANDS, STEPS, Action, possible
from app.vocabulary.codes import Ground, Outcome, Severity, SubjectKind, ViolationStatus
from app.web import looking
from app.web.console.access import allowed
from app.web.console.actions import Given, Offer, SeenField, Tried, offer
from app.web.console.codes import subject_class
from app.web.console.labels import HAPPENED
from app.web.console.languages import marked
from app.web.console.pages import language_of, page, seen_at
from app.web.console.queue import Reader, Row, Worker, checkpoint_named, row
from app.web.console.refusals import Refusal, refusal
from app.web.console.wording import Branch, Words
from app.web.files import as_file
from app.web.looking import Seen
from app.web.security import looked
from app.web.services import services_of
from app.web.working import acted, attached, in_one

router = APIRouter()
Supervisor = Annotated[User, Depends(allowed(Permission.VIOLATIONS_SUPERVISE))]
_RELATED: Final = 10
_LINES: Final = 3
_SUPERSEDED: Final = marked("It holds no more: the crossing was judged again. Nobody is to be held to it.")
_APPEALED: Final = marked("It was confirmed, and is under appeal.")
_STANDING: Final[Mapping[Outcome | None, str]] = {
    None: marked("No officer has decided on it."),
    Outcome.CONFIRMED: marked("An officer confirmed it."),
    Outcome.UPHELD: marked("It was upheld on appeal."),
    Outcome.INCONCLUSIVE: marked("An officer left it inconclusive."),
    Outcome.DISMISSED: marked("An officer dismissed it; nobody is to be held to it."),
    Outcome.OVERTURNED: marked("It was overturned on appeal; nobody is to be held to it."),
}
_PAPERS: Final = ("document", "visa")
_HEADERS: Final = {"Content-Security-Policy": "sandbox", "Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Paper:
    """A document, visa or permit; `expired` if it had run out on the day of the crossing."""

    kind: str
    number: str
    issuer: str
    valid_from: date | None
    valid_until: date | None
    more: str
    expired: bool


@dataclass(frozen=True, slots=True)
class Step:
    """A change in the timeline. `name` says what was done, None if the engine did it; `to` is who has it in hand then.

    `file` is the identifier and the name of an attachment.
    """

    change: Change
    name: str | None
    actor: str
    ground: Ground | None
    to: str | None
    reply_by: date | None
    file: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Penalty:
    """A sanction for a class of subject; `concerns` if this subject is of it."""

    subject_class: str
    minimum: str | None
    maximum: str | None
    unit: str
    note: str | None
    concerns: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """All of the page. `why` is in lines what decided it, `applies` and `holds` the trees of the explanation.

    `standing` says whether it stands; `more` is how many lines of `why` are left out. `related` are other violations by
    what they have in common with it: "subject", "crossing", "company" or "vehicle". If it `waits`, only another can
    close it. `seen` is what the page shows, for its forms to tell (`work.seen`); `values` are those of a form that was
    refused.
    """

    row: Row
    name: str
    standing: str
    zone: tzinfo
    detail: records.Detail
    place: str
    decided_by: str | None
    why: tuple[str, ...]
    more: int
    applies: Branch
    holds: Branch
    law: Json | None
    penalties: tuple[Penalty, ...]
    milder: Json | None
    papers: tuple[Paper, ...]
    facts: tuple[tuple[str, str], ...]
    timeline: tuple[Step, ...]
    offers: tuple[Offer, ...]
    related: Mapping[str, tuple[Row, ...]]
    grounds: tuple[Ground, ...]
    colleagues: tuple[tuple[str, str], ...]
    waits: bool
    may_attach: bool
    may_snooze: bool
    longest_snooze: date
    seen: str
    refusal: Refusal | None
    values: Mapping[str, str]


@router.get("/violations/{identifier}")
def get_violation(request: Request, identifier: str, user: Reader) -> Response:
    return _shown(request, identifier, user)


@router.post("/violations/{identifier}")
async def post_violation(request: Request, identifier: str, user: Worker, given: Annotated[Given, Form()]) -> Response:
    """Do it, and lead back to where it is seen. What is refused is told on the page, with what is possible."""
    services = services_of(request)
    try:
        await run_in_threadpool(acted, services, user, identifier, given.asked(), given.seen)
    except (Conflict, Forbidden, Invalid) as error:
        return await run_in_threadpool(_shown, request, identifier, user, Tried(error, given.action, given))
    return seen_at(request, f"/violations/{identifier}", done=given.action)


@router.post("/violations/{identifier}/attachments")
async def post_attachment(
    request: Request,
    identifier: str,
    user: Worker,
    file: Annotated[UploadFile, File()],
    seen: Annotated[SeenField, Form()] = "",
) -> Response:
    content = await file.read(MOST_BYTES + 1)
    try:
        await run_in_threadpool(attached, services_of(request), user, identifier, file.filename or "", content, seen)
    except (Conflict, Invalid) as error:
        return await run_in_threadpool(_shown, request, identifier, user, Tried(error, Action.ATTACH))
    return seen_at(request, f"/violations/{identifier}", done=Action.ATTACH)


class Sleep(BaseModel):
    """Until the end of which day a rule sleeps for the subject, and why."""

    until: date
    ground: Annotated[str, Field(min_length=1, max_length=500)]
    seen: SeenField = ""


@router.post("/violations/{identifier}/snooze")
async def post_snooze(request: Request, identifier: str, user: Supervisor, given: Annotated[Sleep, Form()]) -> Response:
    """Of the violation's own rule and subject."""
    services = services_of(request)

    def make(tx: Transaction, now: datetime) -> None:
        found = work.check_within(tx, user.remit, identifier)
        if given.seen:
            work.check_seen(tx, user, identifier, given.seen)
        if found.subject_key is None:
            raise Invalid("The rule stays awake: it is not known who the subject is.")
        until = datetime.combine(given.until, datetime.max.time(), services.zone_of(found.checkpoint))
        ground, rules = " ".join(given.ground.split()), services.pipeline.in_force.rulebook.rules
        made = Snooze(str(uuid7(now)), found.rule, found.subject_key, until, ground, now, user.id)
        # A form that was sent twice is carried out once.
        if not any(each.says_the_same_as(made) for each in snoozes.lasting(tx, user.remit, now, rules)):
            snoozes.make(tx, user, made, rules)

    try:
        await run_in_threadpool(in_one, services, make)
    except (Conflict, Invalid) as error:
        return await run_in_threadpool(_shown, request, identifier, user, Tried(error, "snooze", given))
    return seen_at(request, f"/violations/{identifier}", done="snooze")


@router.get("/attachments/{identifier}")
def get_attachment(request: Request, identifier: str, user: Reader) -> Response:
    """For saving, never shown in place: whatever it is, it runs nothing here."""
    with reading(services_of(request).database) as tx:
        found = attachments.get(tx, identifier)
        work.check_within(tx, user.remit, found.violation)
    looked(user, "attachment", identifier)
    headers = _HEADERS | {"Content-Disposition": as_file(found.name)}
    return Response(found.content, media_type=found.media_type, headers=headers)


def _shown(request: Request, identifier: str, user: User, tried: Tried | None = None) -> Response:
    services = services_of(request)
    seen = looking.violation(services, user, identifier)
    looked(user, "violation", identifier)
    tongue = language_of(request, user)
    found = seen.detail.listed.violation
    zone = services.zone_of(found.checkpoint)
    words = Words(tongue, found.subject_kind, seen.rulebook, zone)
    now = services.clock.now()
    with reading(services.database) as tx:
        crossing = crossing_records.get(tx, found.crossing, 0)
        related = _related(tx, user, found, crossing)
        files = attachments.names_of(tx, identifier)
        held = {each.assignee or "" for some in related.values() for each in some}
        names = users.names(tx, held | {found.decided_by or ""})
        colleagues = _successors(tx, user, found)
    names |= seen.names
    explanation = seen.detail.explanation
    why = words.decisive(explanation["holds"])
    said = said_of(crossing, found.subject_kind, found.subject_key, found.subject_position)
    shown = Shown(
        row=row(services, found, names, now),
        name=named(said),
        standing=tongue.say(_standing(found)),
        zone=zone,
        detail=seen.detail,
        place=checkpoint_named(services, found.checkpoint),
        decided_by=names.get(found.decided_by or ""),
        why=tuple(why[:_LINES]),
        more=max(0, len(why) - _LINES),
        applies=words.tree(explanation["applies"]),
        holds=words.tree(explanation["holds"]),
        law=seen.law,
        penalties=tuple(_penalties(words, seen)),
        milder=seen.milder,
        papers=tuple(_papers(words, seen.detail.facts, said, found.local_date)),
        facts=tuple(sorted(_facts(words, seen.detail.facts))),
        timeline=tuple(_step(each, names, files) for each in seen.changes),
        # What decides comes before what puts off.
        offers=tuple(sorted(_offers(user, seen), key=lambda each: not each.is_main)),
        related={name: tuple(row(services, each, names, now) for each in some) for name, some in related.items()},
        grounds=tuple(Ground),
        colleagues=colleagues,
        waits=_waits(user, found),
        may_attach=user.may(Permission.VIOLATIONS_WORK),
        may_snooze=user.may(Permission.VIOLATIONS_SUPERVISE) and bool(found.subject_key),
        longest_snooze=(now + snoozes.LONGEST - timedelta(days=1)).date(),
        seen=work.seen(len(seen.changes), seen.detail.decision),
        refusal=refusal(tongue, tried.problem, tried.action, found.status) if tried else None,
        values=tried.values if tried else {},
    )
    return page(request, user, "violation.html", shown, tried.problem["status"] if tried else 200)


def _related(
    tx: Transaction, user: User, found: Violation, crossing: crossing_records.Crossing
) -> dict[str, list[Violation]]:
    """Others of the same subject, crossing, companies and plate, within the remit; the newest, each in one place."""
    column = rows_of_violations.c
    keys = links.all_keys(tx, [found.subject_key]) if found.subject_key else ()
    companies = [each.key for each in crossing.subjects if each.kind is SubjectKind.LEGAL_ENTITY and each.key]
    conditions = {
        "subject": column.subject_key.in_(keys),
        "crossing": column.crossing == found.crossing,
        "company": column.subject_key.in_(links.all_keys(tx, companies)),
        "vehicle": column.crossing.in_(search_terms.on_same_plates(found.crossing)),
    }
    seen, related = {found.id}, {}
    for name, condition in conditions.items():
        shown = records.newest(tx, condition & column.id.not_in(seen), user.remit, _RELATED)
        seen |= {each.id for each in shown}
        related[name] = shown
    return related


def _waits(user: User, found: Violation) -> bool:
    """Whether it is only for another to close."""
    may_close = found.status in STEPS[Action.CLOSE].starts
    return may_close and found.severity is Severity.GRAVE and found.decided_by == user.id


def _standing(found: Violation) -> str:
    """Whether it stands, in a sentence."""
    if found.status is ViolationStatus.SUPERSEDED:
        return _SUPERSEDED
    if found.status is ViolationStatus.UNDER_APPEAL:
        return _APPEALED
    return _STANDING[found.outcome]


def _successors(tx: Transaction, user: User, found: Violation) -> tuple[tuple[str, str], ...]:
    """Whom it can be handed over to."""
    able = (each for each in users.every(tx) if not each.disabled_at and each.may(Permission.VIOLATIONS_WORK))
    return tuple((each.id, each.name) for each in able if each.id != user.id and work.is_within(each.remit, found))


def _offers(user: User, seen: Seen) -> Iterator[Offer]:
    if not user.may(Permission.VIOLATIONS_WORK):
        return
    found = seen.detail.listed.violation
    for action in possible(state(found, seen.changes), by(user)):
        if action is not Action.ATTACH:
            yield offer(action, stands=found.outcome in STANDS)


def _papers(words: Words, facts: Mapping[str, Any], said: Mapping[str, Any], day: date) -> Iterator[Paper]:
    """As they were judged, each with its number, which is no fact, from what the event says of the same paper."""
    for name in _PAPERS:
        if facts.get(name):
            given = _given(facts, name) | {"number": _number(_given(facts, name), [said.get(name) or {}])}
            yield _paper(words, name, given, ("issued_on" if name == "document" else "valid_from"), day)
    for place, permit in enumerate(facts.get("permits") or ()):
        given = _given(permit, "permits")
        given["number"] = _number(given, (said.get("permits") or ())[place : place + 1])
        yield _paper(words, "permits", given, "valid_from", day)


def _given(facts: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {path.partition(".")[2]: value for path, value in facts.items() if path.startswith(f"{name}.")}


def _number(given: Mapping[str, Any], said: Sequence[Mapping[str, Any]]) -> str | None:
    """The number of a paper, if the event says of it what it was judged by."""
    same = ("kind", "issuer", "territory", "expires_on", "valid_until")
    for each in said:
        if all(given.get(name) in {None, each.get(name)} for name in same):
            return each.get("number")
    return None


def _paper(words: Words, name: str, given: Mapping[str, Any], begins: str, day: date) -> Paper:
    ends = "expires_on" if name == "document" else "valid_until"
    begun, ended = (date.fromisoformat(given[each]) if given.get(each) else None for each in (begins, ends))
    shown = {"kind", "number", "issuer", begins, ends}
    more = [
        f"{words.field(f'{name}.{each}')}: {words.value(f'{name}.{each}', value)}"
        for each, value in given.items()
        if each not in shown and value is not None
    ]
    kind = words.value(f"{name}.kind", given["kind"]) if given.get("kind") else words.field(name)
    titled = f"{words.field('visa')}: {kind}" if name == "visa" and given.get("kind") else kind
    issuer = words.code(given["issuer"]) if given.get("issuer") else ""
    number = str(given.get("number") or "")
    return Paper(titled, number, issuer, begun, ended, words.language.listed(more), bool(ended and ended < day))


def _facts(words: Words, facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Those that are no lists of records, which are among the papers or in the tree."""
    for path, value in facts.items():
        if not (isinstance(value, list) and value and isinstance(value[0], dict)):
            yield words.field(path), words.value(path, value)


def _penalties(words: Words, seen: Seen) -> Iterator[Penalty]:
    """Of the provision's sanctions those of this subject's class first."""
    found, sanction = seen.detail.listed.violation, (seen.law or {}).get("sanction")
    if not sanction or not seen.rulebook:
        return
    jurisdiction = seen.rulebook.provisions[sanction["provision"]].jurisdiction
    of_it = concerning(sanction["sanctions"], found.subject_kind, jurisdiction, seen.detail.facts)
    for each in sorted(sanction["sanctions"], key=lambda each: each not in of_it):
        low, high = each.get("min"), each.get("max")
        yield Penalty(
            subject_class(each["subject_class"], words.language),
            None if low is None else words.language.number(low),
            None if high is None else words.language.number(high),
            words.unit(each["unit"]) if each.get("unit") else "",
            each.get("note"),
            each in of_it,
        )


def _step(change: Change, names: Mapping[str, str], files: Mapping[str, str]) -> Step:
    detail = change.detail or {}
    kept = detail.get("attachment")
    return Step(
        change,
        HAPPENED[Action(change.action)] if change.action in set(Action) else None,
        names.get(change.actor, ""),
        Ground(detail["ground"]) if detail.get("ground") else None,
        names.get(detail["to"], detail["to"]) if detail.get("to") else None,
        date.fromisoformat(detail["reply_by"]) if detail.get("reply_by") else None,
        (kept, files.get(kept, kept)) if kept else None,
    )
