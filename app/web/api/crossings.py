"""`POST /v1/crossings`, `POST /v1/evaluate`, `GET /v1/crossings/{id}`, and its corrections and withdrawal."""

import asyncio
import time
from datetime import datetime, timedelta
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from app.crossings import due, records, revisions
from app.errors import Forbidden, Invalid, NotFound, Problem
from app.evaluation.answer import unstored
from app.evaluation.batch import Stored
from app.evaluation.record import Received
from app.evaluation.revise import Revising
from app.facts.codec import plain
from app.identity.roles import Permission
from app.storage.engine import reading
from app.vocabulary.members import Instant
from app.vocabulary.wire import Crossing
from app.web.api import body_schemas, schemas
from app.web.api.bodies import Body, correction_of, event_of, withdrawal_of
from app.web.paging import next_page
from app.web.security import Actor, looked, permitted, require
from app.web.services import Services, rulebook_of, services_of

router = APIRouter(prefix="/v1", tags=["crossings"])
sending = APIRouter(prefix="/v1", tags=["crossings"])
"""The path of events alone."""
# Clocks of checkpoints are wrong by minutes; a day covers every mistake of a time zone too.
AHEAD = timedelta(days=1)
_GREATEST = 2**31 - 1
# Subjects whose verdicts are told in less time than it takes to hand them over to another thread.
_FEW = 4
_REPLAYED = {"Idempotent-Replayed": "true"}


@sending.post(
    "/crossings",
    status_code=201,
    summary="Store and judge one crossing event",
    openapi_extra=body_schemas.EVENT_BODY,
    responses={
        201: {"model": schemas.Answer, "description": "Event, decision and violations are committed."},
        200: {"model": schemas.Answer, "description": "The same event came again; `Idempotent-Replayed: true`."},
        **schemas.problems(400, 401, 403, 409, 413, 415, 422, 429, 503),
    },
)
async def post_crossing(request: Request) -> Response:
    """Answered after the transaction is committed. Sending the same event again gives the same answer."""
    services = services_of(request)
    # Not by dependencies: this is the path every event takes, and solving them costs as much as storing it.
    credential = await require(request, Permission.CROSSINGS_WRITE)
    body = await event_of(request, services.settings.max_body_bytes)
    began = time.perf_counter()
    stored = await ingest(services, credential, body)
    services.metrics.seconds.observe(time.perf_counter() - began)
    services.metrics.stored(stored)
    answer = await told(services, stored)
    headers = {"Location": f"/v1/crossings/{stored.crossing}"} | (_REPLAYED if stored.replayed else {})
    if stored.revision > 1:
        headers["X-Revision"] = str(stored.revision)
    return Response(answer, 200 if stored.replayed else 201, headers, media_type="application/json")


async def told(services: Services, stored: Stored) -> bytes:
    """What the sender of an event is told: at a post, whether it is provisional."""
    return await run_in_threadpool(services.post.answer, stored) if services.post else stored.answer


def ingest(services: Services, credential: Actor, body: Body) -> asyncio.Future[Stored]:
    """Hand an event to the pipeline; raises Forbidden, Invalid or Unavailable, and so may the future."""
    if not credential.may_send(body.event.source):
        raise Forbidden(f"This key may not send events of {body.event.source}.")
    now = services.clock.now()
    _check_clock(body.event, now)
    expected = services.expected()
    services.pipeline.take(body.event, Received(body.content, body.digest, now, credential.id), expected)
    return expected.future


def _check_clock(event: Crossing, now: datetime, place: str = "") -> None:
    """Refuse what has not happened yet: judged by the law of a wrong day, it would accuse or clear without ground."""
    if event.occurred_at - now > AHEAD:
        problem = Problem(
            f"{place}/occurred_at", "lies more than a day ahead of the service's clock", f"it is {now.isoformat()}"
        )
        raise Invalid("The event has not happened yet; nothing was stored. Set the sender's clock.", [problem])


