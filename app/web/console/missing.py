"""Missing papers: what cannot be told of a crossing until somebody asks for what is not known."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Annotated
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Query, Request, Response

from app.crossings import records
from app.storage.engine import reading
from app.violations import missing
from app.violations.missing import Undetermined
from app.web.console.pages import language_of, page
from app.web.console.queue import PAGE, Reader, checkpoint_named, checkpoints
from app.web.console.wording import Words
from app.web.looking import subject_named
from app.web.security import looked
from app.web.services import services_of

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Row:
    """A finding with the names of the fields that are missing."""

    finding: Undetermined
    name: str
    title: Mapping[str, str]
    checkpoint: str
    zone: tzinfo
    fields: list[str]


@dataclass(frozen=True, slots=True)
class Missing:
    """`checkpoints` are what can be chosen; `following` and `first` lead to other pages."""

    rows: tuple[Row, ...]
    rule: str
    checkpoint: str
    checkpoints: tuple[tuple[str, str], ...]
    following: str | None
    first: str | None


@router.get("/missing")
def get_missing(
    request: Request,
    user: Reader,
    rule: Annotated[str, Query(max_length=100)] = "",
    checkpoint: Annotated[str, Query(max_length=64)] = "",
    cursor: Annotated[str, Query(max_length=36)] = "",
) -> Response:
    services, rule = services_of(request), rule.strip().upper()
    tongue = language_of(request, user)
    rulebook = services.pipeline.in_force.rulebook
    with reading(services.database) as tx:
        found = missing.search(
            tx,
            remit=user.remit,
            rule=rule or None,
            checkpoint=checkpoint or None,
            limit=PAGE,
            cursor=cursor or None,
        )
        events = {
            each.id: orjson.loads(each.body) for each in records.many(tx, [each.crossing for each in found.items])
        }
    looked(user, "undetermined", *(each.crossing for each in found.items))
    rows = []
    for each in found.items:
        zone = services.zone_of(each.checkpoint)
        words = Words(tongue, each.subject_kind, rulebook, zone)
        title = rulebook.rules[each.rule].title if each.rule in rulebook.rules else {}
        names = [words.field(path) for path in each.missing]
        name = subject_named(events[each.crossing], each.subject_kind, each.subject_position)
        rows.append(Row(each, name, title, checkpoint_named(services, each.checkpoint), zone, names))
    asked = {name: value for name, value in {"rule": rule, "checkpoint": checkpoint}.items() if value}
    shown = Missing(
        tuple(rows),
        rule,
        checkpoint,
        checkpoints(services, user),
        f"/console/missing?{urlencode(asked | {'cursor': found.next})}" if found.next else None,
        f"/console/missing?{urlencode(asked)}" if cursor else None,
    )
    return page(request, user, "missing.html", shown)
