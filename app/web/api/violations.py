"""`GET /v1/violations` and `GET /v1/violations/{id}`."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from app.errors import Forbidden, Invalid, Problem, Unauthenticated, Unavailable
from app.identity.roles import Permission
from app.identity.users import User
from app.language.ir import Rulebook
from app.storage.engine import Transaction, reading
from app.violations import records
from app.violations.paging import Sort
from app.violations.work import by, state
from app.violations.workflow import UNDECIDED, Action, due_at, possible
from app.vocabulary.codes import Outcome, Regime, Severity, SubjectKind, ViolationStatus
from app.vocabulary.members import Instant
from app.web import looking
from app.web.api import schemas
from app.web.api.exports import MEDIA_TYPES, MOST_ROWS, Form, form_asked_for, streamed, too_many, workbook
from app.web.paging import next_page
from app.web.security import Actor, looked, permitted, require
from app.web.services import Services, services_of
from app.web.working import changed

_POLL_SECONDS: Final = 1.0
# Looks after which it is asked again who listens.
_LOOKS: Final = 5
_RETRY_MILLISECONDS: Final = 3000
_EXPORTED_AT_ONCE: Final = 500
# So much later than it says another server may have stored one.
_LATE: Final = timedelta(seconds=10)
router = APIRouter(prefix="/v1/violations", tags=["violations"])
_Text = Annotated[str, Field(min_length=1, max_length=200)]
_Officer = Annotated[Actor, Depends(permitted(Permission.VIOLATIONS_READ))]


def _files(*forms: Form) -> dict[str, Any]:
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {"description": "Those that were asked for.", "content": {MEDIA_TYPES[form]: binary for form in forms}}


class Filtering(BaseModel):
    """What is asked for, in which order; a filter of another name would show too much, so it is refused."""

    model_config = ConfigDict(extra="forbid")

    status: list[ViolationStatus] = Field([], description="Any of these.")
    outcome: list[Outcome] = Field([], description="Any of these: what was decided last.")
    assignee: list[_Text] = Field([], description="Any of these users has it in hand; `me` is who asks.")
    protocol: list[_Text] = Field([], description="Number of the record it was closed with; any of these.")
    needs_review: bool | None = Field(None, description="What it rests on has changed since it was decided.")
    overdue: bool = Field(False, description="Only those that were to be decided by now and are not.")
    snoozed: bool | None = Field(None, description="Only those of rules that sleep for their subjects, or do not.")
    rule: list[_Text] = Field([], description="Any of these.")
    regime: list[Regime] = Field([], description="Any of these.")
    jurisdiction: list[_Text] = Field([], description="Any of these.")
    severity: list[Severity] = Field([], description="Any of these.")
    checkpoint: list[_Text] = Field([], description="Any of these.")
    subject_kind: list[SubjectKind] = Field([], description="Any of these.")
    subject: list[_Text] = Field([], description="Key of a subject, as `CHN:E12345678`; any of these.")
    occurred_from: Instant | None = Field(None, description="Included.")
    occurred_until: Instant | None = Field(None, description="Not included.")
    updated_since: Instant | None = Field(None, description="Included.")
    as_of: Instant | None = Field(None, description="As they were known at this instant.")
    q: _Text | None = Field(None, description="Part of a rule, checkpoint, subject key or event id, in any case.")
    sort: Sort = Field(Sort.NEWEST, description="A leading minus: latest, or gravest, first.")

    def filters(self, actor: Actor, now: datetime) -> records.Filters:
        """The filters alone, within the remit of who asks, at an instant."""
        given: dict[str, Any] = self.model_dump(exclude={"sort", "limit", "cursor", "overdue", "snoozed"})
        given["assignee"] = [actor.id if each == "me" else each for each in self.assignee]
        return records.Filters(
            **{name: _tuple(value) for name, value in given.items()},
            overdue=now if self.overdue else None,
            snoozed=None if self.snoozed is None else (self.snoozed, now),
            remit=actor.remit,
        )


class Asked(Filtering):
    """A page of them."""

    limit: int = Field(50, ge=1, le=500)
    cursor: Annotated[str, Field(max_length=500)] | None = Field(None, description="From `next` of the page before.")


def _tuple(value: Any) -> Any:  # noqa: ANN401 (any filter)
    return tuple(value) if isinstance(value, list) else value


@router.get(
    "",
    summary="Violations, page by page",
    response_model=schemas.ViolationPage,
    responses={200: _files(*Form), **schemas.problems(401, 403, 422, 429, 503)},
)
def list_violations(
    request: Request, response: Response, credential: _Officer, asked: Annotated[Asked, Query()]
) -> Any:  # noqa: ANN401 (checked by the response model)
    """All given filters must be met, each by any of its values. What is stored meanwhile shifts no page.

    Asked to `Accept` CSV, a workbook or lines of JSON, all pages as one file.
    """
    if form := form_asked_for(request):
        given = [name for name in ("limit", "cursor") if name in request.query_params]
        if given:
            raise Invalid(
                "A file is of all pages.", [Problem(name, "is of single pages", "leave it out") for name in given]
            )
        return _exported(request, credential, asked, form)
    services = services_of(request)
    now = services.clock.now()
    with reading(services.database) as tx:
        filters = looking.with_all_keys(tx, asked.filters(credential, now))
        page = records.search(tx, filters, asked.sort, asked.limit, asked.cursor)
    shown = [each.violation.id for each in page.items]
    looked(credential, "violations", *shown, by=sorted({*request.query_params} - {"cursor"}))
    following = next_page(request, response, page.next_cursor) if page.next_cursor else None
    rulebook = services.pipeline.in_force.rulebook
    return {"items": [_violation(item, rulebook, asked.as_of or now) for item in page.items], "next": following}


@router.get(
    ".csv",
    summary="Violations as a table (CSV)",
    response_class=Response,
    responses={200: _files(Form.CSV), **schemas.problems(401, 403, 422, 503)},
)
def get_csv(request: Request, credential: _Officer, asked: Annotated[Filtering, Query()]) -> Response:
    """All that meet the filters, in UTF-8 with a byte order mark. A cell that looks like a formula begins with `'`."""
    return _exported(request, credential, asked, Form.CSV)


@router.get(
    ".xlsx",
    summary="Violations as a workbook",
    response_class=Response,
    responses={200: _files(Form.XLSX), **schemas.problems(401, 403, 422, 429, 503)},
)
def get_xlsx(request: Request, credential: _Officer, asked: Annotated[Filtering, Query()]) -> Response:
    """All that meet the filters, at most 100,000; instants are in UTC."""
    return _exported(request, credential, asked, Form.XLSX)


@router.get(
    ".ndjson",
    summary="Violations as lines of JSON",
    response_class=Response,
    responses={200: _files(Form.NDJSON), **schemas.problems(401, 403, 422, 503)},
)
def get_ndjson(request: Request, credential: _Officer, asked: Annotated[Filtering, Query()]) -> Response:
    """All that meet the filters, each as an item of a page.

    To follow, sort by `updated_at` and ask for `updated_since` the last line's, less a minute: what another server
    stores at the same time may come a moment late, so the last ones come again.
    """
    return _exported(request, credential, asked, Form.NDJSON)


def _exported(request: Request, actor: Actor, asked: Filtering, form: Form) -> Response:
    services = services_of(request)
    now, rulebook = services.clock.now(), services.pipeline.in_force.rulebook
    at = asked.as_of or now
    by = sorted({*request.query_params})

    def told(page: records.Page) -> list[schemas.ViolationOut]:
        looked(actor, "violations", *(each.violation.id for each in page.items), by=by, form=form.value)
        return [schemas.ViolationOut.model_validate(_violation(each, rulebook, at)) for each in page.items]

    with reading(services.database) as tx:
        filters = looking.with_all_keys(tx, asked.filters(actor, now))
    if form is not Form.XLSX:
        return streamed(form, map(told, _pages(services, filters, asked.sort)), now)
    with reading(services.database) as tx:
        if records.are_more(tx, filters, MOST_ROWS):
            raise too_many()
        return workbook(map(told, _pages_in(tx, filters, asked.sort)), now)


def _pages(services: Services, filters: records.Filters, sort: Sort) -> Iterator[records.Page]:
    """Each in a transaction of its own; one at least."""
    cursor: str | None = None
    while True:
        with reading(services.database) as tx:
            page = records.search(tx, filters, sort, _EXPORTED_AT_ONCE, cursor)
        yield page
        if (cursor := page.next_cursor) is None:
            return


def _pages_in(tx: Transaction, filters: records.Filters, sort: Sort) -> Iterator[records.Page]:
    page = records.search(tx, filters, sort, _EXPORTED_AT_ONCE)
    yield page
    while page.next_cursor:
        page = records.search(tx, filters, sort, _EXPORTED_AT_ONCE, page.next_cursor)
        yield page


@router.get(
    "/stream",
    summary="Violations as they come and change",
    response_class=EventSourceResponse,
    responses=schemas.problems(401, 403, 503),
)
async def stream_violations(request: Request, actor: _Officer) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events, one for each violation within the remit that is new or has changed since it was asked.

    It ends within seconds of the session, or of the key.
    """
    services = services_of(request)
    since = services.clock.now()
    known: dict[str, datetime] = {}
    yield ServerSentEvent(comment="open", retry=_RETRY_MILLISECONDS)
    for look in count(1):
        if await request.is_disconnected():
            return
        if look % _LOOKS == 0:
            try:
                actor = await require(request, Permission.VIOLATIONS_READ)
            except (Unauthenticated, Forbidden):
                return
            except Unavailable:
                pass  # nothing is told then either
        filters = records.Filters(updated_since=since - _LATE, remit=actor.remit)
        for violation in await run_in_threadpool(changed, services, filters):
            if known.get(violation.id) != violation.updated_at and violation.updated_at >= since - _LATE:
                known[violation.id] = violation.updated_at
                yield ServerSentEvent(event="violation", data=_told_of(violation))
        now = services.clock.now()
        since = max(since, now - _LATE)
        known = {name: at for name, at in known.items() if at >= since - _LATE}
        await asyncio.sleep(_POLL_SECONDS)


