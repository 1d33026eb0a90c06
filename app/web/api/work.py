"""What officers do with violations: take the next one, decide, note, attach, put a rule to sleep for somebody."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from app.clock import uuid7
from app.facts.subjects import as_stored
from app.identity.roles import Permission
from app.identity.users import User
from app.storage.engine import reading
from app.violations import attachments, missing, snoozes, work
from app.violations.attachments import MOST_BYTES, Attachment
from app.violations.snoozes import Snooze
from app.violations.workflow import Action, Asked
from app.vocabulary.codes import Ground
from app.vocabulary.members import Instant, ShortText, Text
from app.web.api import schemas
from app.web.api.bodies import asked_of, read_body
from app.web.files import as_file
from app.web.paging import next_page
from app.web.security import Actor, looked, permitted, person
from app.web.services import services_of
from app.web.working import MOST_AT_ONCE, acted, acted_on_many, attached, in_one, taken

router = APIRouter(prefix="/v1", tags=["work"])
_Worker = Annotated[User, Depends(person(Permission.VIOLATIONS_WORK))]
_Supervisor = Annotated[User, Depends(person(Permission.VIOLATIONS_SUPERVISE))]
_Reader = Annotated[Actor, Depends(permitted(Permission.VIOLATIONS_READ))]
_REFUSALS = (400, 401, 403, 404, 409, 413, 415, 422, 503)


class Transition(BaseModel):
    """What is done with a violation. Which members an action needs is told where one is missing."""

    model_config = ConfigDict(extra="forbid", strict=True)

    action: Annotated[Action, Field(strict=False)]
    reason: Text = ""
    ground: Annotated[Ground, Field(strict=False)] | None = Field(None, description="Of a dismissal.")
    measure: Text = Field("", description="What was done, of a closed one that stands.")
    protocol: Annotated[str, Field(max_length=64)] = Field("", description="Number of the record of the violation.")
    to: Annotated[str, Field(max_length=36)] | None = Field(None, description="User it is handed over to.")

    reply_by: Annotated[date, Field(strict=False)] | None = Field(
        None, description="Last day for a reply to a notice, at the checkpoint; 45 days from today unless given."
    )

    def asked(self) -> Asked:
        texts = (self.measure.strip(), self.protocol.strip())
        return Asked(self.action, self.reason, self.ground, *texts, self.to, reply_by=self.reply_by)


class Transitions(Transition):
    """The same for several violations."""

    violations: Annotated[list[Annotated[str, Field(max_length=36)]], Field(min_length=1, max_length=MOST_AT_ONCE)]


class Commented(BaseModel):
    """A note for colleagues."""

    model_config = ConfigDict(extra="forbid", strict=True)

    text: Text


class Snoozing(BaseModel):
    """Which rule is to sleep for which subject, until when, and why."""

    model_config = ConfigDict(extra="forbid", strict=True)

    rule: ShortText
    subject: ShortText
    until: Annotated[Instant, Field(strict=False)]
    ground: Text


@router.post(
    "/violations/next",
    summary="Take the most urgent violation",
    response_model=schemas.Worked,
    responses={204: {"description": "Nothing waits in your remit."}, **schemas.problems(401, 403, 503)},
)
def post_next(request: Request, user: _Worker) -> Any:  # noqa: ANN401 (checked by the response model)
    """The gravest, then the oldest in the user's remit that nobody has in hand; two who ask at once get two."""
    found = taken(services_of(request), user)
    return {"violation": found, "status": "in_review"} if found else Response(status_code=204)


@router.post(
    "/violations/{identifier}/transitions",
    summary="Decide on a violation",
    response_model=schemas.Worked,
    openapi_extra=schemas.body(Transition, {"action": "dismiss", "ground": "data_error", "reason": "misread"}),
    responses=schemas.problems(*_REFUSALS),
)
async def post_transition(request: Request, identifier: str, user: _Worker) -> Any:  # noqa: ANN401 (checked by the response model)
    """What cannot be done is refused with what can: 409 for its status, 403 where another officer must do it."""
    services = services_of(request)
    asked = (await asked_of(request, services.settings.max_body_bytes, Transition)).asked()
    return {
        "violation": identifier,
        "status": await run_in_threadpool(acted, services, user, identifier, asked),
    }


