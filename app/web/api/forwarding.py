"""`GET /v1/forwarding` of a post: how far the centre is behind, and what it decided otherwise."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Request

from app.identity.roles import Permission
from app.web.api import schemas
from app.web.security import Actor, looked, permitted
from app.web.services import services_of

router = APIRouter(prefix="/v1/forwarding", tags=["service"])


@router.get(
    "",
    summary="What the centre has not acknowledged, and what it says otherwise",
    responses=schemas.problems(401, 403, 503),
)
def get_forwarding(
    request: Request, credential: Annotated[Actor, Depends(permitted(Permission.CROSSINGS_WRITE))]
) -> dict[str, Any]:
    """The centre's decision is the one that counts. The post's own key is shown the newest hundred that differ."""
    services = services_of(request)
    assert services.post  # noqa: S101 (only posts have this route)
    state = services.post.state()
    told = {
        "waiting": state.lag.waiting,
        "since": state.lag.since,
        "lag_seconds": state.seconds(services.clock.now()),
        "set_aside": state.aside,
        "refused": state.lag.refused,
        "fault": state.fault,
        "rulebook": {"revision": state.revision, "refused": state.refused, "fault": state.rulebook_fault},
    }
    # A lane's key is for its own events, and these are all lanes'.
    if not credential.may(Permission.FORWARDING_READ):
        return told
    looked(credential, "forwarding", *(verdict.crossing for verdict, _, _ in state.differences))
    return told | {
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
        ]
    }
