"""`POST /v1/manifests`, `GET /v1/manifests/{id}`: advance lists of passengers and crew."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from app.crossings import manifests
from app.errors import Forbidden
from app.evaluation.manifests import Taken, receive
from app.identity.roles import Permission
from app.storage.engine import reading
from app.vocabulary.paxlst import Leg, Manifest, parse
from app.web.api import body_schemas, schemas
from app.web.api.bodies import media_type, read_body
from app.web.problems import BadRequestError
from app.web.security import Actor, looked, permitted
from app.web.services import Services, services_of

router = APIRouter(prefix="/v1/manifests", tags=["manifests"])
_EDIFACT: Final = "application/edifact"
_TYPES: Final = frozenset({_EDIFACT, "text/plain", "application/octet-stream"})
# Flaws told of one message: hundreds of persons may have the same.
_SHOWN: Final = 100


@router.post(
    "",
    status_code=201,
    summary="Store a passenger or crew list",
    openapi_extra=body_schemas.LIST_BODY,
    responses={
        201: {"model": schemas.ManifestOut, "description": "The list is committed."},
        200: {"model": schemas.ManifestOut, "description": "The same list came again; `Idempotent-Replayed: true`."},
        **schemas.problems(400, 401, 403, 413, 415, 422, 503),
    },
)
async def post_manifest(
    request: Request,
    credential: Annotated[Actor, Depends(permitted(Permission.MANIFESTS_WRITE))],
    source: Annotated[
        str, Query(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}$", description="The sending system, as in events.")
    ],
) -> Response:
    """Flaws do not keep a list from being stored. Crossings of its voyages that are on record are judged again."""
    services = services_of(request)
    if not credential.may_send(source):
        raise Forbidden(f"This key may not send lists of {source}.")
    kind = media_type(request)
    if kind not in _TYPES and not kind.startswith(f"{_EDIFACT}-"):
        raise BadRequestError(415, f"Send the list as {_EDIFACT}, not as {kind or 'a body without a type'}.")
    body = await read_body(request, services.settings.max_body_bytes)
    # A list of ten thousand persons takes a second to read; other senders must not wait for it.
    taken, answer = await run_in_threadpool(_receive, services, body, source, credential.id)
    headers = {"Location": f"/v1/manifests/{taken.stored.id}"}
    if taken.replayed:
        headers["Idempotent-Replayed"] = "true"
    return Response(answer, 200 if taken.replayed else 201, headers, media_type="application/json")


def _receive(services: Services, body: bytes, source: str, credential: str) -> tuple[Taken, bytes]:
    taken = receive(services.database, body, source, credential, services.clock.now())
    services.pipeline.wake()
    return taken, _answer(taken.stored, taken.messages)


@router.get(
    "/{identifier}",
    summary="A passenger or crew list, without names",
    response_model=schemas.ManifestOut,
    responses=schemas.problems(401, 403, 404, 503),
)
def get_manifest(
    request: Request,
    identifier: str,
    credential: Annotated[Actor, Depends(permitted(Permission.CROSSINGS_READ))],
) -> Response:
    """As its sender was told."""
    with reading(services_of(request).database) as tx:
        stored = manifests.get(tx, identifier)
    looked(credential, "manifest", identifier)
    return Response(_answer(stored, parse(stored.body)), media_type="application/json")


def _answer(stored: manifests.Stored, messages: tuple[Manifest, ...]) -> bytes:
    answer = {
        "manifest": stored.id,
        "source": stored.source,
        "received_at": stored.received_at,
        "messages": [_message(each) for each in messages],
    }
    return orjson.dumps(answer)


def _message(message: Manifest) -> dict[str, Any]:
    return {
        "kind": message.kind,
        "function": message.function,
        "reference": message.access_reference,
        "prepared_at": _local(message.prepared_at),
        "release": message.release,
        "part": message.part,
        "whole": message.whole and message.counted,
        "legs": [_leg(each) for each in message.legs],
        "persons": len(message.persons),
        "crew": message.crew,
        "documents": len(message.document_keys),
        "flaws": [asdict(each) for each in message.flaws[:_SHOWN]],
        "flaws_total": len(message.flaws),
    }


def _leg(leg: Leg) -> dict[str, Any]:
    return {
        "voyage": leg.voyage,
        "departure_place": leg.departure_place,
        "departure_local": _local(leg.departure_local),
        "arrival_place": leg.arrival_place,
        "arrival_local": _local(leg.arrival_local),
        "crosses_border": leg.crosses_border,
    }


def _local(time: datetime | None) -> str | None:
    return time.isoformat(timespec="minutes") if time else None