def _told_of(violation: records.Violation) -> dict[str, Any]:
    names = ("status", "severity", "rule", "checkpoint", "occurred_at", "updated_at")
    return {"violation": violation.id, **{name: getattr(violation, name) for name in names}}


@router.get(
    "/{identifier}",
    summary="One violation, with why",
    response_model=schemas.ViolationDetail,
    responses=schemas.problems(401, 403, 404, 503),
)
def get_violation(
    request: Request,
    identifier: str,
    credential: _Officer,
    as_of: Annotated[Instant | None, Query(description="As it was known at this instant.")] = None,
) -> Any:  # noqa: ANN401 (checked by the response model)
    """The explanation: version and why, article with source, the tree of conditions; and the subject's facts.

    They are those of the newest decision that finds it.
    """
    services = services_of(request)
    seen = looking.violation(services, credential, identifier, as_of)
    looked(credential, "violation", identifier)
    listed = seen.detail.listed
    rulebook = seen.rulebook or services.pipeline.in_force.rulebook
    return {
        **_violation(listed, rulebook, as_of or services.clock.now()),
        "decision": seen.detail.decision,
        "rulebook": seen.detail.rulebook,
        "explanation": seen.detail.explanation,
        "law": seen.law,
        "milder_law": seen.milder,
        "facts": seen.detail.facts,
        "changes": [_change(each, seen.names) for each in seen.changes],
        "possible": _possible(seen, credential) if as_of is None else [],
    }


