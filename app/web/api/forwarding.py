"""`GET /v1/forwarding` of a post: how far the centre is behind, and what it decided otherwise."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Request

from app.identity.keys import Credential
from app.identity.roles import Permission
from app.web.api import schemas
from app.web.security import permitted
from app.web.services import services_of

router = APIRouter(prefix="/v1/forwarding", tags=["service"])


@router.get(
    "",
    summary="What the centre has not acknowledged, and what it says otherwise",
    responses=schemas.problems(401, 403, 503),
)
def get_forwarding(
    request: Request, credential: Annotated[Credential, Depends(permitted(Permission.CROSSINGS_WRITE))]
) -> dict[str, Any]:
    """The centre's decision is the one that counts; the newest hundred that differ are here."""
    del credential
    services = services_of(request)
    assert services.post  # noqa: S101 (only posts have this route)
    state = services.post.state()
    return {
        "waiting": state.lag.waiting,
        "since": state.lag.since,
        "lag_seconds": state.seconds(services.clock.now()),
        "fault": state.fault,
        "rulebook": {"revision": state.revision, "refused": state.refused},
        "differences": [
            {
                "source": source,
                "id": event_id,
                "crossing": verdict.crossing,
                "at": verdict.at,
                "status": verdict.status,
                "centre": orjson.loads(verdict.answer),
            }
            for verdict, source, event_id in state.differences
        ],
    }