@router.post(
    "/evaluate",
    summary="Judge an event without storing anything",
    openapi_extra=body_schemas.EVENT_BODY,
    responses={200: {"model": schemas.Evaluated}, **schemas.problems(400, 401, 403, 413, 415, 422, 429, 503)},
)
async def post_evaluate(
    request: Request,
    credential: Annotated[Actor, Depends(permitted(Permission.RULES_EVALUATE))],
    *,
    every: Annotated[
        bool, Query(alias="all", description="Give every rule's verdict, also compliant and not applicable.")
    ] = False,
) -> Response:
    """The same body and answer as a crossing, with the facts each subject was judged by.

    What is on record of a subject counts only for whoever may read crossings, and in whose remit it crossed once; else
    it is as if nothing were. So of the passenger lists and the traffic of a checkpoint, if that is in the remit.
    """
    services = services_of(request)
    body = await event_of(request, services.settings.max_body_bytes)
    remember = credential.may(Permission.CROSSINGS_READ)
    asked = services.pipeline.evaluate(body.event, every=every, remember=remember, remit=credential.remit)
    decision = await asyncio.wrap_future(asked)
    # By no name of the sender's own; the digest proves which event it was to whoever has it.
    looked(credential, "evaluation", body.digest, *decision.remembered)

    def written() -> bytes:
        rulebook = rulebook_of(services, decision.rulebook)
        assert rulebook  # noqa: S101 (it judged a moment ago)
        return orjson.dumps(unstored(decision, rulebook, services.clock.now()))

    # A thousand persons make an answer that takes seconds to write; other senders must not wait for it.
    few = len(decision.judgements) <= _FEW and services.pipeline.in_force.rulebook.digest == decision.rulebook
    return Response(written() if few else await run_in_threadpool(written), media_type="application/json")


@router.post(
    "/crossings/{identifier}/corrections",
    status_code=201,
    summary="Correct a stored crossing",
    openapi_extra=body_schemas.CORRECTION_BODY,
    responses={
        201: {"model": schemas.Answer, "description": "The correction and what follows from it are committed."},
        200: {"model": schemas.Answer, "description": "The crossing stands like this already."},
        **schemas.problems(400, 401, 403, 404, 409, 413, 415, 422, 429, 503),
    },
)
async def post_correction(
    request: Request,
    identifier: str,
    credential: Annotated[Actor, Depends(permitted(Permission.CROSSINGS_CORRECT))],
) -> Response:
    """The whole corrected event, and why. What was known before stays on record; `X-Revision` is the new revision.

    Later crossings of the same subjects are judged again: see `rederivation` of `/readyz`.
    """
    services = services_of(request)
    sent = await correction_of(request, services.settings.max_body_bytes)
    now = services.clock.now()
    _check_clock(sent.body.event, now, "/event")
    received = Received(sent.body.content, sent.body.digest, now, credential.id)
    return await _revise(
        request, credential, Revising(identifier, received, sent.reason, sent.body.event, sent.revises)
    )


@router.post(
    "/crossings/{identifier}/withdrawal",
    status_code=201,
    summary="Take a stored crossing back",
    openapi_extra=body_schemas.WITHDRAWAL_BODY,
    responses={
        201: {"model": schemas.Withdrawn, "description": "The withdrawal and what follows from it are committed."},
        200: {"model": schemas.Withdrawn, "description": "It is withdrawn already."},
        **schemas.problems(400, 401, 403, 404, 409, 413, 415, 422, 429, 503),
    },
)
async def post_withdrawal(
    request: Request,
    identifier: str,
    credential: Annotated[Actor, Depends(permitted(Permission.CROSSINGS_CORRECT))],
) -> Response:
    """For an event that never was. It stays on record, and nothing is concluded of it any more."""
    services = services_of(request)
    reason, revises = await withdrawal_of(request, services.settings.max_body_bytes)
    received = Received(b"", "", services.clock.now(), credential.id)
    return await _revise(request, credential, Revising(identifier, received, reason, None, revises))


async def _revise(request: Request, credential: Actor, revising: Revising) -> Response:
    services = services_of(request)
    await run_in_threadpool(_check_sender, services, credential, revising.crossing)
    if revising.event and credential.may(Permission.CROSSINGS_READ):
        _check_place(services, credential, revising.event.checkpoint)
    made = await asyncio.wrap_future(services.pipeline.revise(revising))
    looked(credential, "correction" if revising.event else "withdrawal", revising.crossing)
    headers = {"X-Revision": str(made.revision)} | (_REPLAYED if made.replayed else {})
    return Response(made.answer, 200 if made.replayed else 201, headers, media_type="application/json")