def _possible(seen: looking.Seen, actor: Actor) -> list[Action]:
    return possible(state(seen.detail.listed.violation, seen.changes), by(actor)) if isinstance(actor, User) else []


def _change(change: records.Change, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "at": change.at,
        "actor": change.actor,
        "name": names.get(change.actor),
        "action": change.action,
        "status": change.status,
        "outcome": change.outcome,
        "assignee": change.assignee,
        "detail": change.detail,
        "needs_review": change.needs_review,
        "reason": change.reason,
        "decision": change.decision,
        "superseded_by": change.successor,
    }


def _violation(listed: records.Listed, rulebook: Rulebook, now: datetime) -> dict[str, Any]:
    violation = listed.violation
    due = due_at(violation.severity, violation.created_at)
    rule = rulebook.rules.get(violation.rule)
    return {
        "violation": violation.id,
        "crossing": violation.crossing,
        "id": violation.event_id,
        "source": listed.source,
        "status": violation.status,
        "needs_review": violation.needs_review,
        "outcome": violation.outcome,
        "assignee": violation.assignee,
        "decided_by": violation.decided_by,
        "protocol": violation.protocol,
        "due_at": due,
        "overdue": violation.status in UNDECIDED and due < now,
        "rule": violation.rule,
        "version": violation.version,
        # A rule may have left the rulebook since; its identifier is then all there is.
        "title": dict(rule.title) if rule else {},
        "regime": violation.regime,
        "jurisdiction": violation.jurisdiction,
        "severity": violation.severity,
        "advice": violation.advice,
        "checkpoint": violation.checkpoint,
        "direction": violation.direction,
        "mode": violation.mode,
        "subject": {
            "kind": violation.subject_kind,
            "index": violation.subject_position,
            "key": violation.subject_key,
        },
        "occurred_at": violation.occurred_at,
        "date": violation.local_date,
        "created_at": violation.created_at,
        "updated_at": violation.updated_at,
    }
