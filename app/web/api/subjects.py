"""`GET /v1/subjects/{id}`, its stays counted day by day, and links between keys of one and the same subject."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.audit import log
from app.crossings import due, links, subjects
from app.crossings.due import Trigger
from app.crossings.links import Ground, Statement
from app.crossings.records import Cause
from app.errors import Invalid, NotFound, Problem
from app.evaluation import stays
from app.evaluation.engine import SCHENGEN
from app.evaluation.explaining import reason
from app.evaluation.record import new_id
from app.evaluation.stays import Asked, Assessed, Stays
from app.facts.limits import CalendarYear, Continuous, Limit, PerEntry, Rolling
from app.identity.keys import Credential
from app.identity.roles import Permission
from app.storage.engine import Transaction, alone_with, reading, transaction
from app.storage.types import is_storable
from app.vocabulary.countries import ISO3
from app.vocabulary.members import Day, ShortText, Text
from app.vocabulary.past import Leg
from app.web.api import schemas
from app.web.security import looked, permitted
from app.web.services import Services, services_of

router = APIRouter(prefix="/v1", tags=["subjects"])
_Officer = Annotated[Credential, Depends(permitted(Permission.CROSSINGS_READ))]
_Linker = Annotated[Credential, Depends(permitted(Permission.SUBJECTS_LINK))]
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
        keys, found = _subject(tx, identifier, _NEWEST)
        known = links.statements(tx, keys, ended=True)
        statuses = subjects.violations_by_status(tx, keys)
    looked(credential, "subject", identifier)
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
    """What is used and what remains of the limits asked for, and of those the rules set that applied to the person."""
    services = services_of(request)
    on = asked.on or services.clock.now().date()
    limits = [Asked(limit) for limit in asked.limits()]
    rulebook = services.pipeline.in_force.rulebook
    with reading(services.database) as tx:
        _, legs = _subject(tx, identifier)
        territory = asked.territory or _territory_of(services, legs[0], on)
        states = stays.states_of(rulebook, territory, on)
        latest = next((leg for leg in legs if leg.state in states and leg.day <= on), None)
        rules = subjects.governing(tx, latest.crossing, latest.key) if latest else []
    looked(credential, "stays", identifier)
    limits += stays.limits_of(rulebook, territory, rules, on)
    found = stays.count(legs, states, stays.since_of(rulebook, territory, on), on, limits)
    return {"subject": identifier, "territory": territory, "on": on, **_stays(found)}


def _subject(tx: Transaction, key: str, most: int | None = None) -> tuple[frozenset[str], list[Leg]]:
    """All keys of the subject, and its crossings; raises NotFound for a key that no crossing names."""
    keys = links.clusters(tx, [key])[key] if is_storable(key) else frozenset()
    found = subjects.legs(tx, keys, most) if keys else []
    if not found:
        raise NotFound(f"No crossing on record names {key}. A key is issuer and number, as CHN:E12345678.")
    return keys, found


def _territory_of(services: Services, leg: Leg, on: date) -> str:
    schengen = stays.states_of(services.pipeline.in_force.rulebook, SCHENGEN, on)
    return SCHENGEN if leg.state in schengen else leg.state


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
        "known": each.least == each.most,
        "least": asdict(each.least),
        "most": asdict(each.most),
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


class LinkAsked(BaseModel):
    """That another key names the same subject, or that it does not."""

    model_config = ConfigDict(extra="forbid")

    other: ShortText = Field(examples=["CHN:E98765432"])
    same: bool = True
    reason: Text = Field(examples=["old passport shown beside the new one"])


class EndAsked(BaseModel):
    """Why a link is ended."""

    model_config = ConfigDict(extra="forbid")

    reason: Text


@router.post(
    "/subjects/{identifier}/links",
    status_code=201,
    summary="Say that two keys name the same subject, or that they do not",
    response_model=schemas.LinkOut,
    responses=schemas.problems(401, 403, 404, 422, 503),
)
def post_link(request: Request, identifier: str, credential: _Linker, asked: LinkAsked) -> Any:  # noqa: ANN401 (checked by the response model)
    """An officer's statement counts before an exact match. It is recorded, audited, and can be ended again.

    All crossings of both are judged again.
    """
    if identifier == asked.other:
        raise Invalid("A key cannot be linked to itself.", [Problem("/other", "is the same key")])
    services = services_of(request)
    now = services.clock.now()
    pair = links.pair(identifier, asked.other)
    made = Statement(new_id(now), *pair, asked.same, Ground.OFFICER, now, credential.id, asked.reason)
    with transaction(services.database) as tx:
        for key in pair:
            _subject(tx, key, 1)
        replaced = [each for each in links.statements(tx, pair) if each.pair == pair and each.ground is Ground.OFFICER]
        _change(
            tx,
            made,
            replaced,
            Trigger(Cause.LINK, made.id, now),
            log.Entry(now, credential.id, "link" if asked.same else "part", made.id, {"reason": asked.reason}),
        )
    services.pipeline.wake()
    looked(credential, "link", made.id)
    return _link(made)


@router.post(
    "/links/{identifier}/end",
    summary="End a link between two keys",
    response_model=schemas.LinkOut,
    responses=schemas.problems(401, 403, 404, 422, 503),
)
def end_link(request: Request, identifier: str, credential: _Linker, asked: EndAsked) -> Any:  # noqa: ANN401 (checked by the response model)
    """An exact match that an officer ends stays ended: it is recorded that the two are not the same."""
    services = services_of(request)
    now = services.clock.now()
    with transaction(services.database) as tx:
        ended = links.get(tx, identifier)
        made = None
        if ended.ground is Ground.EXACT_MATCH:
            made = Statement(new_id(now), *ended.pair, False, Ground.OFFICER, now, credential.id, asked.reason)
        entry = log.Entry(now, credential.id, "end link", ended.id, {"reason": asked.reason})
        _change(tx, made, [ended], Trigger(Cause.LINK, ended.id, now), entry)
        told = links.get(tx, identifier, ended=True)
    services.pipeline.wake()
    looked(credential, "link", identifier)
    return _link(told)


def _change(
    tx: Transaction, made: Statement | None, ended: list[Statement], trigger: Trigger, entry: log.Entry
) -> None:
    """Record what changes, and mark the crossings of all subjects it concerns, before and after."""
    keys = {key for each in (*ended, *filter(None, [made])) for key in each.pair}
    every = _all_keys(tx, keys)
    alone_with(every, tx)
    links.end(tx, ended, trigger.since, entry.actor, str(entry.detail["reason"]))
    links.make(tx, filter(None, [made]))
    due.mark_subjects(tx, every | _all_keys(tx, keys), trigger)
    log.append(tx, entry)


def _all_keys(tx: Transaction, keys: set[str]) -> set[str]:
    return {key for each in links.clusters(tx, keys).values() for key in each}
