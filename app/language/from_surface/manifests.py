"""Lists of passengers and crew that a case says are on record."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Final

import orjson
from pydantic import AwareDatetime, Field, NaiveDatetime, ValidationError

from app.language.diagnostics import Report
from app.language.from_surface.events import in_words, innermost
from app.language.from_surface.paths import plain
from app.language.from_surface.shapes import items, mapping
from app.language.surface import Node
from app.vocabulary.listed import Listed, days
from app.vocabulary.members import ShortText, Strict
from app.vocabulary.voyages import normalised

_LOCAL: Final = frozenset({"departs_at", "arrives_at", "prepared_at"})
_NO_LOCAL_TIME: Final = ("this is no local time", "Write YYYY-MM-DDThh:mm, without an offset")


class _Kind(StrEnum):
    PASSENGER_LIST = "passenger_list"
    CREW_LIST = "crew_list"


class _List(Strict):
    """A whole list; times but that of receipt are local. `persons` are as many as have documents where not given."""

    kind: _Kind
    voyage: ShortText
    received_at: AwareDatetime
    departs_at: NaiveDatetime | None = None
    arrives_at: NaiveDatetime | None = None
    prepared_at: NaiveDatetime | None = None
    documents: list[ShortText] = Field([])
    persons: Annotated[int, Field(ge=0, le=32_000)] | None = None


def manifests(node: Node | None, report: Report) -> Iterator[Listed]:
    """The lists that could be read."""
    for item in items(node, "manifests", report):
        entry = mapping(item, "a manifest", report, optional=None)
        try:
            if entry:
                yield _listed(_List.model_validate_json(orjson.dumps(plain(entry))))
        except ValidationError as error:
            for fault in error.errors(include_url=False):
                steps = list(map(str, fault["loc"]))
                message, hint = _NO_LOCAL_TIME if _LOCAL & set(steps) else in_words(fault)
                path = ".".join(steps) or "its top"
                at = innermost(item, steps, item.at)
                report.error(at, "bad-manifest", f"the list is not valid at {path}: {message}", hint)


def _listed(said: _List) -> Listed:
    departure, arrival = days(said.departs_at, said.arrives_at, said.prepared_at, said.received_at)
    persons = len(said.documents) if said.persons is None else said.persons
    return Listed(
        kind=said.kind.value,
        voyage=normalised(said.voyage),
        received_at=said.received_at,
        departure_day=departure,
        arrival_day=arrival,
        departure_local=said.departs_at,
        arrival_local=said.arrives_at,
        prepared_at=said.prepared_at,
        persons=persons,
        crew=persons if said.kind is _Kind.CREW_LIST else 0,
        documents=tuple(sorted(set(said.documents))),
    )
