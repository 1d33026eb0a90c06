"""`GET /v1/subjects/{id}`, its stays counted day by day, and links between keys of one and the same subject."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from app.audit import log
from app.crossings import due, links, subjects
from app.crossings.due import Trigger
from app.crossings.links import Ground, Statement
from app.crossings.records import Cause
from app.errors import Invalid, NotFound, Problem
from app.evaluation.explaining import reason
from app.evaluation.record import new_id
from app.evaluation.stays import Assessed, Stays
from app.facts.limits import CalendarYear, Continuous, Limit, PerEntry, Rolling
from app.facts.subjects import as_stored
from app.identity.remit import EVERYWHERE, Remit
from app.identity.roles import Permission
from app.storage.engine import Transaction, reading, transaction
from app.vocabulary.countries import ISO3, SCHENGEN
from app.vocabulary.members import Day
from app.vocabulary.past import Leg
from app.web.api import body_schemas, schemas
from app.web.api.bodies import LinkAsked, asked_of, withdrawal_of
from app.web.security import Actor, looked, permitted
from app.web.services import Services, services_of
from app.web.subjects import stays_of, subject_of

router = APIRouter(prefix="/v1", tags=["subjects"])
_Officer = Annotated[Actor, Depends(permitted(Permission.CROSSINGS_READ))]
_Linker = Annotated[Actor, Depends(permitted(Permission.SUBJECTS_LINK))]
_NEWEST = 200
_MOST_LIMITS = 20


def _known_territory(text: str) -> str:
    if text not in ISO3 | {SCHENGEN}:
        raise ValueError("is not an ISO 3166 alpha-3 code, nor EUE for the Schengen states")
    return text


class StaysAsked(BaseModel):
    """Which days are asked about, and by which limits."""

    model_config = ConfigDict(extra="forbid")

    territory: Annotated[str, AfterValidator(_known_territory)] | None = Field(
        None, description="State, or EUE for the Schengen states; by default that of the latest crossing."
    )
    on: Day | None = Field(None, description="Day up to which is counted; by default today, in UTC.")
    rolling: list[Annotated[str, Field(pattern=r"^[0-9]{1,4}/[0-9]{1,5}$")]] = Field(
        [], description="At most so many days in any window of so many, as `90/180`.", max_length=_MOST_LIMITS
    )
    calendar_year: list[Annotated[int, Field(ge=0, le=365)]] = Field([], max_length=_MOST_LIMITS)
    continuous: list[Annotated[int, Field(ge=0, le=3650)]] = Field([], max_length=_MOST_LIMITS)
    per_entry: list[Annotated[int, Field(ge=0, le=3650)]] = Field([], max_length=_MOST_LIMITS)

    def limits(self) -> list[Limit]:
        """The limits asked for; raises Invalid for one that makes no sense."""
        pairs = [tuple(map(int, text.split("/"))) for text in self.rolling]
        return [
            *(Rolling(limit, window) for limit, window in pairs),
            *map(CalendarYear, self.calendar_year),
            *map(Continuous, self.continuous),
            *map(PerEntry, self.per_entry),
        ]


@router.get(
    "/subjects/{identifier}",
    summary="A person or company across its crossings",
    response_model=schemas.SubjectDetail,
    responses=schemas.problems(401, 403, 404, 503),
)
def get_subject(request: Request, identifier: str, credential: _Officer) -> Any:  # noqa: ANN401 (checked by the response model)
    """By one of its keys, as `CHN:E12345678`: all keys, how they came to be linked, and the newest crossings."""
    with reading(services_of(request).database) as tx:
        keys, found = subject_of(tx, identifier, _NEWEST, credential.remit)
        known = links.statements(tx, keys, ended=True)
        statuses = subjects.violations_by_status(tx, keys)
    looked(credential, "subject", found[0].crossing)
    return {
        "subject": identifier,
        "keys": sorted(keys),
        "links": [_link(each) for each in known],
        "crossings": [_leg(each) for each in found],
        "violations": statuses,
    }


@router.get(
    "/subjects/{identifier}/stays",
    summary="Days of a person in a territory, counted one by one",
    response_model=schemas.StaysOut,
    responses=schemas.problems(401, 403, 404, 422, 503),
)
def get_stays(request: Request, identifier: str, credential: _Officer, asked: Annotated[StaysAsked, Query()]) -> Any:  # noqa: ANN401 (checked by the response model)
    """What is used and what remains of the limits asked for, and of those that rules set whoever leaves that day."""
    services = services_of(request)
    on = asked.on or services.clock.now().date()
    told = stays_of(services, credential, identifier, on, asked.territory, asked.limits())
    head = {"subject": identifier, "territory": told.territory, "on": on, "since": told.since}
    return head | _stays(told.stays)


def _stays(found: Stays) -> dict[str, Any]:
    return {
        "stays": [
            {
                "entry": stay.entry.day if stay.entry else None,
                "exit": stay.exit.day if stay.exit else None,
                "earliest": None if stay.earliest == date.min else stay.earliest,
                "latest": stay.latest,
                "counted": counted,
                "basis": [basis or None for basis in stay.bases],
                "lacks": reason(stay.lacks) if stay.lacks else None,
            }
            for stay, counted in zip(found.sojourns, found.counted, strict=True)
        ],
        "days": found.days,
        "left_out": found.left_out,
        "limits": [_limit(each) for each in found.limits],
    }


def _limit(each: Assessed) -> dict[str, Any]:
    return {
        "limit": str(each.asked.limit),
        "rule": each.asked.rule,
        "applies": True if each.asked.certain else None,
        "known": each.least == each.most,
        "least": asdict(each.least),
        "most": asdict(each.most) if each.most else None,
    }


def _leg(leg: Leg) -> dict[str, Any]:
    return {
        "crossing": leg.crossing,
        "occurred_at": leg.at,
        "date": leg.day,
        "direction": leg.direction,
        "checkpoint": leg.checkpoint,
        "state": leg.state,
        "key": leg.key,
        "basis": leg.basis or None,
    }


def _link(each: Statement) -> dict[str, Any]:
    told = asdict(each)
    return {"link": told.pop("id"), **told}


@router.post(
    "/subjects/{identifier}/links",
    status_code=201,
    summary="Say that two keys name the same subject, or that they do not",
    response_model=schemas.LinkOut,
    openapi_extra=body_schemas.LINK_BODY,
    responses={
        200: {"model": schemas.LinkOut, "description": "It is said already."},
        **schemas.problems(400, 401, 403, 404, 413, 415, 422, 503),
    },
)
async def post_link(request: Request, response: Response, identifier: str, credential: _Linker) -> Any:  # noqa: ANN401 (checked by the response model)
    """An officer's statement counts before an exact match. It is recorded, audited, and can be ended again.

    All crossings of both are judged again.
    """
    services = services_of(request)
    asked = await asked_of(request, services.settings.max_body_bytes, LinkAsked)
    one, other = as_stored(identifier), as_stored(asked.other)
    if one == other:
        raise Invalid("A key cannot be linked to itself.", [Problem("/other", "is the same key")])
    now = services.clock.now()
    made = Statement(new_id(now), *links.pair(one, other), asked.same, Ground.OFFICER, now, credential.id, asked.reason)
    said = await run_in_threadpool(_say, services, made, credential.remit)
    looked(credential, "link", said.id)
    if said.id != made.id:
        response.status_code = 200
    return _link(said)


def _say(services: Services, made: Statement, remit: Remit) -> Statement:
    """Record the statement, unless it is in force already: that one then."""
    with transaction(services.database) as tx:
        for key in made.pair:
            subject_of(tx, key, 1, remit)
        # Another officer may be saying the contrary at this moment.
        before = links.alone(tx, made.pair)
        by_officers = [
            each for each in links.statements(tx, made.pair) if each.pair == made.pair and each.ground is Ground.OFFICER
        ]
        if by_officers and by_officers[-1].same is made.same:
            return by_officers[-1]
        detail = {"reason_sha256": log.digest(made.reason)}
        entry = log.Entry(made.made_at, made.made_by, "link" if made.same else "part", made.id, detail)
        _change(tx, before, made, by_officers, Trigger(Cause.LINK, made.id, made.made_at), entry, made.reason)
    services.pipeline.wake()
    return made


@router.post(
    "/links/{identifier}/end",
    summary="End a link between two keys",
    response_model=schemas.LinkOut,
    openapi_extra=body_schemas.END_BODY,
    responses=schemas.problems(400, 401, 403, 404, 413, 415, 422, 503),
)
async def end_link(request: Request, identifier: str, credential: _Linker) -> Any:  # noqa: ANN401 (checked by the response model)
    """An exact match that an officer ends stays ended: it is recorded that the two are not the same.

    For whoever has a remit, as for saying it, both must have crossed there.
    """
    services = services_of(request)
    reason, _ = await withdrawal_of(request, services.settings.max_body_bytes)
    ended = await run_in_threadpool(_end, services, identifier, credential, reason)
    looked(credential, "link", ended.id)
    return _link(ended)


def _end(services: Services, identifier: str, actor: Actor, reason: str) -> Statement:
    now = services.clock.now()
    with transaction(services.database) as tx:
        _check_within(tx, links.get(tx, identifier), actor.remit)
        before = links.alone(tx, links.get(tx, identifier).pair)
        ended = links.get(tx, identifier)
        if ended.ended_at is not None:
            return ended
        made = None
        if ended.ground is Ground.EXACT_MATCH:
            made = Statement(new_id(now), *ended.pair, False, Ground.OFFICER, now, actor.id, reason)
        entry = log.Entry(now, actor.id, "end link", ended.id, {"reason_sha256": log.digest(reason)})
        _change(tx, before, made, [ended], Trigger(Cause.LINK, ended.id, now), entry, reason)
        told = links.get(tx, identifier)
    services.pipeline.wake()
    return told


def _check_within(tx: Transaction, link: Statement, remit: Remit) -> None:
    """Raise NotFound, which names no key, unless both keys crossed within the remit."""
    clusters = links.clusters(tx, link.pair).values()
    if remit != EVERYWHERE and not all(subjects.crossed_within(tx, each, remit) for each in clusters):
        raise NotFound(f"There is no link {link.id}.")


def _change(  # one argument for each thing that is recorded
    tx: Transaction,
    before: set[str],
    made: Statement | None,
    ended: list[Statement],
    trigger: Trigger,
    entry: log.Entry,
    reason: str,
) -> None:
    """Record what changes, and mark the crossings of all subjects it concerns, `before` and after."""
    links.end(tx, ended, trigger.since, entry.actor, reason)
    links.make(tx, filter(None, [made]))
    due.mark_subjects(tx, before | links.all_keys(tx, before), trigger)
    log.append(tx, entry)
