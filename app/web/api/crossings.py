"""`POST /v1/crossings`, `POST /v1/evaluate`, `GET /v1/crossings/{id}`."""

import asyncio
import time
from datetime import datetime, timedelta
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from app.crossings import records
from app.errors import Forbidden, Invalid, Problem
from app.evaluation.answer import unstored
from app.evaluation.record import Received
from app.facts.codec import plain
from app.identity.keys import Credential
from app.identity.roles import Permission
from app.storage.engine import reading
from app.vocabulary.wire import Crossing
from app.web.api import schemas
from app.web.api.bodies import event_of
from app.web.security import looked, permitted, require
from app.web.services import services_of

router = APIRouter(prefix="/v1", tags=["crossings"])
# Clocks of checkpoints are wrong by minutes; a day covers every mistake of a time zone too.
AHEAD = timedelta(days=1)
_REPLAYED = {"Idempotent-Replayed": "true"}


@router.post(
    "/crossings",
    status_code=201,
    summary="Store and judge one crossing event",
    openapi_extra=schemas.EVENT_BODY,
    responses={
        201: {"model": schemas.Answer, "description": "Event, decision and violations are committed."},
        200: {"model": schemas.Answer, "description": "The same event came again; `Idempotent-Replayed: true`."},
        **schemas.problems(400, 401, 403, 409, 413, 415, 422, 503),
    },
)
async def post_crossing(request: Request) -> Response:
    """Answered after the transaction is committed. Sending the same event again gives the same answer."""
    services = services_of(request)
    # Not by dependencies: this is the path every event takes, and solving them costs as much as storing it.
    credential = await require(request, Permission.CROSSINGS_WRITE)
    body = await event_of(request, services.settings.max_body_bytes)
    if not credential.may_send(body.event.source):
        raise Forbidden(f"This key may not send events of {body.event.source}.")
    began = time.perf_counter()
    now = services.clock.now()
    _check_clock(body.event, now)
    received = Received(body.content, body.digest, now, credential.id)
    stored = await asyncio.wrap_future(services.pipeline.ingest(body.event, received))
    services.metrics.seconds.observe(time.perf_counter() - began)
    services.metrics.stored(stored)
    headers = {"Location": f"/v1/crossings/{stored.crossing}"} | (_REPLAYED if stored.replayed else {})
    return Response(stored.answer, 200 if stored.replayed else 201, headers, media_type="application/json")


def _check_clock(event: Crossing, now: datetime) -> None:
    """Refuse what has not happened yet: judged by the law of a wrong day, it would accuse or clear without ground."""
    if event.occurred_at - now > AHEAD:
        problem = Problem(
            "/occurred_at", "lies more than a day ahead of the service's clock", f"it is {now.isoformat()}"
        )
        raise Invalid("The event has not happened yet; nothing was stored. Set the sender's clock.", [problem])


@router.post(
    "/evaluate",
    summary="Judge an event without storing anything",
    openapi_extra=schemas.EVENT_BODY,
    responses={200: {"model": schemas.Evaluated}, **schemas.problems(400, 401, 403, 413, 415, 422, 503)},
)
async def post_evaluate(
    request: Request,
    credential: Annotated[Credential, Depends(permitted(Permission.RULES_EVALUATE))],
    *,
    every: Annotated[
        bool, Query(alias="all", description="Give every rule's verdict, also compliant and not applicable.")
    ] = False,
) -> Response:
    """The same body and answer as a crossing, with the facts each subject was judged by."""
    services = services_of(request)
    body = await event_of(request, services.settings.max_body_bytes)
    looked(credential, "evaluation", f"{body.event.source}/{body.event.id}")
    decision = await asyncio.wrap_future(services.pipeline.evaluate(body.event, every=every))
    # A thousand persons make an answer that takes seconds to write; other senders must not wait for it.
    answer = await run_in_threadpool(unstored, decision, services.pipeline.in_force.rulebook, services.clock.now())
    return Response(await run_in_threadpool(orjson.dumps, answer), media_type="application/json")


@router.get(
    "/crossings/{identifier}",
    summary="A crossing as received, with what was decided",
    response_model=schemas.CrossingOut,
    responses=schemas.problems(401, 403, 404, 503),
)
def get_crossing(
    request: Request,
    identifier: str,
    credential: Annotated[Credential, Depends(permitted(Permission.CROSSINGS_READ))],
) -> Any:  # noqa: ANN401 (checked by the response model)
    """The event, its subjects, and each decision, newest first, with findings and their explanations."""
    with reading(services_of(request).database) as tx:
        crossing = records.get(tx, identifier)
    looked(credential, "crossing", identifier)
    return {
        "crossing": crossing.id,
        "id": crossing.event_id,
        "source": crossing.source,
        "received_at": crossing.received_at,
        "occurred_at": crossing.occurred_at,
        "date": crossing.local_date,
        "checkpoint": crossing.checkpoint,
        "jurisdiction": crossing.jurisdiction,
        "event": orjson.loads(crossing.body),
        "subjects": [
            {"kind": s.kind, "index": s.position, "key": s.key, "role": s.role, "country": s.country}
            for s in crossing.subjects
        ],
        "decisions": [_decision(each) for each in crossing.decisions],
    }


def _decision(decision: records.Decision) -> dict[str, Any]:
    return {
        "decision": decision.id,
        "rulebook": decision.rulebook,
        "evaluated_at": decision.evaluated_at,
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
