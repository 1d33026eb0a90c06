"""Webhooks: who is told of violations, and what became of it. For administrators without a remit.

A webhook knows no remit: whoever may make one is told of all checkpoints.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from app.errors import Forbidden
from app.identity.remit import EVERYWHERE
from app.identity.roles import Permission
from app.storage.engine import reading, transaction
from app.violations import webhooks
from app.violations.webhooks import Delivery, Webhook
from app.vocabulary.members import ShortText
from app.web.api import schemas
from app.web.api.bodies import asked_of
from app.web.paging import next_page
from app.web.security import Actor, permitted
from app.web.services import Services, services_of

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])


async def _everywhere(actor: Annotated[Actor, Depends(permitted(Permission.WEBHOOKS_MANAGE))]) -> Actor:
    if actor.remit != EVERYWHERE:
        raise Forbidden("A webhook is told of all checkpoints, and you work for some: an administrator of all may.")
    return actor


_Admin = Annotated[Actor, Depends(_everywhere)]


class Added(BaseModel):
    """Where to send, and of what; of an empty list, of all."""

    model_config = ConfigDict(extra="forbid", strict=True)

    url: Annotated[str, Field(min_length=1, max_length=2000)]
    jurisdictions: Annotated[list[ShortText], Field(max_length=100)] = []
    rules: Annotated[list[ShortText], Field(max_length=100)] = []


@router.get("", summary="Webhooks", response_model=schemas.Webhooks, responses=schemas.problems(401, 403, 503))
def get_webhooks(request: Request, actor: _Admin) -> Any:  # noqa: ANN401 (checked by the response model)
    """All that were not removed, without their secrets."""
    del actor
    with reading(services_of(request).database) as tx:
        return {"items": [_webhook(each) for each in webhooks.every(tx)]}


@router.post(
    "",
    status_code=201,
    summary="Have another system told of violations",
    response_model=schemas.WebhookMade,
    openapi_extra=schemas.body(Added, {"url": "https://other.example/gerege", "jurisdictions": ["RUS"]}),
    responses=schemas.problems(400, 401, 403, 413, 415, 422, 503),
)
async def post_webhook(request: Request, actor: _Admin) -> Any:  # noqa: ANN401 (checked by the response model)
    """The answer has the secret that what is sent is signed with (Standard Webhooks): it is seen now or never."""
    services = services_of(request)
    asked = await asked_of(request, services.settings.max_body_bytes, Added)
    made = await run_in_threadpool(_added, services, actor, asked)
    return _webhook(made) | {"secret": made.secret}


@router.delete(
    "/{identifier}",
    status_code=204,
    summary="Tell a system nothing more",
    responses=schemas.problems(401, 403, 404, 503),
)
def delete_webhook(request: Request, identifier: str, actor: _Admin) -> Response:
    """What still waits is not sent any more."""
    services = services_of(request)
    with transaction(services.database) as tx:
        webhooks.remove(tx, identifier, services.clock.now(), actor.id)
    return Response(status_code=204)


@router.get(
    "/{identifier}/deliveries",
    summary="What was sent to a webhook, or is to be",
    response_model=schemas.Deliveries,
    responses=schemas.problems(401, 403, 404, 422, 503),
)
def get_deliveries(
    request: Request,
    response: Response,
    identifier: str,
    actor: _Admin,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[ShortText | None, Query(description="From `next` of the page before.")] = None,
) -> Any:  # noqa: ANN401 (checked by the response model)
    """The newest first; those that ended are kept for 30 days."""
    del actor
    with reading(services_of(request).database) as tx:
        found = webhooks.deliveries(tx, identifier, limit + 1, cursor)
    following = next_page(request, response, found[limit - 1].id) if len(found) > limit else None
    return {"items": [_delivery(each) for each in found[:limit]], "next": following}


def _added(services: Services, actor: Actor, asked: Added) -> Webhook:
    now, rulebook = services.clock.now(), services.pipeline.in_force.rulebook
    with transaction(services.database) as tx:
        return webhooks.add(tx, asked.url, asked.jurisdictions, asked.rules, now, actor.id, rulebook)


def _webhook(each: Webhook) -> dict[str, Any]:
    return {
        "webhook": each.id,
        "url": each.url,
        "jurisdictions": list(each.jurisdictions),
        "rules": list(each.rules),
        "made_at": each.made_at,
        "made_by": each.made_by,
    }


def _delivery(each: Delivery) -> dict[str, Any]:
    return {
        "delivery": each.id,
        "violation": each.violation,
        "change": each.number,
        "state": each.state,
        "attempts": each.attempts,
        "answered": each.answered,
        "fault": each.fault,
        "made_at": each.made_at,
        "due_at": each.due_at if each.ended_at is None else None,
        "ended_at": each.ended_at,
    }
