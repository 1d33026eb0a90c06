"""The queue: what is to be decided within the user's remit, filtered by the address, and several decided at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from http.client import NOT_FOUND
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from pydantic import BaseModel, Field, model_validator
from starlette.concurrency import run_in_threadpool

from app.errors import Invalid, Problem
from app.identity import users
from app.identity.roles import Permission
from app.identity.users import User
from app.storage.engine import Transaction, reading
from app.violations import records, work
from app.violations.paging import Sort
from app.violations.records import MOST_COUNTED, Filters, Violation
from app.violations.workflow import UNDECIDED, Action, due_at
from app.vocabulary.codes import Ground, Regime, Severity, SubjectKind, ViolationStatus
from app.web.console.access import allowed
from app.web.console.actions import Given
from app.web.console.forms import without_empty
from app.web.console.labels import label
from app.web.console.languages import marked
from app.web.console.pages import language_of, page, seen_at
from app.web.console.refusals import Refusal, refusal
from app.web.security import looked
from app.web.services import Services, services_of
from app.web.working import MOST_AT_ONCE, acted_on_many, taken

router = APIRouter()
Reader = Annotated[User, Depends(allowed(Permission.VIOLATIONS_READ))]
Worker = Annotated[User, Depends(allowed(Permission.VIOLATIONS_WORK))]
PAGE: Final = 50
_COUNTED: Final = tuple(each for each in ViolationStatus if each is not ViolationStatus.SUPERSEDED)
BULK: Final = (
    Action.TAKE,
    Action.HAND_BACK,
    Action.HAND_OVER,
    Action.CONFIRM,
    Action.DISMISS,
    Action.LEAVE_INCONCLUSIVE,
    Action.COMMENT,
)
SORTS: Final[Mapping[Sort, str]] = {
    Sort.GRAVEST: marked("gravest first"),
    Sort.NEWEST: marked("newest first"),
    Sort.OLDEST: marked("oldest first"),
    Sort.LAST_UPDATED: marked("last changed first"),
}


class Asked(BaseModel):
    """What the queue is asked for; an empty field of the form asks nothing.

    `counted` is what figures count: of rules that sleep too, and none that was superseded.
    """

    status: ViolationStatus | None = ViolationStatus.OPEN
    severity: Severity | None = None
    regime: Regime | None = None
    subject_kind: SubjectKind | None = None
    checkpoint: str = Field("", max_length=64)
    rule: str = Field("", max_length=100)
    mine: bool = False
    overdue: bool = False
    review: bool = False
    sleeping: bool = False
    counted: bool = False
    since: date | None = None
    until: date | None = None
    q: str = Field("", max_length=200)
    sort: Sort = Sort.GRAVEST
    cursor: str | None = Field(None, max_length=500)

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, given: Any) -> Any:  # noqa: ANN401 (as a browser sends it)
        kept = without_empty(given)
        # All statuses are asked for by name, so that a bare address is the work that waits.
        return kept | {"status": None} if isinstance(kept, dict) and kept.get("status") == "all" else kept

    @property
    def is_narrow(self) -> bool:
        """Whether more is asked for than a status and an order."""
        return bool(self.model_dump(exclude_defaults=True, exclude={"status", "sort", "cursor"}))

    def filters(self, user: User, now: datetime) -> Filters:
        """Within the user's remit; rules that sleep are left out unless they are asked for."""
        return Filters(
            status=self._statuses,
            severity=_one(self.severity),
            regime=_one(self.regime),
            subject_kind=_one(self.subject_kind),
            checkpoint=_one(self.checkpoint.strip().upper()),
            rule=_one(self.rule.strip().upper()),
            assignee=_one(user.id if self.mine else None),
            overdue=now if self.overdue else None,
            needs_review=True if self.review else None,
            snoozed=None if self._sleeping is None else (self._sleeping, now),
            occurred_from=_midnight(self.since) if self.since else None,
            occurred_until=_midnight(self.until) + timedelta(days=1) if self.until else None,
            q=self.q.strip() or None,
            remit=user.remit,
        )

    @property
    def _statuses(self) -> tuple[ViolationStatus, ...]:
        return _COUNTED if self.counted and self.status is None else _one(self.status)

    @property
    def _sleeping(self) -> bool | None:
        """Only of rules that sleep, only of others, or of both."""
        return self.sleeping or (None if self.counted else False)

    def exported(self, form: str) -> str:
        """Where all that it asks for, not this page alone, is a file."""
        asked: dict[str, object] = {
            name: value
            for name, value in self.model_dump(mode="json").items()
            if value and name in {"severity", "regime", "subject_kind", "q", "sort", "overdue"}
        }
        for name in ("checkpoint", "rule"):
            if value := getattr(self, name).strip().upper():
                asked[name] = value
        if self._statuses:
            asked["status"] = self._statuses
        if self._sleeping is not None:
            asked["snoozed"] = self._sleeping
        if self.mine:
            asked["assignee"] = "me"
        if self.review:
            asked["needs_review"] = True
        if self.since:
            asked["occurred_from"] = _midnight(self.since).isoformat()
        if self.until:
            asked["occurred_until"] = (_midnight(self.until) + timedelta(days=1)).isoformat()
        return f"/v1/violations.{form}?{urlencode(asked, doseq=True)}"

    def address(self, **changes: object) -> str:
        """Where the same is asked with something else; the cursor is never kept."""
        given = self.model_dump(mode="json", exclude_defaults=True, exclude={"cursor"}) | changes
        if "status" in given and given["status"] is None:
            given["status"] = "all"
        found = {name: str(value).lower() if value is True else value for name, value in given.items() if value}
        return f"/console/?{urlencode(found)}" if found else "/console/"