@router.post(
    "/violations/transitions",
    summary="Decide on several violations",
    response_model=schemas.WorkedMany,
    openapi_extra=schemas.body(Transitions, {"violations": ["0192…"], "action": "take"}),
    responses=schemas.problems(400, 401, 403, 413, 415, 422, 503),
)
async def post_transitions(request: Request, user: _Worker) -> Any:  # noqa: ANN401 (checked by the response model)
    """Each for itself: `items` says of each what became of it, with the problem where it was refused."""
    services = services_of(request)
    asked = await asked_of(request, services.settings.max_body_bytes, Transitions)
    chosen = dict.fromkeys(asked.violations, "")
    return {"items": await run_in_threadpool(acted_on_many, services, user, chosen, asked.asked())}


@router.post(
    "/violations/{identifier}/comments",
    summary="Note something on a violation",
    response_model=schemas.Worked,
    openapi_extra=schemas.body(Commented, {"text": "The carrier was called."}),
    responses=schemas.problems(*_REFUSALS),
)
async def post_comment(request: Request, identifier: str, user: _Worker) -> Any:  # noqa: ANN401 (checked by the response model)
    """A note in the timeline, for colleagues."""
    services = services_of(request)
    text = (await asked_of(request, services.settings.max_body_bytes, Commented)).text
    asked = Asked(Action.COMMENT, text)
    return {"violation": identifier, "status": await run_in_threadpool(acted, services, user, identifier, asked)}


@router.post(
    "/violations/{identifier}/attachments",
    status_code=201,
    summary="Add a file to a violation",
    response_model=schemas.AttachmentOut,
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {}}}},
    responses=schemas.problems(*_REFUSALS),
)
async def post_attachment(
    request: Request, identifier: str, user: _Worker, name: Annotated[str, Query(min_length=1, max_length=200)]
) -> Any:  # noqa: ANN401 (checked by the response model)
    """The body is the file: PDF, PNG or JPEG, told by its content, of at most 10 MiB."""
    content = await read_body(request, MOST_BYTES)
    return _attachment(await run_in_threadpool(attached, services_of(request), user, identifier, name, content))


@router.get(
    "/attachments/{identifier}",
    summary="A file of a violation",
    response_class=Response,
    responses=schemas.problems(401, 403, 404, 503),
)
def get_attachment(request: Request, identifier: str, actor: _Reader) -> Response:
    """For saving, never shown in place: whatever it is, it runs nothing here."""
    with reading(services_of(request).database) as tx:
        found = attachments.get(tx, identifier)
        work.check_within(tx, actor.remit, found.violation)
    looked(actor, "attachment", identifier)
    headers = {"Content-Disposition": as_file(found.name), "Content-Security-Policy": "sandbox"}
    return Response(found.content, media_type=found.media_type, headers=headers)


def _attachment(found: Attachment) -> dict[str, Any]:
    size = len(found.content)
    return {
        "attachment": found.id,
        "name": found.name,
        "media_type": found.media_type,
        "bytes": size,
        "sha256": found.sha256,
    }


class MissingAsked(BaseModel):
    """What a page of undetermined findings is asked for."""

    model_config = ConfigDict(extra="forbid")

    rule: ShortText | None = None
    checkpoint: ShortText | None = None
    limit: int = Field(50, ge=1, le=500)
    cursor: ShortText | None = Field(None, description="From `next` of the page before.")


