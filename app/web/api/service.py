"""`/healthz`, `/readyz`, `/metrics`, `/openapi.json`: how the service does, and what it can do."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from app.crossings.due import Backlog
from app.errors import Unavailable
from app.identity.roles import Permission
from app.web.api import schemas
from app.web.security import Actor, permitted
from app.web.services import Services, services_of

router = APIRouter(tags=["service"])


@router.get("/healthz", summary="The process is up", responses={503: {"description": "It should be restarted."}})
async def healthz(request: Request) -> JSONResponse:
    """Open to all. A process that can judge no event any more is to be restarted by its supervisor."""
    alive = services_of(request).pipeline.alive
    return JSONResponse({"status": "up" if alive else "cannot judge events"}, 200 if alive else 503)


@router.get(
    "/readyz", summary="Events can be taken", responses={503: {"description": "They cannot; the body says why."}}
)
def readyz(request: Request) -> JSONResponse:
    """Open to all. A stale rulebook does not stop the lanes, so it is told here and not by the status."""
    services = services_of(request)
    backlog = _backlog(services)
    ready = backlog is not None and services.pipeline.alive
    in_force = services.pipeline.in_force
    body = {
        "ready": ready,
        "database": "answers" if backlog else "does not answer",
        "pipeline": {"alive": services.pipeline.alive, "waiting": services.pipeline.waiting},
        "rederivation": {
            "waiting": backlog.waiting if backlog else None,
            "since": backlog.since.isoformat() if backlog and backlog.since else None,
            "faulty": backlog.faulty if backlog else None,
        },
        "rulebook": {
            "digest": in_force.rulebook.digest,
            "rules": len(in_force.rulebook.rules),
            "stale": bool(in_force.stale),
            "problems": [str(each) for each in in_force.stale],
        },
        **({"forwarding": {"alive": services.post.alive}} if services.post else {}),
        "backends": {"reference": "decides", "index": "nominates", "rete": services.pipeline.rete},
    }
    return JSONResponse(body, 200 if ready else 503)


@router.get(
    "/metrics",
    summary="Prometheus metrics",
    response_class=PlainTextResponse,
    responses=schemas.problems(401, 403),
)
async def metrics(
    request: Request, credential: Annotated[Actor, Depends(permitted(Permission.METRICS_READ))]
) -> Response:
    """In the text exposition format."""
    del credential
    return Response(services_of(request).metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/openapi.json", include_in_schema=False)
async def openapi(request: Request) -> Any:  # noqa: ANN401 (any JSON)
    """The description of this API, for whoever has a key."""
    await services_of(request).keyring.credential(request.headers.get("authorization"))
    return request.app.openapi()


def _backlog(services: Services) -> Backlog | None:
    """What waits to be judged again; None if the database does not answer."""
    try:
        return services.pipeline.backlog()
    except Unavailable:
        return None