@dataclass(frozen=True, slots=True)
class Tab:
    """A list with how many it has; None for that of all, which are not counted."""

    name: str
    count: int | None
    address: str
    current: bool
    late: bool = False

    @property
    def more(self) -> bool:
        """Whether there may be more than were counted."""
        return self.count is not None and self.count >= MOST_COUNTED


@dataclass(frozen=True, slots=True)
class Row:
    """A violation in the table."""

    violation: Violation
    title: Mapping[str, str]
    checkpoint: str
    zone: tzinfo
    due: datetime
    overdue: bool
    assignee: str | None


@dataclass(frozen=True, slots=True)
class Queue:
    """`following` and `first` are addresses of other pages, if there are any; `colleagues` are by identifier.

    `seen` is what the page shows of each violation, for the form to tell (`work.seen`).
    """

    asked: Asked
    tabs: tuple[Tab, ...]
    rows: tuple[Row, ...]
    seen: Mapping[str, str]
    following: str | None
    first: str | None
    checkpoints: tuple[tuple[str, str], ...]
    statuses: tuple[ViolationStatus, ...]
    severities: tuple[Severity, ...]
    regimes: tuple[Regime, ...]
    kinds: tuple[SubjectKind, ...]
    sorts: Mapping[Sort, str]
    actions: tuple[Action, ...]
    grounds: tuple[Ground, ...]
    colleagues: tuple[tuple[str, str], ...]


@router.get("/")
def get_queue(request: Request, user: Reader, asked: Annotated[Asked, Query()]) -> Response:
    services = services_of(request)
    now = services.clock.now()
    filters = asked.filters(user, now)
    with reading(services.database) as tx:
        found = records.search(tx, filters, asked.sort, PAGE, asked.cursor)
        counts = records.counts(tx, replace(filters, overdue=None, needs_review=None), now)
        names = users.names(tx, {each.violation.assignee for each in found.items if each.violation.assignee})
        colleagues = working_with(tx, user)
        changes = records.counts_of_changes(tx, [each.violation.id for each in found.items])
    looked(user, "violations", *(each.violation.id for each in found.items), by=sorted(asked.model_fields_set))
    following = found.next_cursor and asked.address(cursor=found.next_cursor)
    shown = Queue(
        asked,
        tuple(_tabs(asked, counts)),
        tuple(row(services, each.violation, names, now) for each in found.items),
        {each.violation.id: work.seen(changes.get(each.violation.id, 0)) for each in found.items},
        following,
        asked.address() if asked.cursor else None,
        checkpoints(services, user),
        tuple(ViolationStatus),
        tuple(reversed(Severity)),
        tuple(Regime),
        tuple(SubjectKind),
        SORTS,
        BULK if user.may(Permission.VIOLATIONS_WORK) else (),
        tuple(Ground),
        colleagues,
    )
    return page(request, user, "queue.html", shown)