@router.get(
    "/undetermined",
    summary="Findings for which papers or particulars are missing",
    response_model=schemas.MissingPage,
    responses=schemas.problems(401, 403, 422, 503),
)
def get_undetermined(
    request: Request, response: Response, actor: _Reader, asked: Annotated[MissingAsked, Query()]
) -> Any:  # noqa: ANN401 (checked by the response model)
    """The newest first. Whoever adds what is missing corrects the crossing: it is judged again then."""
    services = services_of(request)
    with reading(services.database) as tx:
        page = missing.search(tx, remit=actor.remit, **asked.model_dump())
    looked(actor, "undetermined", *(each.crossing for each in page.items))
    following = next_page(request, response, page.next) if page.next else None
    rules = services.pipeline.in_force.rulebook.rules
    items = [
        {
            "finding": each.id,
            "crossing": each.crossing,
            "id": each.event_id,
            "source": each.source,
            "checkpoint": each.checkpoint,
            "occurred_at": each.occurred_at,
            "rule": each.rule,
            "version": each.version,
            "title": dict(rules[each.rule].title) if each.rule in rules else {},
            "severity": each.severity,
            "subject": {"kind": each.subject_kind, "index": each.subject_position},
            "missing": list(each.missing),
        }
        for each in page.items
    ]
    return {"items": items, "next": following}


@router.post(
    "/snoozes",
    status_code=201,
    summary="Put a rule to sleep for a subject",
    response_model=schemas.SnoozeOut,
    openapi_extra=schemas.body(
        Snoozing,
        {"rule": "RUS-TDOC-001", "subject": "CHN:E12345678", "until": "2026-12-01T00:00:00Z", "ground": "renewed"},
    ),
    responses=schemas.problems(400, 401, 403, 413, 415, 422, 503),
)
async def post_snooze(request: Request, user: _Supervisor) -> Any:  # noqa: ANN401 (checked by the response model)
    """For at most 90 days and on a ground. What the rule finds is stored as ever, and stays out of the queue.

    Whoever has a remit may, if the subject crossed there where the rule holds; so for seeing and ending it.
    """
    services = services_of(request)
    asked = await asked_of(request, services.settings.max_body_bytes, Snoozing)
    now, rules = services.clock.now(), services.pipeline.in_force.rulebook.rules
    made = Snooze(str(uuid7(now)), asked.rule, as_stored(asked.subject), asked.until, asked.ground, now, user.id)
    await run_in_threadpool(in_one, services, lambda tx, _: snoozes.make(tx, user, made, rules))
    looked(user, "snooze", made.id)
    return _snooze(made)


@router.get(
    "/snoozes",
    summary="Rules that sleep",
    response_model=schemas.Snoozes,
    responses=schemas.problems(401, 403, 503),
)
def get_snoozes(request: Request, actor: _Reader) -> Any:  # noqa: ANN401 (checked by the response model)
    """Those that last and lie within the remit, the first to end first."""
    services = services_of(request)
    with reading(services.database) as tx:
        found = snoozes.lasting(tx, actor.remit, services.clock.now(), services.pipeline.in_force.rulebook.rules)
    looked(actor, "snoozes", *(each.id for each in found))
    return {"items": [_snooze(each) for each in found]}


@router.delete(
    "/snoozes/{identifier}",
    status_code=204,
    summary="Wake a rule that sleeps",
    responses=schemas.problems(401, 403, 404, 503),
)
def delete_snooze(request: Request, identifier: str, user: _Supervisor) -> Response:
    """What it found meanwhile is in the queue from now on."""
    services = services_of(request)
    rules = services.pipeline.in_force.rulebook.rules
    in_one(services, lambda tx, now: snoozes.end(tx, user, identifier, now, rules))
    return Response(status_code=204)


def _snooze(each: Snooze) -> dict[str, Any]:
    return {
        "snooze": each.id,
        "rule": each.rule,
        "subject": each.subject_key,
        "until": each.until,
        "ground": each.ground,
        "made_at": each.made_at,
        "made_by": each.made_by,
    }