def _check_sender(services: Services, credential: Actor, identifier: str) -> None:
    """A checkpoint system corrects what its own sources sent, an officer within the remit; neither learns of others."""
    with reading(services.database) as tx:
        if credential.may(Permission.CROSSINGS_READ):
            records.check_within(tx, identifier, credential.remit)
            return
        source = records.source_of(tx, identifier)
    if source is None or not credential.may_send(source):
        raise NotFound(f"There is no crossing {identifier} of this key's sources.")


def _check_place(services: Services, actor: Actor, checkpoint: str) -> None:
    place = services.pipeline.in_force.reference.checkpoints.get(checkpoint)
    if place and not actor.remit.covers(place.state, checkpoint):
        raise Forbidden(f"{checkpoint} is not in your remit: who works at both places must correct this crossing.")


@router.get(
    "/crossings/{identifier}",
    summary="A crossing as received, with what was decided",
    response_model=schemas.CrossingOut,
    responses=schemas.problems(401, 403, 404, 422, 503),
)
def get_crossing(  # one argument for each parameter of the request
    request: Request,
    response: Response,
    identifier: str,
    credential: Annotated[Actor, Depends(permitted(Permission.CROSSINGS_READ))],
    as_of: Annotated[Instant | None, Query(description="As it was known at this instant.")] = None,
    cursor: Annotated[int | None, Query(ge=1, le=_GREATEST, description="From `next` of the page before.")] = None,
) -> Any:  # noqa: ANN401 (checked by the response model)
    """The event, its subjects, and the newest decisions, newest first, with findings and their explanations.

    `next` leads to earlier decisions.
    """
    with reading(services_of(request).database) as tx:
        records.check_within(tx, identifier, credential.remit)
        crossing = records.get(tx, identifier, 0)
        known = [each for each in revisions.all_of(tx, crossing) if as_of is None or each.known_from <= as_of]
        if not known:
            raise NotFound(f"No crossing {identifier} was known on {as_of}.")
        revision = known[-1]
        decisions = records.decisions_on(tx, identifier, records.NEWEST + 1, as_of=as_of, before=cursor)
        total = records.count_on(tx, identifier, as_of)
        # The place and the day of the revision that is shown.
        facts = records.facts_first_told(tx, identifier, revision.number, as_of)
        is_due = due.is_due(tx, identifier)
    looked(credential, "crossing", identifier)
    event = orjson.loads(revision.body)
    shown, following = decisions[: records.NEWEST], None
    if len(decisions) > len(shown):
        following = next_page(request, response, str(shown[-1].number))
    return {
        "crossing": crossing.id,
        "id": crossing.event_id,
        "source": crossing.source,
        "received_at": crossing.received_at,
        "occurred_at": event["occurred_at"],
        "date": facts.get("crossing.date", crossing.local_date),
        "checkpoint": event["checkpoint"],
        "jurisdiction": facts.get("checkpoint.state", crossing.jurisdiction),
        "revision": revision.number,
        "withdrawn": revision.withdrawn,
        "due": is_due and as_of is None,
        "revisions": [
            {"revision": each.number, "known_from": each.known_from, "reason": each.reason, "withdrawn": each.withdrawn}
            for each in known
        ],
        "event": event,
        "subjects": revision.subjects,
        "decisions": [_decision(each) for each in shown],
        "decisions_total": total,
        "next": following,
    }


def _decision(decision: records.Decision) -> dict[str, Any]:
    return {
        "decision": decision.id,
        "rulebook": decision.rulebook,
        "evaluated_at": decision.evaluated_at,
        "revision": decision.revision,
        "cause": decision.cause,
        "caused_by": decision.caused_by,
        "outcome": decision.outcome,
        "advice": decision.advice,
        "findings": [
            {
                "finding": found.id,
                "rule": found.rule,
                "version": found.version,
                "verdict": found.verdict,
                "severity": found.severity,
                "shadow": found.shadow,
                "subject": {"kind": found.subject_kind, "index": found.subject_position},
                "missing": list(found.missing),
                "explanation": found.explanation,
            }
            for found in decision.findings
        ],
        "facts": plain(decision.facts),
        "compliant": decision.compliant,
    }