@router.post("/next")
def post_next(request: Request, user: Worker) -> Response:
    """The most urgent one that nobody has in hand."""
    found = taken(services_of(request), user)
    path, done = (f"/violations/{found}", Action.TAKE.value) if found else ("/", "nothing")
    return seen_at(request, path, done)


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one of several: how it stands, and why it was refused, if it was."""

    violation: str
    title: str
    subject: str
    status: ViolationStatus | None
    refusal: Refusal | None


@dataclass(frozen=True, slots=True)
class Results:
    """What became of each; `back` is the queue they were chosen from."""

    action: Action
    items: tuple[Done, ...]
    back: str


class Several(Given):
    """The same for all that were chosen, each with what was seen of it behind a dot."""

    violation: list[str] = Field([], max_length=MOST_AT_ONCE)

    def chosen(self) -> dict[str, str]:
        """What was seen of each, by identifier."""
        return {name: seen for name, _, seen in (each.partition(".") for each in self.violation)}


@router.post("/several")
async def post_several(
    request: Request,
    user: Worker,
    given: Annotated[Several, Form()],
) -> Response:
    """Each for itself, with what became of it."""
    if not given.violation:
        hint = "choose them in the first column"
        raise Invalid("Nothing was done: no violation was chosen.", [Problem("violation", "is missing", hint)])
    services = services_of(request)
    made = await run_in_threadpool(acted_on_many, services, user, given.chosen(), given.asked())
    items = await run_in_threadpool(_results, request, user, given.action, made)
    return page(request, user, "several.html", Results(given.action, items, given.returns()))


def _results(request: Request, user: User, action: Action, made: Sequence[Mapping[str, Any]]) -> tuple[Done, ...]:
    services, tongue = services_of(request), language_of(request, user)
    rules = services.pipeline.in_force.rulebook.rules
    with reading(services.database) as tx:
        # Of what is not in the user's remit nothing is told, not even that it is there.
        known = {each["violation"]: records.find(tx, each["violation"]) for each in made if _may_be_seen(each)}
    done = []
    for each in made:
        found = known.get(each["violation"])
        rule = rules.get(found.rule) if found else None
        why = refusal(tongue, each["problem"], action, found.status if found else None) if each["problem"] else None
        title = tongue.text(rule.title) if rule else each["violation"]
        key = found.subject_key if found else None
        done.append(Done(each["violation"], title, key or "", found.status if found else None, why))
    return tuple(done)


def _may_be_seen(result: Mapping[str, Any]) -> bool:
    return not result["problem"] or result["problem"]["status"] != NOT_FOUND


def row(services: Services, violation: Violation, names: Mapping[str, str], now: datetime) -> Row:
    """What the table shows of a violation; its rule may have left the rulebook since."""
    rule = services.pipeline.in_force.rulebook.rules.get(violation.rule)
    due = due_at(violation.severity, violation.created_at)
    return Row(
        violation,
        rule.title if rule else {},
        checkpoint_named(services, violation.checkpoint),
        services.zone_of(violation.checkpoint),
        due,
        violation.status in UNDECIDED and due < now,
        names.get(violation.assignee or ""),
    )


def checkpoint_named(services: Services, code: str) -> str:
    known = services.pipeline.in_force.reference.checkpoints.get(code)
    return known.name if known else code


def checkpoints(services: Services, user: User) -> tuple[tuple[str, str], ...]:
    """Codes and names of those in the user's remit."""
    known = services.pipeline.in_force.reference.checkpoints.values()
    within = (each for each in known if user.remit.covers(each.state, each.code))
    return tuple((each.code, each.name) for each in sorted(within, key=lambda each: each.code))


def working_with(tx: Transaction, user: User) -> tuple[tuple[str, str], ...]:
    """Identifiers and names of others who decide on violations."""
    found = (each for each in users.every(tx) if each.id != user.id and not each.disabled_at)
    return tuple((each.id, each.name) for each in found if each.may(Permission.VIOLATIONS_WORK))


def _tabs(asked: Asked, counts: Mapping[str, int]) -> Iterator[Tab]:
    """Those with something, or asked for, or to work on; each leads to as many as it says."""
    plain = not (asked.overdue or asked.review)
    for each in ViolationStatus:
        current = plain and asked.status is each
        if counts[each] or each in UNDECIDED or current:
            address = asked.address(status=each.value, overdue=False, review=False)
            yield Tab(label(each), counts[each], address, current)
    yield Tab(
        marked("all"), None, asked.address(status="all", overdue=False, review=False), plain and asked.status is None
    )
    if counts["overdue"] or asked.overdue:
        current = asked.overdue and not asked.review and asked.status is None
        address = asked.address(status="all", overdue=True, review=False)
        yield Tab(marked("overdue"), counts["overdue"], address, current, late=True)
    if counts["needs_review"] or asked.review:
        current = asked.review and not asked.overdue and asked.status is None
        address = asked.address(status="all", overdue=False, review=True)
        yield Tab(marked("to be looked at again"), counts["needs_review"], address, current)


def _one(value: Any) -> tuple[Any, ...]:  # noqa: ANN401 (any filter)
    return (value,) if value else ()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
